"""MMME, micro-expressions with physiology (Ma et al., arXiv 2506.09834)."""

import functools
import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import pandas as pd

from mmer.datasets.action_units import read_action_units
from mmer.datasets.clip_folders import corpus_root
from mmer.datasets.coding import clip_ids, log_version, marks
from mmer.datasets.errata import apply_errata, read_errata
from mmer.datasets.frame_check import with_frames
from mmer.datasets.mmme_pictures import CLOCK, Clock, choose_folder, find_pictures, read_day
from mmer.datasets.session_recordings import find_recordings
from mmer.datasets.table import Row, Table
from mmer.datasets.versions import Version, recognise
from mmer.types.archives import archive_folders
from mmer.types.clips import validate_clips
from mmer.types.errors import InputError, listing
from mmer.types.frames import Frames
from mmer.types.gathering import separable

COLUMNS = {
    "subject": "Subject",
    "clip": "Marker",
    "onset": "OnsetFrame",
    "apex": "ApexFrame",
    "offset": "OffsetFrame",
    "action_units": "Action Units",
    "emotion": "Estimated Emotion",
    "date": "Date",
}
WORDS = {"happy": 239, "disgust": 217, "angry": 160, "fear": 114, "sad": 113, "surprise": 51, "tense": 50}
VERSIONS = (
    Version(
        "944-micro",
        ("*EEG*.xlsx", "coding_file*.xlsx"),
        "*",
        COLUMNS | {"kind": "Macro/Micro"},
        rows=944,
        words=WORDS,
        note="645 macro- and 299 micro-expressions; the paper counts 634 micro-expressions",
    ),
    Version(
        "944",
        ("coding_file*.xlsx",),
        "Sheet1",
        COLUMNS,
        rows=944,
        words=WORDS,
        note="macro- and micro-expressions mixed; the paper counts 634 micro-expressions",
    ),
)
MARKS = ("onset", "apex", "offset")
NO_MARK = ("", "/", "?", "-")

log = logging.getLogger("mmer")


