"""MMEW (Ben et al., IEEE Transactions on Pattern Analysis and Machine Intelligence 44(9), 2022)."""

import logging
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pandas as pd

from mmer.datasets.clip_folders import corpus_root
from mmer.datasets.coding import coded_clips, marks
from mmer.datasets.table import Row, Table
from mmer.datasets.versions import Version, recognise
from mmer.types.errors import InputError, listing

COLUMNS = {
    "subject": "Subject",
    "clip": "Filename",
    "onset": "OnsetFrame",
    "apex": "ApexFrame",
    "offset": "OffsetFrame",
    "action_units": "Action Units",
    "emotion": "Estimated Emotion",
}
WORDS = {"happiness": 36, "anger": 8, "surprise": 89, "disgust": 72, "fear": 16, "sadness": 13, "others": 66}
UNMARKED = ("", "/", "?", "-")
NAME = re.compile(r"s?(\d+)-\d+-\d+", re.ASCII | re.IGNORECASE)  # person, emotion, sample
PERSON = re.compile(r"s?(\d+)", re.ASCII | re.IGNORECASE)

log = logging.getLogger("mmer")


@dataclass(frozen=True)
class Mmew:
    """300 micro-expressions of 36 subjects, 90 frames per second, published as crops of the face, 231x231 pixels.

    Frames are numbered from 1 in every clip, so onset is 1 and offset the last frame. In sixteen rows of the workbook
    apex or offset do not fit the folder: an offset that is missing or behind the last frame is that frame, with a
    warning; an apex that is none becomes null. The macro-expressions of the corpus are single pictures and no clips;
    they are not read.

    Parameters
    ----------
    name : str
        Written in front of every id.
    root : str
        Folder of the corpus.
    fps : float
        Hertz.
    workbook : tuple of str
        Names of the annotation file, ``*`` allowed, where another than the known ones is to be read.
    frames : tuple of str
        Folders that may hold the frames, ``.`` for root itself, in order of preference; found in any case. In them lie
        folders by emotion (``disgust/S03-01-002``), by subject and emotion, or an archive per subject.
    folders : dict of str to str
        Emotion word of the workbook -> folder, where that has another name.
    tracks : str
        Folder with tracks that come with the data, ``<tracks>/S03/S03-01-002.parquet``; not required.
    errata : list of dict
        Corrections of single cells: clip_id, column, was, now, source.
    exclude : tuple of str
        Clip ids to leave out.
    """

    name: str = "mmew"
    root: str = "data/mmew"
    fps: float = 90.0
    workbook: tuple[str, ...] = ()
    frames: tuple[str, ...] = ("MMEW_Final/Micro_Expression", "Micro_Expression", "MMEW_Final", ".")
    folders: dict[str, str] = field(default_factory=lambda: {"others": "repression"}, hash=False)
    tracks: str = "tracks"
    errata: tuple[dict[str, str], ...] = field(default=(), hash=False)
    exclude: tuple[str, ...] = ()

    versions: ClassVar[tuple[Version, ...]] = (
        Version(
            name="1",
            files=("MMEW_Micro_Exp.xlsx", "MMEW_Micro_Exp (*).xlsx"),
            sheet=None,
            columns=COLUMNS,
            rows=300,
            subjects=36,
            words=WORDS,
            note="the folder of others is called repression; in 16 rows apex or offset do not fit the folder",
        ),
        Version("2", ("MMEW_Micro_Exp_v2.xlsx",), None, COLUMNS, note="its counts are not known"),
    )

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
        _compare_people(self.name, table)
        return coded_clips(
            table,
            self,
            subject_of=_subject,
            objective_of=lambda row: None,
            version=version,
            places_of=self._places,
            marks_of=_marks,
            clamp=True,
        )

    def _places(self, row: Row, subject: str, clip: str) -> tuple[str, ...]:
        """Name the folders in which a clip may lie; which of them it is in says nothing about its emotion."""
        word = row.filename("emotion").casefold()
        folders = dict.fromkeys((self.folders.get(word, word), word))
        return (
            *(f"{folder}/{clip}" for folder in folders),
            *(f"{subject}/{folder}/{clip}" for folder in folders),
            f"{subject}/{clip}",
        )


def _subject(row: Row) -> str:
    return "S" + row.digits("subject", 2, prefix="s")


def _marks(row: Row, clip_id: str) -> tuple[int, int | None, int | None]:
    """Read the marks; without an offset the clip ends where its folder does."""
    if row.text("offset", required=False) not in (*UNMARKED, "0"):
        return marks(row, clip_id)
    log.warning("%s: no offset; the last frame of its folder is taken (%s)", clip_id, row.place("offset"))
    onset, apex = row.whole("onset", missing=()), row.whole("apex", missing=UNMARKED)
    return onset, apex if apex is not None and apex >= onset else None, None


def _compare_people(name: str, table: Table) -> None:
    """Warn where the name of a clip tells of another person than its row does; the row counts.

    Raises
    ------
    InputError
        No clip has a name of this corpus: CASME II has the same columns.
    """
    names = {row.number: row.text("clip", required=False) for row in table.rows}
    if names and not any(NAME.fullmatch(clip) for clip in names.values()):
        raise InputError(
            f"dataset {name}: no clip of {table.path} is named like S03-01-002, but {listing(names.values(), 3)}; it "
            "is that of another corpus. Put that of MMEW there, or name it under `workbook` of the dataset's yaml"
        )
    wrong = []
    for row in table.rows:
        # Cells that are no name or no number are refused later, all at once.
        named, person = NAME.fullmatch(names[row.number]), PERSON.fullmatch(row.text("subject", required=False))
        if named and person and int(named[1]) != int(person[1]):
            wrong.append(f"{names[row.number]} ({_subject(row)})")
    if wrong:
        log.warning("dataset %s: %d clip(s) are named after another person: %s", name, len(wrong), listing(wrong))
