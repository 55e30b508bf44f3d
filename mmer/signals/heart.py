"""Heart: rate, intervals and variability of the beats in an ECG."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mmer.signals.intervals import SHORT, SPECTRAL, VARIABILITY
from mmer.signals.neurokit import ask
from mmer.signals.rhythm import Rhythm


@dataclass(frozen=True)
class Heart(Rhythm):
    """R peaks by NeuroKit2's detector, and the intervals between them.

    ``amplitude`` is the median height of the R peaks above the channel's median, volts. Heart-rate variability needs
    minutes, not the seconds of a micro-expression: it is refused in windows under 30 s (``hf`` 60 s, ``lf`` 120 s).
    """

    what: ClassVar[str] = "beat"
    bounds: ClassVar[tuple[float, float]] = (0.3, 2.0)  # 30 to 200 a minute
    valid: ClassVar[tuple[str, ...]] = (*SHORT, "amplitude", *VARIABILITY, *SPECTRAL)

    def events(self, line: np.ndarray, sfreq: float) -> tuple[np.ndarray, float]:
        """Return the moments of the R peaks and their height."""
        # Scaled, because the detector's thresholds were made for millivolts and more.
        scale = np.ptp(line)
        found = ask("ecg_findpeaks", line / scale, sfreq) if scale > 0 else None
        if found is None or not len(found["ECG_R_Peaks"]):
            return np.zeros(0), 0.0
        peaks = np.sort(np.asarray(found["ECG_R_Peaks"], int))
        return peaks / sfreq, float(np.median(line[peaks]) - np.median(line))
