"""What every magnifier asks of its clip and of alpha, and how a change since onset is filtered in time."""

import math
from typing import Protocol

import numpy as np

from mmer.types.errors import InputError, nearest

TEMPORAL = ("onset", "band")


class Magnifier(Protocol):
    """What every component of conf/magnify/ has, see ``mmer.motion.magnify``."""

    name: str
    alpha: float
    whole_clip: bool

    def magnify(self, frames: np.ndarray, fps: float) -> np.ndarray:
        """Magnify the motion of frames (T, H, W) in 0..1."""


def magnified(magnifier: Magnifier, pictures: np.ndarray, fps: float) -> np.ndarray:
    """Magnify 8-bit pictures (T, H, W), the onset first; the result is rounded to 8 bits again."""
    larger = magnifier.magnify(pictures.astype(np.float32) / 255, float(fps))
    return np.rint(255 * larger).astype(np.uint8)


def check_settings(name: str, alpha: float, temporal: str, low: float | None, high: float | None) -> None:
    """Check what all magnifiers have in common.

    Raises
    ------
    InputError
        A value does not exist or is out of its range.
    """
    if not 0 <= alpha <= 100:
        raise InputError(f"{name}: alpha is what the motion is multiplied by, 0..100 (1 changes nothing), got {alpha}")
    if temporal not in TEMPORAL:
        raise InputError(f"{name}: temporal {temporal!r}; {nearest(temporal, TEMPORAL)}")
    given = low is not None and high is not None
    if temporal == "band" and not (given and math.isfinite(high) and 0 < low < high):
        raise InputError(f"{name}: `temporal: band` needs low and high in hertz, 0 < low < high, got {low} and {high}")
    if temporal == "onset" and (low is not None or high is not None):
        raise InputError(f"{name}: low and high are read under `temporal: band` only; leave them null")


def check_clip(name: str, frames: np.ndarray) -> np.ndarray:
    """Return frames as float32.

    Raises
    ------
    InputError
        They are not (T, H, W) floats in 0..1, or smaller than 16 x 16 pixels.
    """
    frames = np.asarray(frames)
    if frames.ndim != 3 or len(frames) < 1 or min(frames.shape[1:]) < 16 or frames.dtype.kind != "f":
        raise InputError(
            f"{name}: frames must be floats of shape (T, H, W), at least 16 x 16 pixels, got {frames.dtype} "
            f"{frames.shape}"
        )
    if not np.isfinite(frames).all() or frames.min() < 0 or frames.max() > 1:
        raise InputError(f"{name}: frames must be finite and lie in 0..1; divide 8-bit pictures by 255")
    return frames.astype(np.float32, copy=False)


def clipped(frames: np.ndarray) -> np.ndarray:
    """Return frames float32, clipped to 0..1: magnified edges may leave the range of a picture."""
    return np.clip(frames, 0, 1).astype(np.float32, copy=False)


def change(
    signal: np.ndarray, name: str, fps: float, temporal: str, low: float | None, high: float | None
) -> np.ndarray:
    """Return the part of a signal's change since its first frame that is to be magnified.

    Parameters
    ----------
    signal : ndarray of shape (T, ...)
    name : str
        Of the magnifier, for messages.
    fps : float
    temporal : str
        ``onset``: all of it, the one sensible choice for a few frames. ``band``: what lies between ``low`` and ``high``
        hertz (Butterworth of order 2, run forwards and backwards, so without delay), less its value at the first
        frame: the onset stays as it is.
    low, high : float or None

    Returns
    -------
    ndarray of shape (T, ...)
        Zero in the first frame.

    Raises
    ------
    InputError
        There are too few frames for a band, or their rate is unknown or too low.
    """
    since = signal - signal[:1]
    if temporal == "onset":
        return since
    if not (math.isfinite(fps) and fps > 2 * high):
        raise InputError(
            f"{name}: up to {high:g} Hz needs more than {2 * high:g} frames per second, got {fps:g}; lower high, or "
            "choose `temporal: onset`"
        )
    if len(signal) < 3:
        raise InputError(f"{name}: a band needs at least 3 frames, got {len(signal)}; choose `temporal: onset`")
    from scipy.signal import butter, sosfiltfilt  # takes a second to import, and few clips need it

    sections = butter(2, (low, high), "bandpass", fs=fps, output="sos")
    # The clip is mirrored by its whole length: a short one would else be all transient.
    kept = sosfiltfilt(sections, since, axis=0, padlen=len(since) - 1).astype(since.dtype)
    return kept - kept[:1]
