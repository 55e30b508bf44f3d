"""Raw: the samples of the window themselves, for networks that read time."""

from dataclasses import dataclass

import numpy as np

from mmer.signals.recorded import Recorded
from mmer.types.signal_window import SignalWindow


@dataclass(frozen=True)
class Raw(Recorded):
    """The cleaned window, channels by samples, in volts. Its keys are those of ``Recorded``."""

    def describe(self, window: SignalWindow, baseline: SignalWindow | None) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return the samples; less the mean of the baseline, per channel, where there is one."""
        if baseline is None:
            return window.values, ()
        return window.values - baseline.values.mean(1, keepdims=True), ()
