"""Alignment: how a clip's own time maps to a recording's, and how well that is known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmer.types.errors import InputError

DRIFT_WARNED = 1e-4  # two crystal clocks differ by some 5e-5
DRIFT_REFUSED = 1e-3  # more is a wrong sampling rate, a wrong frame rate or a wrong marker


class Unaligned(InputError):
    """One clip cannot be put on the clock of its recording; it is kept without the signal, for this reason."""


@dataclass(frozen=True)
class Alignment:
    """``recording_seconds = rate * video_seconds + offset``.

    Parameters
    ----------
    rate : float
        Seconds of the recording per second of video; 1 where no drift is known.
    offset : float
        Second of the recording at second 0 of the video.
    residual : float
        Farthest that a marker lies from the line, seconds; NaN where one marker or a stated offset leaves none.
    notes : tuple of str
        What a reader should know, one clause each.
    """

    rate: float
    offset: float
    residual: float = float("nan")
    notes: tuple[str, ...] = ()

    def __call__(self, video_seconds: float) -> float:
        """Return the second of the recording."""
        return self.rate * video_seconds + self.offset


def drifts(rate: float) -> bool:
    """Say whether a rate deserves a warning; a part in a million is what markers can tell."""
    return round(abs(rate - 1) * 1e6) > round(DRIFT_WARNED * 1e6)


def fit_markers(video: Sequence[float], recording: Sequence[float], allowed: float, where: str) -> Alignment:
    """Fit the two clocks to markers that both saw.

    Parameters
    ----------
    video, recording : sequences of float
        Seconds of each marker on either clock, in the same order.
    allowed : float
        Seconds a marker may lie beside the line.
    where : str
        File or files, for messages.

    Returns
    -------
    Alignment
        One marker gives an offset and no drift, and says so. Markers that lie closer together than a second say nothing
        about drift either.

    Raises
    ------
    Unaligned
        There is no marker, the rates differ by more than ``DRIFT_REFUSED``, or a marker lies too far beside the line.
    """
    x, y = np.asarray(video, float), np.asarray(recording, float)
    if not len(x):
        raise Unaligned(f"{where}: no marker that both clocks saw")
    if np.ptp(x) < 1.0:
        few = "one marker" if len(x) == 1 else f"{len(x)} markers within a second"
        offset = float(np.mean(y - x))
        residual = float("nan") if len(x) == 1 else float(np.abs(y - x - offset).max())
        _check_residual(x, y, 1.0, offset, allowed, where)
        return Alignment(1.0, offset, residual, (f"{few}: offset only, drift unknown",))
    # Seen from their middle: seconds since 1970 squared would leave no digit for the drift.
    rate = float(np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2))
    offset = float(y.mean() - rate * x.mean())
    drift = rate - 1.0
    if abs(drift) > DRIFT_REFUSED:
        raise Unaligned(
            f"{where}: by {len(x)} markers the recording runs {rate:.5f} times as fast as the video, more than clocks "
            f"drift ({DRIFT_REFUSED:g}); is the sampling rate of the recording, the video's fps, or a marker wrong?"
        )
    residual = _check_residual(x, y, rate, offset, allowed, where)
    notes = [f"drift {drift * 1e6:+.0f} ppm"]
    if drifts(rate):
        notes = [f"drift {drift * 1e6:+.0f} ppm, more than clocks usually have ({DRIFT_WARNED * 1e6:.0f} ppm)"]
    if len(x) == 2:
        notes.append("two markers: the residual cannot be checked")
    return Alignment(rate, offset, residual, tuple(notes))


def _check_residual(x: np.ndarray, y: np.ndarray, rate: float, offset: float, allowed: float, where: str) -> float:
    """Return how far the farthest marker lies beside the line, or refuse it."""
    beside = (y - y.mean()) - rate * (x - x.mean()) - (offset - y.mean() + rate * x.mean())
    worst = int(np.abs(beside).argmax())
    residual = float(abs(beside[worst]))
    if residual > allowed:
        raise Unaligned(
            f"{where}: the marker at {y[worst]:.3f} s of the recording lies {residual * 1e3:.1f} ms beside the line "
            f"through all {len(x)} markers, {allowed * 1e3:.1f} ms are allowed; correct or remove it, or raise "
            "`max_residual` (frames) in conf/recordings"
        )
    return residual
