"""A lab's own data, and any corpus without an adapter, by one csv file."""

import functools
import logging
import math
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import pandas as pd

from mmer.datasets.action_units import read_action_units
from mmer.datasets.clip_folders import corpus_root
from mmer.datasets.coding import clip_ids
from mmer.datasets.csv_file import header_key
from mmer.datasets.frame_check import with_frames
from mmer.datasets.table import Row, read_table
from mmer.types.archives import archive_folders
from mmer.types.clips import validate_clips
from mmer.types.errors import InputError, listing, nearest
from mmer.types.frames import VIDEOS, Frames
from mmer.types.gathering import separable

REQUIRED = ("clip", "subject", "emotion")
MARKS = ("onset", "apex", "offset")
RECORDINGS = ("eeg", "ecg")
FILES = ("tracks", "motion", *RECORDINGS)
FACTS = ("culture", "sex")
OPTIONAL = ("frames", "video", *MARKS, "fps", "action_units", *FILES, "event", *FACTS, "age")
MAX_FPS = 100_000.0

log = logging.getLogger("mmer")


@dataclass(frozen=True)
class Manifest:
    """Clips listed in a csv file, one row each.

    Columns: ``clip``, ``subject`` and ``emotion`` are required. ``frames`` (a folder of pictures, or a folder in a zip
    or tar archive) or ``video`` says where the pictures are, or ``motion`` where a precomputed motion is; with
    ``motion`` all of frames, onset, apex, offset and fps may be empty. ``onset``, ``apex`` and ``offset`` are frame
    numbers, inclusive: of pictures the number at the end of their file names, of a video counted from 0. Without onset
    the first frame is taken, without offset the last. ``fps`` (hertz) may be empty for a video, which states its own.
    ``action_units`` are written ``AU04+AU07`` or ``4;7``; empty: not annotated; ``none``: nothing coded. ``tracks``,
    ``eeg`` and ``ecg`` are files; they may be trials of one (``s01.dat#7``) or a folder of BIDS (``sub-01/eeg``).
    ``event`` is one word for clips that show the same moment of a face (other cameras, edited copies), which then stay
    on one side of every fold; ``culture``, ``sex`` and ``age`` (years) are facts of the subject.

    Paths are relative to the folder of the csv file. A path that leads out of ``root`` is allowed where it exists,
    because a lab's videos may lie on a server of their own; but data versioning does not see such a file, so a warning
    names the first ones. Such a file is only ever read as pictures or numbers.

    Parameters
    ----------
    name : str
        Written in front of every id.
    root : str
        Folder of the data.
    file : str
        The csv file, relative to ``root``.
    fps : float or None
        Hertz, for rows that state none.
    tracks : str
        Folder with tracks, ``<tracks>/<subject>/<clip>.parquet``, for rows that name none; not required.
    exclude : tuple of str
        Clip ids to leave out.
    """

    name: str = "manifest"
    root: str = "data/manifest"
    file: str = "manifest.csv"
    fps: float | None = None
    tracks: str = "tracks"
    exclude: tuple[str, ...] = ()

    def annotations(self) -> list[Path]:
        """Name the csv file."""
        path = corpus_root(self.name, self.root) / self.file
        if not path.is_file():
            raise InputError(f"dataset {self.name}: there is no {path}; write it, or name it under `file` of the yaml")
        return [path]

    def clips(self) -> pd.DataFrame:
        """Read the csv file and look at every file it names.

        Raises
        ------
        InputError
            Something is missing or contradicts itself; the message names file, row and column, or the clips concerned.
        """
        path = self.annotations()[0]
        known = (*REQUIRED, *OPTIONAL)
        columns, optional = {name: name for name in REQUIRED}, {name: name for name in OPTIONAL}
        table = read_table(path, "", columns, optional, header_on_top=True)
        for title in table.header:
            if header_key(title) not in map(header_key, known):
                raise InputError(f"{path}: there is no column {title!r}; {nearest(title, known)}")
        rows = []
        for row in table.rows:
            with separable("row"):
                rows.append((row, row.filename("subject"), row.filename("clip")))
        named = clip_ids(self.name, rows, self.exclude)
        if not named:
            raise InputError(f"dataset {self.name}: {path} has no clip that is not under `exclude`")
        # Several clips may lie in one archive or one long video: list and count each once.
        open_frames = functools.cache(functools.partial(Frames.open, listing_of=functools.cache(archive_folders)))
        records = []
        for clip_id, row, subject, _ in named:
            with separable("row", clip_id):
                records.append(self._record(clip_id, row, subject, path.parent))
        records = with_frames(self.name, records, open_frames)
        self._warn_of_strays(records)
        row_of = {clip_id: row for clip_id, row, _, _ in named}
        kept = []
        for record in records:
            with separable("row", record["clip_id"]):
                kept.append(record | {"fps": record["fps"] or self._fps(record, row_of[record["clip_id"]])})
        return validate_clips(pd.DataFrame(kept))

    def _record(self, clip_id: str, row: Row, subject: str, folder: Path) -> dict:
        """Read one row."""
        sources = [column for column in ("frames", "video") if row.text(column, required=False)]
        if len(sources) > 1:
            raise InputError(f"{clip_id}: both frames and video are given ({row.place('video')}); keep one")
        files = {column: _file(row, column, folder) for column in FILES}
        if not sources and files["motion"] is None:
            raise InputError(
                f"{clip_id}: no frames, video or motion is given ({row.place('clip')}); say where the pictures are"
            )
        source = _path(row, sources[0], folder) if sources else None
        if sources == ["video"] and source.suffix.lower() not in VIDEOS:
            raise InputError(
                f"{row.place('video')} is {source.as_posix()!r}; a video ends in {', '.join(sorted(VIDEOS))}; "
                "folders and archives are given under frames"
            )
        track = Path(self.root) / self.tracks / subject / f"{clip_id.rpartition('/')[2]}.parquet"
        if files["tracks"] is None and track.is_file():
            files["tracks"] = track.as_posix()
        marks = {mark: row.whole(mark, missing=("", "/", "?", "-") if mark == "apex" else ("",)) for mark in MARKS}
        for before, after in (("onset", "offset"), ("onset", "apex"), ("apex", "offset")):
            if None not in (marks[before], marks[after]) and marks[before] > marks[after]:
                raise InputError(
                    f"{clip_id}: {before} {marks[before]} lies after {after} {marks[after]} ({row.place(after)}); "
                    "correct the cell"
                )
        return {
            "clip_id": clip_id,
            "dataset": self.name,
            "subject": f"{self.name}/{subject}",
            "emotion": row.text("emotion"),
            "action_units": _units(row, clip_id),
            **marks,
            "apex_source": None if marks["apex"] is None else "annotated",
            "fps": row.decimal("fps") or self.fps,
            "frames": None if source is None else source.as_posix(),
            **files,
            # In front of the word stands the corpus: another lab's event 1 is another event.
            "event": f"{self.name}/{event}" if (event := row.text("event", required=False)) else None,
            **{fact: row.text(fact, required=False) or None for fact in FACTS},
            "age": row.decimal("age"),
        }

    def _fps(self, record: dict, row: Row) -> float | None:
        """Take the frame rate that a video states, where the row states none."""
        source = record["frames"]
        if source is None or (record["motion"] is not None and Path(source).suffix.lower() not in VIDEOS):
            return None
        if Path(source).suffix.lower() not in VIDEOS:
            raise InputError(
                f"{record['clip_id']}: no fps ({row.place('clip')}); pictures state no frame rate, so fill in the "
                "column fps or set `fps` in the dataset's yaml"
            )
        capture = cv2.VideoCapture(source)
        fps = capture.get(cv2.CAP_PROP_FPS)
        capture.release()
        if not (math.isfinite(fps) and 0 < fps <= MAX_FPS):
            raise InputError(f"{record['clip_id']}: {source} states no frame rate; fill in the column fps")
        return fps

    def _warn_of_strays(self, records: list[dict]) -> None:
        """Name the files outside root: whoever pulls the data does not get them."""
        root = os.path.abspath(self.root)
        strays = sorted(
            {
                record[column]
                for record in records
                for column in ("frames", *FILES)
                if record[column] is not None and os.path.commonpath([root, os.path.abspath(record[column])]) != root
            }
        )
        if strays:
            log.warning(
                "dataset %s: %d file(s) lie outside %s and are not versioned with it: %s",
                self.name,
                len(strays),
                self.root,
                listing(strays),
            )


def _units(row: Row, clip_id: str) -> list[str] | None:
    """Read the action units; null where there is no such column."""
    if row.cells.get("action_units") is None:
        return None
    return read_action_units(row.cells["action_units"], f"{clip_id}: {row.place('action_units')}")


def _path(row: Row, column: str, folder: Path) -> Path:
    """Read a path; one written on Windows serves elsewhere too."""
    text = row.text(column)
    if not text.isprintable():
        raise InputError(f"{row.place(column)}: control characters in {text!r}; correct the cell")
    return folder / text.replace("\\", "/")


def _file(row: Row, column: str, folder: Path) -> str | None:
    """Read the path of a file that must exist; None where the cell is empty."""
    if not row.text(column, required=False):
        return None
    path = _path(row, column, folder)
    there = path.is_file()
    if not there and column in RECORDINGS:
        holder, mark, _ = path.as_posix().rpartition("#")
        bids = path.is_dir() and any(part.startswith("sub-") for part in path.parts)
        there = bids or (bool(mark) and Path(holder).is_file())
    if not there:
        raise InputError(f"{row.place(column)}: there is no file {path}; paths are relative to {folder}")
    return path.as_posix()
