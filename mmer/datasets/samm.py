"""SAMM (Davison et al., IEEE Transactions on Affective Computing 9(1), 2018, doi 10.1109/TAFFC.2016.2573832)."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pandas as pd

from mmer.datasets.clip_folders import corpus_root
from mmer.datasets.coding import coded_clips, objective_class
from mmer.datasets.table import Row, Table
from mmer.datasets.versions import Version, recognise
from mmer.types.errors import listing

COLUMNS = {
    "subject": "Subject",
    "clip": "Filename",
    "onset": "Onset Frame",
    "apex": "Apex Frame",
    "offset": "Offset Frame",
    "action_units": "Action Units",
    "emotion": "Estimated Emotion",
    "objective_class": "Objective Classes",
}
OPTIONAL = {"duration": "Duration"}
NOTE = "some copies have a wrong offset of 013_1_9 and an apex outside 028_4_1, 032_3_1 and 032_3_2"
COUNTS = {
    "rows": 159,
    "subjects": 29,
    "words": {
        **{"Anger": 57, "Other": 26, "Happiness": 26, "Surprise": 15, "Contempt": 12, "Disgust": 9, "Fear": 8},
        "Sadness": 6,
    },
    "objective": {"I": 24, "II": 13, "III": 20, "IV": 8, "V": 3, "VI": 7, "VII": 84},
    "optional": OPTIONAL,
}
VERSIONS = (
    Version("2", ("SAMM_Micro_FACS_Codes_v2.xlsx",), "MICRO_ONLY", COLUMNS, note=NOTE, **COUNTS),
    Version("2 of 2018-12-15", ("SAMM_20181215_Micro_FACS_Codes_v2.xlsx",), "MICRO_ONLY", COLUMNS, note=NOTE, **COUNTS),
    Version(
        "unknown",
        ("SAMM*Micro_FACS_Codes*.xlsx",),
        "MICRO_ONLY",
        COLUMNS,
        note="a version mmer does not know",
        optional=OPTIONAL,
    ),
)

log = logging.getLogger("mmer")


@dataclass(frozen=True)
class Samm:
    """159 micro-expressions of 29 subjects, 200 frames per second, greyscale, as the FACS workbook lists them.

    The header stands below thirteen rows of text, or on top where somebody deleted these. Frame numbers are those of
    the recordings; their padding in the file names varies per clip (``006_05562.jpg``).

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
    frames : tuple of str
        Folders that may hold the frames, ``.`` for root itself, in order of preference; found in any case.
    tracks : str
        Folder with tracks that come with the data, ``<tracks>/006/006_1_2.parquet``; not required.
    exclude : tuple of str
        Clip ids to leave out.
    errata : tuple of mappings
        Cells to correct: clip_id, column, was, now, source (see ``mmer.datasets.errata``).
    """

    versions: ClassVar[tuple[Version, ...]] = VERSIONS

    name: str = "samm"
    root: str = "data/samm"
    fps: float = 200.0
    workbook: tuple[str, ...] = ()
    frames: tuple[str, ...] = (".", "SAMM")
    tracks: str = "tracks"
    exclude: tuple[str, ...] = ()
    errata: tuple[dict[str, str], ...] = field(default=(), hash=False)  # compared, but a dict has no hash

    def annotations(self) -> list[Path]:
        """Name the workbook."""
        return [recognise(corpus_root(self.name, self.root), self.name, self.versions, self.workbook)[1]]

    def clips(self) -> pd.DataFrame:
        """Read the workbook and find the frames.

        Raises
        ------
        InputError
            Something is missing or contradicts itself; the message names file and cell, or the clips concerned.
        """
        root = corpus_root(self.name, self.root)
        version, _, table = recognise(root, self.name, self.versions, self.workbook)
        _compare_durations(table)
        return coded_clips(
            table,
            self,
            subject_of=_subject,
            objective_of=objective_class,
            version=version,
        )


def _subject(row: Row) -> str:
    return row.digits("subject", 3)


def _compare_durations(table: Table) -> None:
    """Warn where the stated duration is not that of onset..offset: some copies of the file have a wrong offset."""
    wrong = []
    for row in table.rows:
        stated = row.text("duration", required=False)
        onset, offset = (row.text(mark, required=False) for mark in ("onset", "offset"))
        whole = all(text.isdecimal() for text in (stated, onset, offset))
        if whole and int(stated) != int(offset) - int(onset) + 1:
            wrong.append(f"{row.text('clip', required=False)} ({onset}..{offset}, stated {stated})")
    if wrong:
        log.warning("%s: Duration differs from onset..offset in %d row(s): %s", table.path, len(wrong), listing(wrong))
