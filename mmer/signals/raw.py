"""Raw: the samples of the window themselves, for networks that read time."""

from dataclasses import dataclass

import numpy as np

from mmer.signals.unmixed import Unmixed


@dataclass(frozen=True)
class Raw(Unmixed):
    """The cleaned window, channels by samples, in volts; less the mean of the baseline where there is one.

    Its keys are those of ``Unmixed`` and ``Recorded``.
    """

    def described(
        self, values: np.ndarray, baseline: np.ndarray | None, sfreq: float
    ) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return the samples; see ``Unmixed``."""
        return (values if baseline is None else values - baseline.mean(-1, keepdims=True)), ()
