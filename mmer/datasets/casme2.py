"""CASME II (Yan et al., PLoS ONE 9(1), e86041, 2014, doi 10.1371/journal.pone.0086041)."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mmer.datasets.clip_folders import corpus_root
from mmer.datasets.coding import coded_clips, objective_class
from mmer.datasets.table import Row, find_table, read_table
from mmer.types.errors import InputError

COLUMNS = {
    "subject": "Subject",
    "clip": "Filename",
    "onset": "OnsetFrame",
    "apex": "ApexFrame",
    "offset": "OffsetFrame",
    "action_units": "Action Units",
    "emotion": "Estimated Emotion",
}
OBJECTIVE = {"subject": "Subject", "clip": "Filename", "objective_class": "Objective Class"}


@dataclass(frozen=True)
class Casme2:
    """255 clips of 26 subjects, 200 frames per second, 640x480 pixels, as the released workbook lists them.

    The frame numbers are those of the raw recordings and stand unpadded in the file names (``img46.jpg``,
    ``reg_img46.jpg``). Third-party folders sorted by emotion are often wrong, so nothing is read from folder names.

    Parameters
    ----------
    name : str
        Written in front of every id.
    root : str
        Folder of the corpus.
    fps : float
        Hertz.
    workbook : tuple of str
        Names of the annotation file, ``*`` allowed, in order of preference.
    sheet : str
        The workbook's other sheets are empty.
    objective : str
        Workbook with the objective classes, a file of its own in the release; not required.
    frames : tuple of str
        Folders that may hold the frames, in order of preference; found in any case.
    tracks : str
        Folder with tracks that come with the data, ``<tracks>/sub01/EP02_01f.parquet``; not required.
    exclude : tuple of str
        Clip ids to leave out.
    """

    name: str = "casme2"
    root: str = "data/casme2"
    fps: float = 200.0
    workbook: tuple[str, ...] = ("CASME2-coding-20140508.xlsx", "CASME2-coding*.xlsx")
    sheet: str = "Sheet1"
    objective: str = "CASME2-ObjectiveClasses.xlsx"
    frames: tuple[str, ...] = ("CASME2_RAW_selected", "Cropped")
    tracks: str = "tracks"
    exclude: tuple[str, ...] = ()

    def annotations(self) -> list[Path]:
        """Name the workbook, and that of the objective classes where it is there."""
        root = corpus_root(self.name, self.root)
        objective = root / self.objective
        return [find_table(root, self.workbook, self.name), *([objective] if objective.is_file() else [])]

    def clips(self) -> pd.DataFrame:
        """Read the workbook and find the frames.

        Raises
        ------
        InputError
            Something is missing or contradicts itself; the message names file and cell, or the clips concerned.
        """
        root = corpus_root(self.name, self.root)
        table = read_table(find_table(root, self.workbook, self.name), self.sheet, COLUMNS)
        objective = self._objective(root)
        return coded_clips(
            table,
            self.name,
            root,
            self.fps,
            self.frames,
            self.tracks,
            self.exclude,
            subject_of=_subject,
            objective_of=lambda row: objective.get((_subject(row), row.text("clip"))),
        )

    def _objective(self, root: Path) -> dict[tuple[str, str], str | None]:
        """Read the objective classes by (subject, clip); empty where the file is not there."""
        if not (path := root / self.objective).is_file():
            return {}
        classes: dict[tuple[str, str], str | None] = {}
        for row in read_table(path, self.sheet, OBJECTIVE).rows:
            key, value = (_subject(row), row.text("clip")), objective_class(row)
            if classes.setdefault(key, value) != value:
                raise InputError(f"{row.place('objective_class')}: {'/'.join(key)} has another class further up")
        return classes


def _subject(row: Row) -> str:
    return "sub" + row.digits("subject", 2, prefix="sub")
