"""4DME (Li et al., IEEE Transactions on Affective Computing 14(4), 2023, doi 10.1109/TAFFC.2022.3182342)."""

import logging
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import pandas as pd

from mmer.datasets.clip_folders import corpus_root
from mmer.datasets.coding import coded_clips, marks
from mmer.datasets.table import Row, Table
from mmer.datasets.versions import Version, recognise
from mmer.types.errors import InputError, listing, nearest

MARKS = {"onset": "Onset", "apex": "Apex", "offset": "Offset"}
CODES = {"action_units": "AUs", "emotion": "Emotion"}
EMOTIONS = ("Positive", "Negative", "Surprise", "Repression", "Others")  # a column of 0 and 1 each
FLAGS = {emotion.casefold(): emotion for emotion in EMOTIONS}
NUMBERING = ("recording", "clip")
VERSIONS = (
    Version(
        name="release v1",
        files=("4DME_Labelling_Micro_release v1.xlsx", "4DME_Labelling_Micro_release*.xlsx"),
        sheet=None,
        columns={"subject": "sub_ID", "clip": "fold_name", **MARKS, **CODES},
        optional=FLAGS,
        rows=267,
        # 41 people: the file has more names than that, for those who came twice, so nothing is compared here.
        note="two neighbouring rows are said to have each other's action units; which clips these are is not published",
    ),
    Version(
        name="before the release",
        files=("4DME_Labelling_Micro-expression*.xlsx",),
        sheet=None,
        columns={
            **{"subject": "sub_ID'", "clip": "video_number'", "expression": "ME_number'", "part": "subME_number'"},
            **MARKS,
            **CODES,
        },
        optional=FLAGS,
        rows=268,
        note="apostrophes stand behind many headers and cells, and sums in the last row; prefer release v1",
    ),
)

log = logging.getLogger("mmer")


@dataclass(frozen=True)
class Fourdme:
    """267 clips of 41 subjects, the grey videos at 60 frames per second, with up to two emotions each.

    Every expression was filmed four times: as a mesh, in grey, in colour and in depth. The published 1,068 clips are
    these 267 times four, and so are "690 clips" of three classes. The column ``event`` names the expression, the same
    whatever the dataset is called, so that two modalities of it never lie on two sides of a fold.

    People who came twice have two names in the workbook (``S13_1st`` and ``S13_2nd``, ``S58_1`` and ``S58_2``). The
    subject is the person, ``S13``; the session becomes a part of the clip's name (``fourdme/S13/1st_001_01_1``).

    An expression may have two emotions, in either order: ``Surprise+Positive`` is read as ``Positive+Surprise``. Units
    with ``(k)`` are kept still through the clip and do not count.

    Parameters
    ----------
    name : str
        Written in front of every id.
    root : str
        Folder of the corpus.
    fps : float
        Hertz; the colour and depth videos have 30.
    workbook : tuple of str
        Name of the annotation file, ``*`` allowed, where it is not one of ``versions``.
    frames : tuple of str
        Folders that may hold the frames, in order of preference; found in any case. In them a clip's folder is
        ``S13_1st/001_01_1`` or ``S13_1st_001_01_1``.
    numbering : str
        What the pictures are numbered by: ``recording``, as the workbook is, or ``clip``, where every folder begins
        at 1; onset, apex and offset then become numbers of the clip.
    tracks : str
        Folder with tracks that come with the data, ``<tracks>/S13/1st_001_01_1.parquet``; not required.
    errata : tuple of dict
        Cells to correct: clip_id, column, was, now, source (see ``mmer.datasets.errata``).
    exclude : tuple of str
        Clip ids to leave out.
    """

    name: str = "fourdme"
    root: str = "data/fourdme"
    fps: float = 60.0
    workbook: tuple[str, ...] = ()
    frames: tuple[str, ...] = ("gray_micro", "gray_micro_crop")
    numbering: str = "recording"
    tracks: str = "tracks"
    errata: tuple[dict[str, str], ...] = field(default=(), hash=False)  # compared, but a dict has no hash
    exclude: tuple[str, ...] = ()

    versions: ClassVar[tuple[Version, ...]] = VERSIONS

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
        if self.numbering not in NUMBERING:
            raise InputError(f"dataset {self.name}: numbering {self.numbering!r}; {nearest(self.numbering, NUMBERING)}")
        root = corpus_root(self.name, self.root)
        version, _, table = recognise(root, self.name, self.versions, self.workbook)
        table = _tidy(table)
        _compare_flags(table)
        return coded_clips(
            table,
            self,
            subject_of=lambda row: _person(row)[0],
            objective_of=lambda _: None,  # no column; where a scheme wants it, it is computed from the action units
            version=version,
            clip_of=lambda row: "_".join(filter(None, (_person(row)[1], _fold(row)))),
            places_of=lambda row, *_: _places(row),
            marks_of=marks if self.numbering == "recording" else _within_clip,
            more_of=lambda row: {
                "emotion": emotions(row.text("emotion")),
                # The corpus's own name, not that of the dataset: its other modalities show the same moment.
                "event": f"fourdme/{_name(row)}/{_fold(row)}",
            },
        )


