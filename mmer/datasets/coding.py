"""From the rows of a coding sheet to the Clips table: what the corpora with one workbook have in common."""

import functools
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

import pandas as pd

from mmer.datasets.action_units import read_action_units
from mmer.datasets.clip_folders import Entries, clip_source, frames_folder
from mmer.datasets.errata import apply_errata, read_errata
from mmer.datasets.frame_check import with_frames
from mmer.datasets.table import Row, Table
from mmer.datasets.versions import Version, differences
from mmer.types.archives import archive_folders
from mmer.types.clips import validate_clips
from mmer.types.errors import InputError, listing, nearest
from mmer.types.frames import Frames
from mmer.types.gathering import is_gathering, refuse, separable

log = logging.getLogger("mmer")

ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII")


class Corpus(Protocol):
    """The fields that a dataset must have, and ``frames`` where ``coded_clips`` is not told another."""

    name: str
    root: str
    fps: float | None
    tracks: str
    errata: tuple[dict[str, str], ...]
    exclude: tuple[str, ...]


def coded_clips(
    table: Table,
    corpus: Corpus,
    subject_of: Callable[[Row], str],
    objective_of: Callable[[Row], str | None],
    *,
    version: Version | None = None,
    frames: tuple[str, ...] | None = None,
    clip_of: Callable[[Row], str] = lambda row: row.filename("clip"),
    places_of: Callable[[Row, str, str], tuple[str, ...]] = lambda _, subject, clip: (f"{subject}/{clip}",),
    marks_of: Callable[[Row, str], tuple[int, int | None, int]] | None = None,
    more_of: Callable[[Row], dict] = lambda _: {},
    clamp: bool = False,
) -> pd.DataFrame:
    """Make the Clips table of a corpus.

    Parameters
    ----------
    table : Table
        With the columns subject, clip, onset, offset, emotion; apex and action_units where the corpus has them.
    corpus : Corpus
        The dataset.
    subject_of, objective_of : callable
        What the corpus calls a row's subject (``sub01``), and its objective class.
    version : Version, optional
        Which version the table is; where it has about as many rows, what differs from the release is logged.
    frames : tuple of str, optional
        Folders that may hold the frames; the field of the corpus when left out.
    clip_of : callable
        What the corpus calls a row's clip.
    places_of : callable
        (row, subject, clip) -> where the frames may lie below the folder of frames, in order of preference.
    marks_of : callable, optional
        (row, clip_id) -> onset, apex or None, offset; ``marks`` when left out.
    more_of : callable
        Columns of the Clips table that this corpus fills or replaces (``fps``, ``emotion``, ``culture`` ...).
    clamp : bool
        The file has rows that end behind their last frame; that frame is taken, and the clips are named.

    Returns
    -------
    DataFrame
        A Clips table.
    """
    name, root = corpus.name, Path(corpus.root)
    rows = []
    for row in table.rows:
        with separable("row"):
            rows.append((row, subject_of(row), clip_of(row)))
    named = clip_ids(name, _corrected(name, rows, corpus.errata), corpus.exclude)
    if not named:
        raise InputError(f"dataset {name}: {table.path} has no clip that is not under `exclude`")
    # Hundreds of clips lie in one archive per subject, or in one folder: each is listed once.
    listing_of, entries_of = functools.cache(archive_folders), functools.cache(Entries.of)
    places: dict[str, tuple[str, ...]] = {}
    for clip_id, row, subject, clip in named:
        with separable("row", clip_id):
            places[clip_id] = places_of(row, subject, clip)
    tops = dict.fromkeys(place.split("/")[0] for several in places.values() for place in several)
    base = frames_folder(name, root, corpus.frames if frames is None else frames, tuple(sorted(tops)))
    records, unread = [], []
    for clip_id, row, subject, _ in (entry for entry in named if entry[0] in places):
        with separable("row", clip_id):
            onset, apex, offset = (marks_of or marks)(row, clip_id)
            track = root / corpus.tracks / subject / f"{clip_id.rpartition('/')[2]}.parquet"
            more = more_of(row)
            records.append(
                {
                    "clip_id": clip_id,
                    "dataset": name,
                    "subject": f"{name}/{subject}",
                    "emotion": more["emotion"] if "emotion" in more else row.text("emotion"),
                    "objective_class": objective_of(row),
                    "action_units": _units(row, clip_id, unread),
                    "onset": onset,
                    "apex": apex,
                    "offset": offset,
                    "apex_source": None if apex is None else "annotated",
                    "fps": corpus.fps,
                    "frames": clip_source(base, places[clip_id], listing_of, entries_of).as_posix(),
                    "tracks": track.as_posix() if track.is_file() else None,
                    **more,
                }
            )
    if unread:
        log.warning(
            "dataset %s: the action units of %d clip(s) cannot be read and are left out; correct the cell, or add an "
            "erratum:\n  %s",
            *(name, len(unread), "\n  ".join(unread if is_gathering() else unread[:5])),
        )
    records = with_frames(name, records, functools.partial(Frames.open, listing_of=listing_of), clamp)
    clips = validate_clips(pd.DataFrame(records))
    if version is not None:
        log_version(name, table, version, None if corpus.exclude else clips)  # what a person left out is no difference
    return clips


