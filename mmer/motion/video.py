"""The video of a clip: aligned grey faces at a fixed number of moments from onset to offset."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from mmer.motion.alignment import aligned
from mmer.motion.interpolation import weighed, weights
from mmer.motion.magnify.clip import Magnifier, magnified

KINDS = ("even", "triplet")


def aligned_video(
    decode: Callable[[Iterable[int]], Iterator[tuple[int, np.ndarray]]],
    numbers: tuple[int, ...],
    moments: np.ndarray,
    how: str,
    matrix: np.ndarray,
    size: int,
    magnifier: Magnifier | None = None,
    fps: float = float("nan"),
) -> np.ndarray:
    """Align the faces of a clip and interpolate them at its moments.

    A moment before the first or after the last frame that there is shows that frame. The alignment is one transform per
    clip, so a frame in which no face was found is taken like any other.

    Parameters
    ----------
    decode : callable
        Gives number and picture, (H, W, 3) uint8 RGB, of the frames it is asked for, in ascending order.
    numbers : tuple of int
        The frames that there are from onset to offset, ascending.
    moments : ndarray of shape (T,)
        In frame numbers.
    how : str
        One of ``mmer.motion.interpolation.INTERPOLATIONS``.
    matrix : ndarray of shape (2, 3)
        From pixels of the source frame to pixels of the aligned picture.
    size : int
        Edge of the aligned picture, pixels.
    magnifier : Magnifier or None
        Makes the motion since the first frame larger before faces are interpolated.
    fps : float
        Frames per second, where the magnifier asks for it.

    Returns
    -------
    ndarray of shape (T, size, size), uint8
    """
    share = weights(len(numbers), np.interp(moments, numbers, np.arange(len(numbers))), how)
    used = np.flatnonzero(np.abs(share).max(0) > 1e-9)  # a picture that no moment shows need not be decoded
    if magnifier is not None and magnifier.whole_clip:
        used = np.arange(len(numbers))
    pictures = np.stack([aligned(image, matrix, size) for _, image in decode([numbers[i] for i in used])])
    if magnifier is not None:
        pictures = magnified(magnifier, pictures, fps)
    return np.clip(np.rint(weighed(pictures, share[:, used])), 0, 255).astype(np.uint8)


def video_moments(kind: str, n_frames: int, onset: int, apex: int, offset: int) -> np.ndarray:
    """Return the moments of a video in frame numbers: (n_frames,) float64.

    ``even``: evenly from onset to offset, both included. ``triplet``: onset, apex and offset.
    """
    if kind == "triplet":
        return np.array([onset, apex, offset], np.float64)
    return np.linspace(onset, offset, n_frames)
