"""From the rows of a coding sheet to the Clips table: what the corpora with one workbook have in common."""

import functools
import logging
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from mmer.datasets.action_units import read_action_units
from mmer.datasets.clip_folders import clip_source, frames_folder
from mmer.datasets.frame_check import with_frames
from mmer.datasets.table import Row, Table
from mmer.types.archives import archive_folders
from mmer.types.clips import validate_clips
from mmer.types.errors import InputError, listing, nearest
from mmer.types.frames import Frames

log = logging.getLogger("mmer")

ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII")


def coded_clips(
    table: Table,
    name: str,
    root: Path,
    fps: float,
    frames: tuple[str, ...],
    tracks: str,
    exclude: tuple[str, ...],
    subject_of: Callable[[Row], str],
    objective_of: Callable[[Row], str | None],
) -> pd.DataFrame:
    """Make the Clips table of a corpus.

    Parameters
    ----------
    table : Table
        With the columns subject, clip, onset, apex, offset, action_units, emotion.
    name, root, fps, frames, tracks, exclude
        The fields of the corpus.
    subject_of, objective_of : callable
        What the corpus calls a row's subject (``sub01``), and its objective class.

    Returns
    -------
    DataFrame
        A Clips table.
    """
    named = clip_ids(name, [(row, subject_of(row), row.filename("clip")) for row in table.rows], exclude)
    if not named:
        raise InputError(f"dataset {name}: {table.path} has no clip that is not under `exclude`")
    listing_of = functools.cache(archive_folders)  # hundreds of clips lie in one archive per subject
    base = frames_folder(name, root, frames, tuple(sorted({subject for _, _, subject, _ in named})))
    records = []
    for clip_id, row, subject, clip in named:
        onset, apex, offset = marks(row, clip_id)
        track = root / tracks / subject / f"{clip_id.rpartition('/')[2]}.parquet"
        records.append(
            {
                "clip_id": clip_id,
                "dataset": name,
                "subject": f"{name}/{subject}",
                "emotion": row.text("emotion"),
                "objective_class": objective_of(row),
                "action_units": read_action_units(
                    row.cells.get("action_units"), f"{clip_id}: {row.place('action_units')}"
                ),
                "onset": onset,
                "apex": apex,
                "offset": offset,
                "apex_source": None if apex is None else "annotated",
                "fps": fps,
                "frames": clip_source(base, subject, clip, listing_of).as_posix(),
                "tracks": track.as_posix() if track.is_file() else None,
            }
        )
    records = with_frames(name, records, functools.partial(Frames.open, listing_of=listing_of))
    return validate_clips(pd.DataFrame(records))


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
        if times[subject, clip] > 1:
            onset = row.whole("onset")
            clip_id += "" if onset is None else f"@{onset}"
        if clip_id in found:
            raise InputError(
                f"dataset {name}: {clip_id} stands in two rows, {found[clip_id][1].number} and {row.number} of "
                f"{row.places['clip'][0].rstrip(', ')}; delete one, or correct its name or onset"
            )
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
