"""Miniature releases on disk, one fixture per corpus: a function that writes it and returns its root."""

import cv2
import numpy as np
import pytest
from miniature_corpora import (
    CASME2_HEADER,
    CASME2_ROWS,
    SAMM_HEADER,
    SAMM_ROWS,
    write_pictures,
    write_workbook,
)


@pytest.fixture
def casme2(tmp_path):
    """A function that writes a miniature CASME II and returns its root."""

    def write(rows=CASME2_ROWS, header=CASME2_HEADER, frames="CASME2_RAW_selected", pictures=True):
        write_workbook(
            tmp_path / "CASME2-coding-20140508.xlsx", {"Sheet1": [header, *rows], "Sheet2": [], "Sheet3": []}
        )
        for row in rows if pictures else ():
            if isinstance(row[3], int) and isinstance(row[5], int):
                write_pictures(tmp_path / frames / f"sub{row[0]}" / row[1], row[3], row[5])
        return tmp_path

    return write


@pytest.fixture
def samm(tmp_path):
    """A function that writes a miniature SAMM and returns its root."""

    def write(rows=SAMM_ROWS, preamble=13, header=SAMM_HEADER):
        above = [(f"line {number}",) if number % 3 else () for number in range(preamble)]
        write_workbook(tmp_path / "SAMM_Micro_FACS_Codes_v2.xlsx", {"MICRO_ONLY": [*above, header, *rows]})
        for at, row in enumerate(rows):
            name = row[0] + ("_{:05d}.png" if at % 2 else "_{}.png")  # the padding varies per clip
            write_pictures(tmp_path / row[0] / row[1], row[3], row[5], name)
        return tmp_path

    return write


@pytest.fixture
def manifest(tmp_path):
    """A function that writes a manifest, a folder of pictures 1..9 and a video of 12 frames, and returns the root."""

    def write(text):
        write_pictures(tmp_path / "pictures" / "a", 1, 9)
        (tmp_path / "videos").mkdir(exist_ok=True)
        writer = cv2.VideoWriter(str(tmp_path / "videos" / "a.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 25, (32, 32))
        for shade in range(12):
            writer.write(np.full((32, 32, 3), shade * 20, np.uint8))
        writer.release()
        (tmp_path / "manifest.csv").write_text(text, encoding="utf-8")
        return tmp_path

    return write
