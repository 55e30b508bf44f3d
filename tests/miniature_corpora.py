"""Write miniature releases with invented rows, in the corpora's own layouts."""

import zipfile
from pathlib import Path

import cv2
import numpy as np
import openpyxl

CASME2_HEADER = (
    *("Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None),
    *("Action Units", "Estimated Emotion"),
)
SAMM_HEADER = (
    *("Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame", "Duration", "Micro"),
    *("Action Units", "Estimated Emotion", "Objective Classes", "Notes"),
)
CASME2_ROWS = [
    ("01", "EP02_01f", None, 46, 50, 56, None, 12, "happiness"),
    ("01", "EP03_2", None, 98, 101, 106, None, "4+L10", "disgust"),
    ("02", "EP01_11f", None, 8, "/", 12, None, "?", "others"),
]
SAMM_ROWS = [
    ("006", "006_1_2", 1, 995, 1001, 1005, 11, "Micro - 1/2", "4+7", "Anger", "III", None),
    ("007", "007_5_3", 5, 96, 99, 104, 9, "Micro - 1/2", "ref(7B)+R12A", "Happiness", "I", "blink"),
]
PICTURE = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()


def write_workbook(path: Path, sheets: dict[str, list[tuple]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)


def write_pictures(folder: Path, first: int, last: int, name: str = "img{}.png", lacking: tuple[int, ...] = ()) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, last + 1):
        if number not in lacking:
            (folder / name.format(number)).write_bytes(PICTURE)


def zip_subject(folder: Path, inner: str = "") -> None:
    """Put a subject's folder into an archive beside it, and remove it."""
    with zipfile.ZipFile(folder.parent / f"{folder.name}.zip", "w") as archive:
        for path in sorted(folder.rglob("*.*")):
            archive.write(path, inner + path.relative_to(folder).as_posix())
            path.unlink()
    for clip in folder.iterdir():
        clip.rmdir()
    folder.rmdir()


def write_casme2(root, rows=CASME2_ROWS, header=CASME2_HEADER, frames="CASME2_RAW_selected", pictures=True):
    """Write a miniature CASME II and return its root."""
    write_workbook(root / "CASME2-coding-20140508.xlsx", {"Sheet1": [header, *rows], "Sheet2": [], "Sheet3": []})
    for row in rows if pictures else ():
        if isinstance(row[3], int) and isinstance(row[5], int):
            write_pictures(root / frames / f"sub{row[0]}" / row[1], row[3], row[5])
    return root


def write_samm(root, rows=SAMM_ROWS, preamble=13, header=SAMM_HEADER):
    """Write a miniature SAMM and return its root."""
    above = [(f"line {number}",) if number % 3 else () for number in range(preamble)]
    write_workbook(root / "SAMM_Micro_FACS_Codes_v2.xlsx", {"MICRO_ONLY": [*above, header, *rows]})
    for at, row in enumerate(rows):
        name = row[0] + ("_{:05d}.png" if at % 2 else "_{}.png")  # the padding varies per clip
        write_pictures(root / row[0] / row[1], row[3], row[5], name)
    return root


def write_manifest(root, text):
    """Write a manifest, a folder of pictures 1..9 and a video of 12 frames, and return the root."""
    write_pictures(root / "pictures" / "a", 1, 9)
    (root / "videos").mkdir(exist_ok=True)
    writer = cv2.VideoWriter(str(root / "videos" / "a.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 25, (32, 32))
    for shade in range(12):
        writer.write(np.full((32, 32, 3), shade * 20, np.uint8))
    writer.release()
    (root / "manifest.csv").write_text(text, encoding="utf-8")
    return root
