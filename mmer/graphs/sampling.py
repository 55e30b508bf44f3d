"""Values of a clip at a few moments, from a track with gaps and jitter."""

import numpy as np
import pandas as pd

from mmer.types.errors import InputError
from mmer.types.face_track import FaceTrack
from mmer.types.motion import ClipMotion

MOMENTS = {"even": None, "apex": 1, "triplet": 3}  # kind of moments -> how many there are; None: as many as asked for


def rows_of_clip(clip: pd.Series, track: FaceTrack) -> FaceTrack:
    """Return the rows of onset..offset; the whole track where the clip states neither (precomputed motion).

    Raises
    ------
    InputError
        The track has no row there, or no frame there has a face.
    """
    rows = track
    if not (pd.isna(clip.onset) or pd.isna(clip.offset)):
        keep = (track.frame >= int(clip.onset)) & (track.frame <= int(clip.offset))
        if not keep.any():
            raise InputError(
                f"{clip.clip_id}: its track covers frames {track.frame[0]}..{track.frame[-1]}, the clip is "
                f"{clip.onset}..{clip.offset}; the track is another clip's, or its frames are numbered otherwise"
            )
        rows = track.between(int(clip.onset), int(clip.offset))
    if not rows.valid.any():
        raise InputError(f"{clip.clip_id}: its track has no face in any frame; exclude the clip or track it again")
    return rows


def apex_of(clip: pd.Series, motion: ClipMotion) -> int:
    """Return the apex that the motion used.

    Raises
    ------
    InputError
        It is not known.
    """
    if motion.apex < 0:
        raise InputError(
            f"{clip.clip_id}: its motion names no apex frame; annotate one (precomputed motion takes it from there), "
            "set `n_frames` over 1 (onset..offset is then sampled evenly), or use features that need no apex"
        )
    return motion.apex


def moments(clip: pd.Series, rows: FaceTrack, motion: ClipMotion, n_frames: int, kind: str = "even") -> np.ndarray:
    """Return the frame numbers at which a clip is sampled: (n_frames,) float64.

    Parameters
    ----------
    clip, motion
        One clip.
    rows : FaceTrack
        Its rows onset..offset.
    n_frames : int
    kind : str
        One of ``MOMENTS``. ``even``: the apex for one frame; evenly from onset to offset, both included, for more.
        ``apex``: the apex, one frame. ``triplet``: onset, apex and offset, three frames.
    """
    if kind == "triplet":
        return np.array([rows.frame[0], apex_of(clip, motion), rows.frame[-1]], np.float64)
    if n_frames == 1:
        return np.array([apex_of(clip, motion)], np.float64)
    return np.linspace(rows.frame[0], rows.frame[-1], n_frames)


def smooth(frame: np.ndarray, values: np.ndarray, average: int) -> np.ndarray:
    """Average every row with the rows at most ``average // 2`` frames away.

    Parameters
    ----------
    frame : ndarray of shape (T,)
        Frame numbers, ascending, possibly with gaps.
    values : ndarray of shape (T, ...), float64
    average : int
        Number of frames in the window, odd; 1 leaves the values as they are.

    Returns
    -------
    ndarray of shape (T, ...), float64
    """
    half = average // 2
    first, last = np.searchsorted(frame, frame - half), np.searchsorted(frame, frame + half, side="right")
    return np.stack([values[a:b].mean(0) for a, b in zip(first, last, strict=True)])


def at(frame: np.ndarray, values: np.ndarray, when: np.ndarray) -> np.ndarray:
    """Interpolate linearly between rows, and repeat the first and the last: (T, ...) -> (len(when), ...) float64."""
    place = np.interp(when, frame, np.arange(len(frame)))
    before = np.floor(place).astype(int)
    after = np.minimum(before + 1, len(frame) - 1)
    share = (place - before).reshape(-1, *[1] * (values.ndim - 1))
    return values[before] * (1 - share) + values[after] * share
