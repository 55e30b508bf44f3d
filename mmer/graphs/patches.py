"""Patches: what pictures and fields of motion show around each node of a graph.

A map is a plane of numbers on the aligned face: a channel of the flow since onset, the strain, the grey face itself, or
a learned representation of its shape. At every moment it is looked at where the node lay at onset: that is where the
flow belongs, and a patch that followed its landmark would jitter with it.
"""

from collections.abc import Sequence

import numpy as np

from mmer.types.errors import InputError, nearest
from mmer.types.motion import ClipMotion


def flow_patch(
    motion: ClipMotion, places: np.ndarray, patch: int, channels: tuple[str, ...], flip: bool = False
) -> np.ndarray:
    """Cut the square around each node out of the motion of a clip, from onset to apex: (1, N, C * patch * patch).

    As ``map_patch``, of the motion's ``values``.
    """
    return map_patch(motion, motion.values[None], motion.channels, places, patch, channels, flip)


def map_patch(
    motion: ClipMotion,
    maps: np.ndarray,
    names: Sequence[str],
    places: np.ndarray,
    patch: int,
    channels: Sequence[str],
    flip: bool = False,
) -> np.ndarray:
    """Cut the square around each node out of maps of the aligned face.

    Parameters
    ----------
    motion : ClipMotion
        The clip, for messages.
    maps : ndarray of shape (T, M, H, W)
    names : sequence of M str
    places : ndarray of shape (N, 2)
        x (column) and y (row) in pixels of the aligned face; rounded to the nearest pixel, moved to the border if
        outside. Beyond the border its pixels are repeated.
    patch : int
        Edge of the square, odd, pixels.
    channels : sequence of C str
        Those of ``names`` that are cut, in this order.
    flip : bool
        Mirror the patch left to right, and the sign of ``u`` with it: the other half of the face seen as this one.

    Returns
    -------
    ndarray of shape (T, N, C * patch * patch), float32
        Flattened in the order channel, row, column.

    Raises
    ------
    InputError
        There is no such channel, or it is not known where the face lies in the maps.
    """
    squares = _squares(motion, maps, names, places, patch, channels, flip)
    return np.ascontiguousarray(squares.reshape(*squares.shape[:2], -1))


def map_mean(
    motion: ClipMotion,
    maps: np.ndarray,
    names: Sequence[str],
    places: np.ndarray,
    patch: int,
    channels: Sequence[str],
    flip: bool = False,
) -> np.ndarray:
    """Average each channel over the square around each node: (T, N, C) float32; the rest as in ``map_patch``."""
    return (
        _squares(motion, maps, names, places, patch, channels, flip).mean((-2, -1), dtype=np.float64).astype(np.float32)
    )


def _squares(
    motion: ClipMotion,
    maps: np.ndarray,
    names: Sequence[str],
    places: np.ndarray,
    patch: int,
    channels: Sequence[str],
    flip: bool,
) -> np.ndarray:
    """Return (T, N, C, patch, patch) float32."""
    for channel in channels:
        if channel not in names:
            raise InputError(f"{motion.clip_id}: its motion has no channel {channel!r}; {nearest(channel, names)}")
    if not np.isfinite(places).all():
        raise InputError(
            f"{motion.clip_id}: it is not known where the landmarks lie in its motion; set `template_aligned: true` if "
            "the precomputed motion lies on the canonical face, or choose node features that need no place on it "
            "(displacement, position, au_activation)"
        )
    planes = maps[:, [list(names).index(channel) for channel in channels]].astype(np.float32)
    limit = np.array([maps.shape[3], maps.shape[2]]) - 1
    corner = np.clip(np.floor(places + 0.5).astype(int), 0, limit)
    beyond = (patch // 2, patch // 2)
    padded = np.pad(planes, ((0, 0), (0, 0), beyond, beyond), mode="edge")
    squares = np.stack([padded[:, :, y : y + patch, x : x + patch] for x, y in corner], axis=1)
    if flip:
        sign = np.array([-1.0 if channel == "u" else 1.0 for channel in channels], np.float32)
        squares = squares[..., ::-1] * sign[:, None, None]
    return squares
