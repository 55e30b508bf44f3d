"""Respiration: rate and depth of breaths."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.signal import detrend

from mmer.signals.intervals import SHORT
from mmer.signals.neurokit import ask
from mmer.signals.rhythm import Rhythm


@dataclass(frozen=True)
class Respiration(Rhythm):
    """Inspiration peaks by NeuroKit2's detector (Khodadad et al., 2018) after the window's trend was taken off.

    ``amplitude`` is the depth: the median fall from a peak to the trough after it, in the channel's unit. Belts have no
    absolute unit, so depth means something against a ``baseline`` or after the fold's scaling.
    """

    measures: tuple[str, ...] = ("rate", "interval", "change", "amplitude")

    what: ClassVar[str] = "breath"
    bounds: ClassVar[tuple[float, float]] = (1.0, 15.0)  # 4 to 60 a minute
    valid: ClassVar[tuple[str, ...]] = (*SHORT, "amplitude")

    def events(self, line: np.ndarray, sfreq: float) -> tuple[np.ndarray, float]:
        """Return the moments of the peaks and the depth."""
        level = detrend(line)
        found = ask("rsp_findpeaks", level / level.std(), sfreq) if np.ptp(line) > 0 else None
        if found is None or not len(found["RSP_Peaks"]):
            return np.zeros(0), 0.0
        peaks, troughs = (np.asarray(found[f"RSP_{which}"], int) for which in ("Peaks", "Troughs"))
        falls = [line[peak] - line[after[0]] for peak in peaks if len(after := troughs[troughs > peak])]
        rises = [line[peak] - line[before[-1]] for peak in peaks if len(before := troughs[troughs < peak])]
        return peaks / sfreq, float(np.median(falls or rises or [0.0]))