@dataclass(frozen=True)
class Mmme:
    """944 coded events at 150 frames per second, macro- and micro-expressions mixed, with names of people in the file.

    The workbook gives times of day (``16-00-31-433-685``: 16:00:31.433, picture 685) and so do the pictures
    (``2000-01-01-16-00-31-433-685-108.tif``, with the stimulus's marker at the end). A clip's folder is therefore the
    one that holds the picture of its onset, whatever it is called: released folders are called after people, and no
    name of a folder, subject or file becomes an id. Subjects are ``s01``, ``s02``, ... in the order of their first
    recording, or by their number where the workbook has numbers; a clip is called after its marker, ``m108``. The
    column ``frames`` of the Clips table holds paths, and with them the names of folders.

    The paper counts 634 micro-expressions; the file of the same group that says which events are micro has 299. Where
    the column ``Macro/Micro`` is there, macro-expressions are left out, and a message says how many.

    EEG and ECG are there for most people, in one recording of the whole session each. It is looked for below the
    folders ``eeg`` and ``ecg``: a file or a folder that is called after the person as the workbook spells the name. The
    columns ``eeg`` and ``ecg`` are null for people who have none.

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
        Folders to search for pictures, ``.`` for root itself; all folders and archives below them are looked at.
    micro_only : bool
        Leave out the rows that ``Macro/Micro`` calls macro; without that column all rows are kept, with a warning.
    tracks : str
        Folder with tracks that come with the data, ``<tracks>/s01/m108.parquet``; not required.
    eeg, ecg : str
        Folders with the recordings of Neuroscan and of BIOPAC; empty: do not look.
    exclude : tuple of str
        Clip ids to leave out.
    errata : tuple of mappings
        Cells to correct: clip_id, column, was, now, source (see ``mmer.datasets.errata``).
    """

    versions: ClassVar[tuple[Version, ...]] = VERSIONS

    name: str = "mmme"
    root: str = "data/mmme"
    fps: float = 150.0
    workbook: tuple[str, ...] = ()
    frames: tuple[str, ...] = (".",)
    micro_only: bool = True
    tracks: str = "tracks"
    eeg: str = "eeg"
    ecg: str = "biopac"
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
            Something is missing or contradicts itself; the message names the cell, or the clips concerned.
        """
        root = corpus_root(self.name, self.root)
        version, _, table = recognise(root, self.name, self.versions, self.workbook)
        subjects = subject_names(table.rows)
        onsets: dict[int, Clock | None] = {}
        rows = []
        for row in self._corrected(self._micro(table), subjects):
            with separable("row"):
                converted = numbered(row)
                onsets[row.number] = clock(row, "onset")
                if (person := row.text("subject")) in subjects:  # otherwise its date has been refused
                    rows.append((converted, subjects[person], _clip(row)))
        named = clip_ids(self.name, rows, self.exclude)
        if not named:
            raise InputError(f"dataset {self.name}: {table.path} has no clip that is not under `exclude`")
        listing_of = functools.cache(archive_folders)
        wanted = {onset for onset in onsets.values() if onset is not None}
        places = find_pictures(self.name, [root / folder for folder in self.frames], wanted, listing_of)
        signals = {
            column: find_recordings(self.name, root / folder, subjects) if folder else {}
            for column, folder in (("eeg", self.eeg), ("ecg", self.ecg))
        }
        records = []
        for clip_id, row, subject, _ in named:
            with separable("row", clip_id):
                onset, apex, offset = marks(row, clip_id)
                track = root / self.tracks / subject / f"{clip_id.rpartition('/')[2]}.parquet"
                records.append(
                    {
                        "clip_id": clip_id,
                        "dataset": self.name,
                        "subject": f"{self.name}/{subject}",
                        "emotion": row.text("emotion"),
                        "action_units": read_action_units(
                            row.cells.get("action_units"), f"{clip_id}: {row.place('action_units')}"
                        ),
                        "onset": onset,
                        "apex": apex,
                        "offset": offset,
                        "apex_source": None if apex is None else "annotated",
                        "fps": self.fps,
                        # Where the picture is nowhere, a path that does not exist; the check of the frames reports it.
                        "frames": choose_folder(
                            self.name,
                            places.get(onsets[row.number], {}),
                            read_day(row.text("date", required=False)),
                            row.place("date"),
                        )
                        or (root / subject / clip_id.rpartition("/")[2]).as_posix(),
                        "tracks": track.as_posix() if track.is_file() else None,
                        **{column: found.get(row.text("subject")) for column, found in signals.items()},
                    }
                )
        records = with_frames(self.name, records, functools.partial(Frames.open, listing_of=listing_of))
        clips = validate_clips(pd.DataFrame(records))
        log_version(self.name, table, version, clips)
        return clips

    def _corrected(self, rows: list[Row], subjects: dict[str, str]) -> list[Row]:
        """Apply the errata; they name the workbook's own cells, times of day among them."""
        if not (errata := read_errata(self.name, self.errata)):
            return rows
        named, unread = [], set()
        for row in rows:
            try:
                named.append((numbered(row), subjects.get(row.text("subject"), ""), _clip(row)))
            except InputError:  # refused where the rows are read
                unread.add(row.number)
        ids = {row.number: clip_id for clip_id, row, _, _ in clip_ids(self.name, named, ())}
        changed, applied, stale = apply_errata({ids[row.number]: row for row in rows if row.number in ids}, errata)
        for what, found, level in (("applied", applied, logging.WARNING), ("stale, not applied", stale, logging.INFO)):
            if found:
                cells = [f"{one.clip_id} {one.column} {one.was} -> {one.now} ({one.source})" for one in found]
                log.log(level, "dataset %s: %d errata %s: %s", self.name, len(found), what, listing(cells))
        return [
            changed[ids[row.number]] if row.number in ids else row
            for row in rows
            if row.number in ids or row.number in unread
        ]

    def _micro(self, table: Table) -> list[Row]:
        """Leave out macro-expressions where the table says which they are."""
        if "kind" not in table.columns:
            log.warning(
                "dataset %s: %s does not say which of its %d events are micro-expressions; all are kept",
                *(self.name, table.path, len(table.rows)),
            )
            return list(table.rows)
        if not self.micro_only:
            return list(table.rows)
        kept = []
        for row in table.rows:
            with separable("row"):
                kind = row.text("kind").casefold()
                if "macro" not in kind and "micro" not in kind:
                    raise InputError(f"{row.place('kind')} is {kind!r}; an event is macro or micro")
                kept += [row] if "micro" in kind else []
        log.info("dataset %s: %d macro-expression(s) left out (micro_only)", self.name, len(table.rows) - len(kept))
        return kept


def subject_names(rows: tuple[Row, ...]) -> dict[str, str]:
    """Give every subject of the workbook an id that is not its name.

    Returns
    -------
    dict of str to str
        What the cell says -> ``s01``: the number where all cells are numbers, and otherwise a number in the order of
        the first recording, so that neither a name nor its place in the alphabet is in it, and people who are
        recorded later change nothing.
    """
    first: dict[str, tuple] = {}
    for row in rows:
        if not (person := row.text("subject", required=False)):
            continue  # refused where the rows are read
        with separable("row"):
            when = (row.text("date"), row.text("onset", required=False))
            first[person] = min(first.get(person, when), when)
    if all(person.isdecimal() for person in first):
        return {person: f"s{int(person):02d}" for person in first}
    order = sorted(first, key=lambda person: (first[person], person))
    return {person: f"s{number:02d}" for number, person in enumerate(order, 1)}


def numbered(row: Row) -> Row:
    """Return a row with the numbers of its pictures instead of times of day."""
    clocks = {mark: clock(row, mark) for mark in MARKS}
    numbers = {mark: None if time is None else str(time[-1]) for mark, time in clocks.items()}
    return replace(row, cells={**row.cells, **numbers})


def clock(row: Row, mark: str) -> Clock | None:
    """Read a time of day with the number of its picture; None where an apex is not marked.

    Raises
    ------
    InputError
        The cell is no such time, or onset or offset are empty.
    """
    text = row.text(mark, required=mark != "apex")
    if mark == "apex" and text in NO_MARK:
        return None
    if not (match := CLOCK.fullmatch(text)):
        raise InputError(
            f"{row.place(mark)} is {text!r}; it should be hour-minute-second-millisecond-number, 16-00-31-433-685"
        )
    return tuple(map(int, match.groups()))


def _clip(row: Row) -> str:
    return "m" + row.digits("clip", 3, prefix="m")
