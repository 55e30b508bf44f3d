"""Pulse: rate, intervals and height of the pulse waves in a photoplethysmogram."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from mmer.signals.intervals import SHORT, SPECTRAL, VARIABILITY
from mmer.signals.neurokit import ask
from mmer.signals.rhythm import Rhythm


@dataclass(frozen=True)
class Pulse(Rhythm):
    """Systolic peaks by NeuroKit2's detector (Elgendi et al., PLoS ONE 8(10), 2013), and the intervals between them.

    ``amplitude`` is the median rise from the lowest point since the peak before, in the channel's unit. What holds for
    the variability of heart beats holds here.
    """

    what: ClassVar[str] = "pulse wave"
    bounds: ClassVar[tuple[float, float]] = (0.3, 2.0)
    valid: ClassVar[tuple[str, ...]] = (*SHORT, "amplitude", *VARIABILITY, *SPECTRAL)

    def events(self, line: np.ndarray, sfreq: float) -> tuple[np.ndarray, float]:
        """Return the moments of the systolic peaks and their rise."""
        scale = line.std()
        found = ask("ppg_findpeaks", line / scale, sfreq) if scale > 0 else None
        if found is None or not len(found["PPG_Peaks"]):
            return np.zeros(0), 0.0
        peaks = np.sort(np.asarray(found["PPG_Peaks"], int))
        rises = [line[last] - line[first:last].min() for first, last in pairwise(peaks)]
        return peaks / sfreq, float(np.median(rises)) if rises else 0.0
