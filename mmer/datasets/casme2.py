"""CASME II (Yan et al., PLoS ONE 9(1), e86041, 2014, doi 10.1371/journal.pone.0086041)."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pandas as pd

from mmer.datasets.clip_folders import corpus_root
from mmer.datasets.coding import coded_clips, objective_class
from mmer.datasets.table import Row, read_table
from mmer.datasets.versions import Version, recognise, tables
from mmer.types.errors import InputError
from mmer.types.gathering import separable

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
WORDS = {"others": 99, "disgust": 63, "happiness": 32, "repression": 27, "surprise": 25, "sadness": 7, "fear": 2}
CLASSES = {"I": 25, "II": 15, "III": 99, "IV": 26, "V": 20, "VI": 1, "VII": 69}
VERSIONS = (
    Version(
        "2014-05-08",
        ("CASME2-coding-20140508.xlsx",),
        "Sheet1",
        COLUMNS,
        rows=255,
        subjects=26,
        words=WORDS,
        objective=CLASSES,
        note="one apex is '/', five action units are '?', the apex of five clips is their onset or offset",
    ),
    Version("2019-07-01", ("CASME2-coding-20190701.xlsx",), "Sheet1", COLUMNS, note="its counts are not known"),
    Version(
        "updated",
        ("CASME2-coding-updated.xlsx",),
        "Sheet1",
        COLUMNS,
        rows=256,
        subjects=26,
        words={**WORDS, "disgust": 64},
        note="has sub24/EP02_07 too, and other onsets, apexes or offsets in some 20 rows",
    ),
    Version("label-2", ("CASME2_label_Ver_2.xls",), None, COLUMNS, note="its counts are not known"),
    Version(
        "unknown", ("CASME2-coding*.xlsx", "CASME2_label*.xls"), "Sheet1", COLUMNS, note="a version mmer does not know"
    ),
)


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
        Name of the annotation file, ``*`` allowed, where it is not one of ``versions``.
    objective : str
        Workbook with the objective classes, a file of its own in the release; not required.
    frames : tuple of str
        Folders that may hold the frames, in order of preference; found in any case.
    tracks : str
        Folder with tracks that come with the data, ``<tracks>/sub01/EP02_01f.parquet``; not required.
    exclude : tuple of str
        Clip ids to leave out.
    errata : tuple of mappings
        Cells to correct: clip_id, column, was, now, source (see ``mmer.datasets.errata``).
    """

    versions: ClassVar[tuple[Version, ...]] = VERSIONS

    name: str = "casme2"
    root: str = "data/casme2"
    fps: float = 200.0
    workbook: tuple[str, ...] = ()
    objective: str = "CASME2-ObjectiveClasses.xlsx"
    frames: tuple[str, ...] = ("CASME2_RAW_selected", "Cropped")
    tracks: str = "tracks"
    exclude: tuple[str, ...] = ()
    errata: tuple[dict[str, str], ...] = field(default=(), hash=False)  # compared, but a dict has no hash

    def annotations(self) -> list[Path]:
        """Name the workbook, and that of the objective classes where it is there."""
        root = corpus_root(self.name, self.root)
        path = recognise(root, self.name, self.versions, self.workbook)[1]
        return [path, *self._objective_file(root)]

    def clips(self) -> pd.DataFrame:
        """Read the workbook and find the frames.

        Raises
        ------
        InputError
            Something is missing or contradicts itself; the message names file and cell, or the clips concerned.
        """
        root = corpus_root(self.name, self.root)
        version, _, table = recognise(root, self.name, self.versions, self.workbook)
        objective = self._objective(root)
        return coded_clips(
            table,
            self,
            subject_of=_subject,
            objective_of=lambda row: objective.get((_subject(row), row.text("clip"))),
            version=version,
        )

    def _objective_file(self, root: Path) -> list[Path]:
        """Name the workbook of the objective classes, where it is there."""
        return [path for path in tables(root) if path.name.casefold() == self.objective.casefold()][:1]

    def _objective(self, root: Path) -> dict[tuple[str, str], str | None]:
        """Read the objective classes by (subject, clip); empty where the file is not there."""
        classes: dict[tuple[str, str], str | None] = {}
        # The second sheet holds leftovers without a header.
        for row in (row for path in self._objective_file(root) for row in read_table(path, "Sheet1", OBJECTIVE).rows):
            with separable("row"):
                key, value = (_subject(row), row.text("clip")), objective_class(row)
                if classes.setdefault(key, value) != value:
                    raise InputError(f"{row.place('objective_class')}: {'/'.join(key)} has another class further up")
        return classes


def _subject(row: Row) -> str:
    return "sub" + row.digits("subject", 2, prefix="sub")
