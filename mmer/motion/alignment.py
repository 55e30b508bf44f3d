"""Align a clip's faces: one similarity transform per clip, so that the alignment itself moves nothing."""

import cv2
import numpy as np

from mmer.motion import Excluded
from mmer.types.canonical_face import to_aligned
from mmer.types.errors import InputError
from mmer.types.face_track import FaceTrack


def rows_of_clip(track: FaceTrack, onset: int, offset: int) -> FaceTrack:
    """Return the rows of onset..offset, both inclusive.

    Raises
    ------
    InputError
        The track has no row there.
    """
    if not ((track.frame >= onset) & (track.frame <= offset)).any():
        raise InputError(
            f"{track.clip_id}: its track covers frames {track.frame[0]}..{track.frame[-1]}, "
            f"the clip is {onset}..{offset}; the track is another clip's, or its frames are numbered otherwise"
        )
    return track.between(onset, offset)


def aligning(track: FaceTrack, size: int, min_valid: float) -> np.ndarray:
    """Fit the transform of a clip from the median of its stable landmarks over the frames with a face.

    The median over the clip makes the transform nearly free of the landmarks' jitter, and one transform for all frames
    keeps that jitter out of the motion.

    Parameters
    ----------
    track : FaceTrack
        Rows onset..offset.
    size : int
        Edge of the aligned picture, pixels.
    min_valid : float
        Least fraction of frames that must have a face, 0..1.

    Returns
    -------
    ndarray of shape (2, 3), float64
        From pixels of the source frame to pixels of the aligned picture.

    Raises
    ------
    Excluded
        Fewer frames than ``min_valid`` have a face.
    """
    valid = track.valid
    if valid.mean() < min_valid or not valid.any():
        raise Excluded(
            f"a face in {valid.sum()} of {len(valid)} frames ({valid.mean():.0%}), fewer than min_valid {min_valid:.0%}"
        )
    try:
        return to_aligned(track.landmarks, size)
    except InputError as error:
        raise InputError(f"{track.clip_id}: {error}") from error


def aligned(image: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """Warp one frame onto the canonical face.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), uint8, RGB
    matrix : ndarray of shape (2, 3)
        From pixels of the source frame to pixels of the aligned picture.
    size : int
        Edge of the aligned picture, pixels.

    Returns
    -------
    ndarray of shape (size, size), uint8
        Grey; beyond the border of the source frame its edge is repeated.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.85:
        # Shrinking samples too few pixels; without a blur first, texture would alias and look like motion.
        grey = cv2.GaussianBlur(grey, (0, 0), 0.45 / scale)
    return cv2.warpAffine(grey, matrix, (size, size), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
