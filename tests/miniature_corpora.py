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