def emotions(text: str) -> str:
    """Put the emotions of an expression into one order: ``surprise + Positive`` is ``Positive+Surprise``.

    A text with an unknown part is returned as it is; no scheme knows it, which then says so.
    """
    parts = {FLAGS.get(part.strip().casefold(), "") for part in text.split("+")}
    return text if "" in parts else "+".join(sorted(parts, key=EMOTIONS.index))


def _tidy(table: Table) -> Table:
    """Strip the apostrophes of a file from before the release, and leave out its row of sums."""
    rows = [replace(row, cells={key: _bare(value) for key, value in row.cells.items()}) for row in table.rows]
    kept = tuple(row for row in rows if row.text("subject", required=False) or row.text("clip", required=False))
    if len(kept) < len(rows):
        log.info("%s: %d row(s) without sub_ID, of sums, left out", table.path, len(rows) - len(kept))
    return replace(table, rows=kept)


def _bare(value: object) -> object:
    return value.strip("' ") or None if isinstance(value, str) else value


def _name(row: Row) -> str:
    """Return the name of a person in one session, as folders have it (``S13_1st``)."""
    return row.filename("subject").rstrip(",")


def _person(row: Row) -> tuple[str, str]:
    """Return a person and the session of that person: ``S13`` and ``1st``, or ``S13`` and nothing."""
    found = re.fullmatch(r"S?0*(\d{1,4})(?:_(\w+))?", _name(row), re.ASCII | re.IGNORECASE)
    if not found:
        raise InputError(f"{row.place('subject')} is {_name(row)!r}; a subject is S13, S13_1st or S58_2")
    return f"S{int(found[1]):02d}", found[2] or ""


def _fold(row: Row) -> str:
    """Return the name of a clip's folder; a file from before the release has it in three columns."""
    if "expression" not in row.cells:
        return row.filename("clip")
    film, expression, part = (
        row.digits(column, width) for column, width in (("clip", 3), ("expression", 2), ("part", 1))
    )
    return f"{film}_{expression}_{part}"


def _places(row: Row) -> tuple[str, ...]:
    """Say where a clip's frames may lie; some folders have a dash at the end of their name."""
    name, fold = _name(row), _fold(row)
    return tuple(f"{name}{between}{fold}{end}" for between in "/_" for end in ("", "-"))


def _within_clip(row: Row, clip_id: str) -> tuple[int, int | None, int]:
    """Count onset, apex and offset from the first frame of the clip, which is 1."""
    onset, apex, offset = marks(row, clip_id)
    return 1, None if apex is None else apex - onset + 1, offset - onset + 1


def _compare_flags(table: Table) -> None:
    """Warn where the columns of 0 and 1 name other emotions than the text; the text counts."""
    wrong = []
    for row in table.rows:
        flags = {flag: row.text(flag, required=False) for flag in FLAGS if flag in row.cells}
        text = row.text("emotion", required=False)
        if not text or not any(flags.values()):
            continue
        stated = {flag for flag, cell in flags.items() if cell not in ("", "0")}
        if stated != {part.strip().casefold() for part in text.split("+")} & set(flags):
            clip = "/".join(row.text(column, required=False) for column in ("subject", "clip"))
            wrong.append(f"{clip} ({text}, {'+'.join(sorted(stated)) or 'none'})")
    if wrong:
        log.warning(
            "%s: the columns of the emotions are not those of Emotion in %d row(s), and are not used: %s",
            *(table.path, len(wrong), listing(wrong)),
        )
