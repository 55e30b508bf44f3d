"""SAMM Long Videos (Yap, Kendrick and Yap, IEEE FG 2020, doi 10.1109/FG47880.2020.00029)."""

import logging
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import pandas as pd

from mmer.datasets.clip_folders import corpus_root
from mmer.datasets.coding import coded_clips, marks
from mmer.datasets.table import Row, Table
from mmer.datasets.versions import Version, recognise
from mmer.types.errors import InputError, listing, nearest
from mmer.types.gathering import separable

COLUMNS = {
    "subject": "Subject",
    "clip": "Filename",
    "onset": "Onset",
    "apex": "Apex",
    "offset": "Offset",
    "emotion": "Type",
    "action_units": "Action Units",
}
LETTERS = dict(zip(COLUMNS, "ABDEFHI", strict=True))
TYPES = ("Macro", "Micro - 1/2")
COUNTS = {"Macro": 343, "Micro - 1/2": 159}
UNMARKED = ("", "0", "0.0", "/", "?", "-")

log = logging.getLogger("mmer")


@dataclass(frozen=True)
class SammLong:
    """502 expressions in 147 videos of 30 subjects, 200 frames per second, greyscale: 343 macro and 159 micro.

    A clip is an interval of a video here: several clips have the same ``frames`` and other onsets, and protocols keep
    them on one side of every fold. The file states no emotion; the word of a clip is the type of its expression. In
    some rows the onset or the offset is 0, which says that it is not marked: then the clip begins or ends at the apex,
    with a warning. An offset behind the last frame of the video is that frame. Intervals that begin with their video
    (onset 1) are left as they are.

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
    types : tuple of str
        Which expressions become clips: ``Macro``, ``Micro - 1/2``.
    frames : tuple of str
        Folders that may hold the videos' frames, ``.`` for root itself, in order of preference; found in any case.
    tracks : str
        Folder with tracks that come with the data, ``<tracks>/006/006_1_2.parquet``; not required.
    errata : list of dict
        Corrections of single cells: clip_id, column, was, now, source.
    exclude : tuple of str
        Clip ids to leave out.

    Raises
    ------
    InputError
        ``types`` is empty or names no type of the file.
    """

    name: str = "samm_long"
    root: str = "data/samm_long"
    fps: float = 200.0
    workbook: tuple[str, ...] = ()
    types: tuple[str, ...] = TYPES
    frames: tuple[str, ...] = ("SAMM_longvideos", ".")
    tracks: str = "tracks"
    errata: tuple[dict[str, str], ...] = field(default=(), hash=False)
    exclude: tuple[str, ...] = ()

    versions: ClassVar[tuple[Version, ...]] = (
        *(
            Version(
                name=str(number),
                files=(f"SAMM_LongVideos_V{number}_Release.xlsx",),
                sheet=None,
                columns=COLUMNS,
                rows=502,
                words=COUNTS,
                note="an onset or offset of 0 is not marked; two intervals end behind their video",
            )
            for number in (3, 2, 1)
        ),
        Version(
            name="without a header",
            files=tuple(f"SAMM_LongVideos_V{number}_Release.xlsx" for number in (3, 2, 1)),
            sheet=None,
            columns=LETTERS,
            rows=502,
            words=COUNTS,
            note="ten rows of text above the first expression, and no names of columns",
            top=10,
        ),
    )

    def __post_init__(self) -> None:
        for word in self.types:
            if word not in TYPES:
                raise InputError(f"dataset {self.name}: `types` names {word!r}; {nearest(word, TYPES)}")
        if not self.types:
            raise InputError(f"dataset {self.name}: `types` names no type; valid: {', '.join(TYPES)}")

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
        chosen = self._chosen(table)
        return coded_clips(
            chosen,
            self,
            subject_of=_subject,
            objective_of=lambda row: None,
            # Of a part of the file the counts of the whole say nothing.
            version=version if len(chosen.rows) == len(table.rows) else None,
            places_of=lambda row, subject, clip: (_video(row), f"{subject}/{_video(row)}"),
            marks_of=_marks,
            clamp=True,
        )

    def _chosen(self, table: Table) -> Table:
        """Keep the rows of the wanted types, in the spelling of the release."""
        found = []
        for row in table.rows:
            with separable("row"):
                found.append((_type(row), row))
        rows = [replace(row, cells={**row.cells, "emotion": word}) for word, row in found if word in self.types]
        if len(rows) < len(found):
            left = Counter(word for word, _ in found if word not in self.types)
            log.info("dataset %s: not among `types`: %s", self.name, listing(f"{left[word]} {word}" for word in left))
        return replace(table, rows=tuple(rows))


def _subject(row: Row) -> str:
    return row.digits("subject", 3)


def _video(row: Row) -> str:
    """Name an interval's video: its own name without the last number (``006_1_2`` lies in ``006_1``)."""
    clip = row.filename("clip")
    if not re.fullmatch(r"\d+_\d+_\d+", clip, re.ASCII):
        raise InputError(
            f"{row.place('clip')} is {clip!r}; a name is SUBJECT_INDUCEMENT_OCCURRENCE like 006_1_2; correct the cell"
        )
    return clip.rpartition("_")[0]


def _type(row: Row) -> str:
    """Read the type of an expression, in any case and with any spaces."""
    text = row.text("emotion")
    for word in TYPES:
        if re.sub(r"\s", "", text).casefold() == re.sub(r"\s", "", word).casefold():
            return word
    raise InputError(f"{row.place('emotion')} is {text!r}; a type is {' or '.join(TYPES)}; correct the cell")


def _marks(row: Row, clip_id: str) -> tuple[int, int | None, int]:
    """Read the marks; an onset or offset that is not marked is the apex."""
    apex = row.whole("apex", missing=UNMARKED)
    for mark in ("onset", "offset"):
        if row.text(mark, required=False) in UNMARKED:
            if apex is None:
                raise InputError(
                    f"{clip_id}: neither {mark} nor apex is marked ({row.place(mark)}); correct the cell, or name the "
                    "clip under `exclude` of the dataset's yaml"
                )
            log.warning("%s: no %s; the apex %d is taken (%s)", clip_id, mark, apex, row.place(mark))
            row = replace(row, cells={**row.cells, mark: apex})
    return marks(row, clip_id)
