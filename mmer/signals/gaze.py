"""Gaze: where the eyes look, or how the head is held, over the frames of the clip's face track."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from mmer.signals.recordings import Recordings
from mmer.signals.remarks import Remarks
from mmer.signals.signal import Cut
from mmer.signals.stacking import Described, stacked
from mmer.signals.unusable import Unusable
from mmer.signals.window import Window
from mmer.types.errors import InputError, listing, nearest
from mmer.types.face_track import GAZE, POSE, FaceTrack
from mmer.types.samples import Samples
from mmer.types.signal_window import SignalLayout

COLUMNS = (*GAZE, *POSE)
SEEN = "seen"


@dataclass(frozen=True)
class Gaze(Window):
    """Angles in degrees at ``sfreq``, (C + 1, S): the columns asked for, and ``seen``.

    A track covers its clip and no more, and has gaps where no face was found. There the value of the nearest frame in
    time is held and ``seen`` is 0; elsewhere it is 1. Frames that are denser than ``sfreq`` are averaged. Faces come
    with the clip, so no recording is read and no clock is needed.

    With a ``baseline`` the mean of the frames in it is taken off: cameras stand where they stand.

    Parameters
    ----------
    name, encoder : str
    columns : tuple of str
        ``gaze_pitch``, ``gaze_yaw`` (py-feat with ``gaze: true``, OpenFace); of the head ``pitch``, ``yaw``, ``roll``.
    sfreq : float, hertz
    min_seen : float, 0..1
        A clip with less of the window seen lacks the signal.
    """

    name: str = ""
    encoder: str = ""
    columns: tuple[str, ...] = GAZE
    sfreq: float = 50.0
    min_seen: float = 0.5

    fits: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for column in self.columns:
            if column not in COLUMNS:
                raise InputError(f"signal {self.name}: columns has {column!r}; {nearest(column, COLUMNS)}")
        if not self.columns or len(set(self.columns)) != len(self.columns):
            raise InputError(f"signal {self.name}: columns must be names that differ, got {list(self.columns)}")
        if not 0 < self.sfreq < float("inf") or round(self.seconds * self.sfreq) < 1:
            raise InputError(f"signal {self.name}: sfreq {self.sfreq} gives no sample in {self.seconds:g} s")
        if not 0 <= self.min_seen <= 1:
            raise InputError(f"signal {self.name}: min_seen must lie in 0..1, got {self.min_seen}")

    def cut(self, clips: pd.DataFrame, recordings: Recordings, tracks: Mapping[str, Path]) -> Cut:
        """Read the angles of every clip's track; see ``mmer.signals.signal.Signal``."""
        found: dict[str, Described] = {}
        missing: dict[str, str] = {}
        for _, clip in clips.iterrows():
            clip_id = clip["clip_id"]
            if clip_id not in tracks:
                missing[clip_id] = f"{clip_id}: no face track"
                continue
            try:
                values = self._values(clip, FaceTrack.load(tracks[clip_id]))
            except InputError as reason:
                missing[clip_id] = str(reason)
            else:
                found[clip_id] = Described(values.astype(np.float32), (*self.columns, SEEN), (), self.sfreq, ())
        return stacked(self.name, tuple(clips["clip_id"]), found, missing, self.start, Remarks())

    def fit(self, samples: Samples) -> tuple[Callable[[np.ndarray], np.ndarray], SignalLayout]:
        """Return the values as they are: nothing is fitted."""
        return np.asarray, samples.signals[self.name]

    def _values(self, clip: pd.Series, track: FaceTrack) -> np.ndarray:
        """Return (C + 1, S) of one clip."""
        clip_id = clip["clip_id"]
        place = np.flatnonzero(track.frame == clip[self.anchor]) if pd.notna(clip[self.anchor]) else np.zeros(0, int)
        if not len(place):
            raise Unusable(f"{clip_id}: its {self.anchor} is not annotated, or no frame of its track")
        if track.gaze is None and set(self.columns) & set(GAZE):
            raise Unusable(
                f"{clip_id}: its track has no gaze ({track.provenance.get('backend', 'unknown backend')}); extract it "
                "with `faces: pyfeat` and `gaze: true`, or by OpenFace with -gaze"
            )
        gaze = np.full((len(track.frame), 2), np.nan) if track.gaze is None else track.gaze
        table = dict(zip(COLUMNS, np.concatenate([gaze, track.pose], axis=1).T.astype(float), strict=True))
        lines = np.stack([table[name] for name in self.columns])
        there = np.isfinite(lines).all(0)
        if not there.any():
            raise Unusable(f"{clip_id}: no frame of its track has {listing(self.columns)}")
        time, lines = (track.time - track.time[place[0]])[there], lines[:, there]
        moments = self.start + np.arange(round(self.seconds * self.sfreq)) / self.sfreq
        frame = float(np.median(np.diff(track.time))) if len(track.time) > 1 else 1 / self.sfreq
        reach = max(frame, 1 / self.sfreq) / 2
        # 1e-6: a moment that lies exactly between two frames belongs to both, however it was rounded.
        near = np.abs(moments[:, None] - time[None]) <= reach + 1e-6
        seen = near.any(1)
        if seen.mean() < self.min_seen:
            raise Unusable(
                f"{clip_id}: {seen.mean():.0%} of {self.start:g}..{self.stop:g} s around its {self.anchor} are seen, "
                f"`min_seen` is {self.min_seen:.0%}"
            )
        means = (near @ lines.T / np.maximum(near.sum(1), 1)[:, None]).T
        held = lines[:, np.abs(moments[:, None] - time[None]).argmin(1)]
        values = np.where(seen, means if reach > frame / 2 else _between(moments, time, lines), held)
        if self.baseline is not None:
            before = (time >= self.baseline[0] - 1e-6) & (time < self.baseline[1] - 1e-6)
            if not before.any():
                raise Unusable(f"{clip_id}: no frame of its baseline {list(self.baseline)} s is seen")
            values = values - lines[:, before].mean(1, keepdims=True)
        return np.concatenate([values, seen[None]])


def _between(moments: np.ndarray, time: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Interpolate between frames that are no denser than the moments."""
    return np.stack([np.interp(moments, time, line) for line in lines])
