"""SAMM (Davison et al., IEEE Transactions on Affective Computing 9(1), 2018, doi 10.1109/TAFFC.2016.2573832)."""

import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mmer.datasets.clip_folders import corpus_root
from mmer.datasets.coding import coded_clips, objective_class
from mmer.datasets.table import Row, Table, find_table, read_table
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
        Names of the annotation file, ``*`` allowed, in order of preference.
    sheet : str
        Not looked at in a csv file.
    frames : tuple of str
        Folders that may hold the frames, ``.`` for root itself, in order of preference; found in any case.
    tracks : str
        Folder with tracks that come with the data, ``<tracks>/006/006_1_2.parquet``; not required.
    exclude : tuple of str
        Clip ids to leave out.
    """

    name: str = "samm"
    root: str = "data/samm"
    fps: float = 200.0
    workbook: tuple[str, ...] = ("SAMM_Micro_FACS_Codes_v2.xlsx", "SAMM*Micro_FACS_Codes*.xlsx")
    sheet: str = "MICRO_ONLY"
    frames: tuple[str, ...] = (".", "SAMM")
    tracks: str = "tracks"
    exclude: tuple[str, ...] = ()

    def annotations(self) -> list[Path]:
        """Name the workbook."""
        return [find_table(corpus_root(self.name, self.root), self.workbook, self.name)]

    def clips(self) -> pd.DataFrame:
        """Read the workbook and find the frames.

        Raises
        ------
        InputError
            Something is missing or contradicts itself; the message names file and cell, or the clips concerned.
        """
        root = corpus_root(self.name, self.root)
        table = read_table(find_table(root, self.workbook, self.name), self.sheet, COLUMNS, OPTIONAL)
        _compare_durations(table)
        return coded_clips(
            table,
            self.name,
            root,
            self.fps,
            self.frames,
            self.tracks,
            self.exclude,
            subject_of=_subject,
            objective_of=objective_class,
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
            wrong.append(f"{row.text('clip')} ({onset}..{offset}, stated {stated})")
    if wrong:
        log.warning("%s: Duration differs from onset..offset in %d row(s): %s", table.path, len(wrong), listing(wrong))
