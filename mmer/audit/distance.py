"""How far apart two clips are, by their signatures: 0 is the same, 1 is unrelated."""

from collections.abc import Sequence

import numpy as np

from mmer.audit.signature import ClipPicture, mirror

BATCH = 1024  # pairs compared at once


def look_distances(first: Sequence[ClipPicture], second: Sequence[ClipPicture], mirrored: bool = False) -> np.ndarray:
    """Compare the looks of clips of one kind; of clips known by their motion, the look is the motion.

    Parameters
    ----------
    first, second : sequence of n and m ClipPicture
    mirrored : bool
        Mirror the second ones left to right.

    Returns
    -------
    ndarray of shape (n, m), float32
        1 - cosine.
    """
    looks, others = (np.stack([one.look for one in side]).astype(np.float32) for side in (first, second))
    others = mirror(others, second[0].kind) if mirrored else others
    return np.maximum(1 - looks.reshape(len(looks), -1) @ others.reshape(len(others), -1).T, 0)


def movement_distances(
    first: Sequence[ClipPicture], second: Sequence[ClipPicture], mirrored: bool = False
) -> np.ndarray:
    """Compare the movements of the i-th clips of two lists.

    Parameters
    ----------
    first, second : sequence of n ClipPicture
    mirrored : bool
        Mirror the second ones left to right.

    Returns
    -------
    ndarray of shape (n,), float64
        1 - cosine, the least over all trims; NaN where a clip is still.
    """
    result = np.full(len(first), np.nan)
    moving = [place for place in range(len(first)) if first[place].movement.size and second[place].movement.size]
    for start in range(0, len(moving), BATCH):
        batch = moving[start : start + BATCH]
        one, other = (
            np.stack([side[place].movement for place in batch]).astype(np.float32) for side in (first, second)
        )
        other = mirror(other, second[0].kind) if mirrored else other
        shape = (*one.shape[:2], -1)
        cosine = one.reshape(shape) @ other.reshape(shape).transpose(0, 2, 1)
        result[batch] = np.maximum(1 - cosine.max((1, 2)), 0)
    return result