def log_version(name: str, table: Table, version: Version, clips: pd.DataFrame | None) -> None:
    """Say which version of the file was read and, of a table about as large as the release, what differs from it."""
    log.info(
        "dataset %s: %s is version %s%s", name, table.path.name, version.name, version.note and f": {version.note}"
    )
    full = clips is not None and version.rows and len(table.rows) >= version.rows * 9 // 10
    if full and (found := differences(version, clips)):
        log.warning("dataset %s: differs from version %s: %s", name, version.name, "; ".join(found))


def _corrected(
    name: str, rows: list[tuple[Row, str, str]], entries: Iterable[Mapping[str, str]]
) -> list[tuple[Row, str, str]]:
    """Apply the errata to the rows: (row, subject, clip); ids are made again from the corrected cells."""
    if not (errata := read_errata(name, entries)):
        return rows
    named = clip_ids(name, rows, ())
    changed, applied, stale = apply_errata({clip_id: row for clip_id, row, _, _ in named}, errata)
    for what, found, level in (("applied", applied, logging.WARNING), ("stale, not applied", stale, logging.INFO)):
        if found:
            cells = [f"{one.clip_id} {one.column} {one.was} -> {one.now} ({one.source})" for one in found]
            log.log(level, "dataset %s: %d errata %s: %s", name, len(found), what, listing(cells))
    return [(changed[clip_id], subject, clip) for clip_id, _, subject, clip in named]


def _units(row: Row, clip_id: str, unread: list[str]) -> list[str] | None:
    """Read the action units; a text that is not in the grammar is reported, and no part of it is guessed."""
    if "action_units" not in row.cells:
        return None
    try:
        return read_action_units(row.cells["action_units"], f"{clip_id}: {row.place('action_units')}")
    except InputError as error:
        unread.append(str(error))
        return None


def clip_ids(name: str, rows: list[tuple[Row, str, str]], exclude: tuple[str, ...]) -> list[tuple[str, Row, str, str]]:
    """Name every row: (clip_id, row, subject, clip), without the excluded ones.

    Where a corpus names several expressions of one video alike, ``@onset`` tells them apart.

    Raises
    ------
    InputError
        Two rows have the same id even so, or ``exclude`` names a clip that does not exist.
    """
    times = Counter((subject, clip) for _, subject, clip in rows)
    found: dict[str, tuple[str, Row, str, str]] = {}
    for row, subject, clip in rows:
        clip_id = f"{name}/{subject}/{clip}"
        if times[subject, clip] > 1 and "@" not in clip:  # where all names have their onset, this one has it already
            onset = None
            with separable("row", clip_id):
                onset = row.whole("onset")
            clip_id += "" if onset is None else f"@{onset}"
        if clip_id in found:
            refuse(
                "duplicate",
                f"dataset {name}: {clip_id} stands in two rows, {found[clip_id][1].number} and {row.number} of "
                f"{row.places['clip'][0].rstrip(', ')}; delete one, or correct its name or onset",
            )
            continue
        found[clip_id] = (clip_id, row, subject, clip)
    for unknown in sorted(set(exclude) - set(found)):
        raise InputError(f"dataset {name}: exclude names {unknown!r}, which does not exist; {_near(unknown, found)}")
    if exclude:
        log.info("dataset %s: %d clip(s) excluded: %s", name, len(exclude), listing(sorted(exclude)))
    return [entry for clip_id, entry in found.items() if clip_id not in exclude]


def _near(word: str, ids: dict) -> str:
    """Name the nearest ids, without the list of all of them."""
    return nearest(word, ids).partition(" Valid: ")[0] if len(ids) > 20 else nearest(word, ids)


def marks(row: Row, clip_id: str) -> tuple[int, int | None, int]:
    """Read onset, apex and offset of a row.

    An apex of 0 or outside onset..offset, as released files have it, says that there is none: it becomes null, with a
    warning, and is not guessed here (``apex`` of the motion is the place for that).

    Raises
    ------
    InputError
        A cell is no frame number, or the onset lies after the offset.
    """
    onset, offset = row.whole("onset", missing=()), row.whole("offset", missing=())
    if onset > offset:
        raise InputError(
            f"{clip_id}: onset {onset} lies after offset {offset} ({row.place('onset')}); correct the cell, or name "
            "the clip under `exclude` of the dataset's yaml"
        )
    apex = row.whole("apex", missing=("", "/", "?", "-"))
    if apex is not None and (apex == 0 or not onset <= apex <= offset):
        log.warning(
            "%s: apex %d is outside %d..%d and is not used (%s)", clip_id, apex, onset, offset, row.place("apex")
        )
        apex = None
    return onset, apex, offset


def objective_class(row: Row, column: str = "objective_class") -> str | None:
    """Read an objective class (Davison et al., arXiv 1708.07549), written ``I`` or ``1``, as ``I``..``VII``."""
    text = row.text(column, required=False).upper()
    if text in ("", "?", "/", "-"):
        return None
    if text in ROMAN:
        return text
    if text.isdecimal() and 1 <= int(text) <= len(ROMAN):
        return ROMAN[int(text) - 1]
    raise InputError(f"{row.place(column)} is {text!r}; an objective class is I to VII")
