"""Features of a node: where it is, how far it moved, how active its action unit is (pictures: ``mmer.graphs.patches``).

Every function gets one clip. None reads an emotion or an annotated action unit.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmer.graphs.sampling import apex_of, at, moments, rows_of_clip, smooth
from mmer.types.canonical_face import MIRROR, OUTER_EYES, to_template, transform
from mmer.types.errors import InputError, nearest
from mmer.types.face_track import FaceTrack
from mmer.types.motion import ClipMotion
from mmer.types.rigid_motion import rigid_motion

JITTER = 0.002  # outer eye distances; about the noise of a landmark from frame to frame
Groups = Sequence[tuple[int, ...]]  # the landmarks of each node


def mirrored(groups: Groups) -> Groups:
    """Return the landmarks of the same nodes on the other side of the face."""
    return [tuple(MIRROR[i] for i in group) for group in groups]


def centres(landmarks: np.ndarray, groups: Groups) -> np.ndarray:
    """Return the mean of each node's landmarks: (..., 68, 2) -> (..., N, 2)."""
    return np.stack([landmarks[..., list(group), :].mean(-2) for group in groups], axis=-2)


def onset_landmarks(rows: FaceTrack, average: int) -> np.ndarray:
    """Return the landmarks at the first row, averaged over a few frames: (68, 2) float64, pixels of the frame."""
    valid = rows.valid
    values = smooth(rows.frame[valid], rows.landmarks[valid].astype(np.float64), average)
    return at(rows.frame[valid], values, rows.frame[:1])[0]


def displacement(
    clip: pd.Series,
    track: FaceTrack,
    motion: ClipMotion,
    groups: Groups,
    n_frames: int,
    average: int,
    remove_rigid: bool,
    kind: str = "even",
) -> np.ndarray:
    """Return how far each node has moved since onset on the face aligned by one transform per clip.

    Landmarks jitter by about as much as a micro-expression moves them, so positions are averaged over ``average``
    frames first. Frames without a face are bridged by linear interpolation, in memory only.

    Parameters
    ----------
    clip, track, motion
        One clip.
    groups : sequence of N tuples of int
        Landmarks whose mean is the node.
    n_frames, kind
        The moments, see ``mmer.graphs.sampling.moments``.
    average : int
        Frames in the average, odd.
    remove_rigid : bool
        Whether head motion since onset (the similarity motion that most landmarks follow) is taken out.

    Returns
    -------
    ndarray of shape (n_frames, N, 2), float32
        To the right and down, in outer eye distances.
    """
    start, now = _since_onset(clip, track, motion, n_frames, average, remove_rigid, kind)
    eyes = np.linalg.norm(start[OUTER_EYES[1]] - start[OUTER_EYES[0]])
    return (centres(now - start, groups) / eyes).astype(np.float32)


def position(
    clip: pd.Series,
    track: FaceTrack,
    motion: ClipMotion,
    groups: Groups,
    n_frames: int,
    average: int,
    remove_rigid: bool,
    kind: str = "even",
) -> np.ndarray:
    """Return where each node lies, relative to the centre of the face.

    The centre is the point midway between the outer eye corners at onset, the unit their distance, and the face is
    upright: place, size and tilt of a head in its picture do not count. Apart from that as ``displacement``, which is
    the difference between a moment and the onset.

    Returns
    -------
    ndarray of shape (n_frames, N, 2), float32
        To the right and down, in outer eye distances.
    """
    start, now = _since_onset(clip, track, motion, n_frames, average, remove_rigid, kind)
    eyes = start[list(OUTER_EYES)]
    return (centres(now - eyes.mean(0), groups) / np.linalg.norm(eyes[1] - eyes[0])).astype(np.float32)


def _since_onset(
    clip: pd.Series,
    track: FaceTrack,
    motion: ClipMotion,
    n_frames: int,
    average: int,
    remove_rigid: bool,
    kind: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the landmarks at onset (68, 2) and at the moments (n_frames, 68, 2), in units of the canonical face."""
    rows = rows_of_clip(clip, track)
    valid = rows.valid
    frame, matrix = rows.frame[valid], to_template(rows.landmarks)
    landmarks = smooth(frame, transform(matrix, rows.landmarks[valid].astype(np.float64)), average)
    start = at(frame, landmarks, rows.frame[:1])[0]
    now = at(frame, landmarks, moments(clip, rows, motion, n_frames, kind))
    if remove_rigid:
        now = np.stack([_without_head_motion(start, points) for points in now])
    return start, now


def _without_head_motion(start: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Return where the landmarks would be had the head not moved since ``start``: (68, 2) -> (68, 2)."""
    place, moved = start @ np.array([1, 1j]), (now - start) @ np.array([1, 1j])
    c, d = rigid_motion(place, moved, JITTER)
    moved = moved - (c * place + d)
    return start + np.stack([moved.real, moved.imag], axis=-1)


def au_activation(
    clip: pd.Series,
    track: FaceTrack,
    motion: ClipMotion,
    action_units: Sequence[str],
    n_frames: int,
    average: int,
    baseline: str,
    kind: str = "even",
) -> np.ndarray:
    """Return what the detector measured of each action unit. Annotated units are never read.

    Parameters
    ----------
    clip, track, motion
        One clip.
    action_units : sequence of N str
        ``AU04``-like.
    n_frames : int
        1: mean, greatest value and value at the apex; more: the values at the moments.
    average : int
        Frames in the moving average, odd.
    baseline : str
        ``onset``: relative to the value at onset (a person's resting face differs from another's); ``none``: as is.
    kind : str
        The moments, see ``mmer.graphs.sampling.moments``.

    Returns
    -------
    ndarray of shape (1, N, 3) or (n_frames, N, 1), float32
        On the track's ``au_scale``.

    Raises
    ------
    InputError
        The track has no action units, not this one, or no value of it.
    """
    if track.au_scale == "none":
        raise InputError(
            f"{clip.clip_id}: its track has no action units (au_scale none), but the nodes use `au_activation`; choose "
            "a face backend that detects them, or node features displacement and flow_patch"
        )
    rows = rows_of_clip(clip, track)
    out = []
    for unit in action_units:
        if unit not in track.au_names:
            raise InputError(
                f"{clip.clip_id}: its track has no {unit}; {nearest(unit, track.au_names)}; "
                "list the units that the face backend detects under `action_units` of the nodes"
            )
        values = rows.action_units[:, rows.au_names.index(unit)].astype(np.float64)
        known = np.isfinite(values)
        if not known.any():
            raise InputError(f"{clip.clip_id}: its track has no value of {unit} in any frame of the clip")
        frame, values = rows.frame[known], smooth(rows.frame[known], values[known], average)
        rest = at(frame, values, rows.frame[:1]) if baseline == "onset" else 0.0
        if n_frames == 1:
            peak = at(frame, values, np.array([apex_of(clip, motion)]))[0]
            everywhere = at(frame, values, rows.frame)
            out.append(np.array([[everywhere.mean(), everywhere.max(), peak]]) - rest)
        else:
            out.append((at(frame, values, moments(clip, rows, motion, n_frames, kind)) - rest)[:, None])
    return np.stack(out, axis=1).astype(np.float32)
