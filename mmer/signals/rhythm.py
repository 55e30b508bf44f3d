"""Rhythm: base of the signals of something that repeats: heart, pulse, breath."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mmer.signals.intervals import check_measures, interval_values
from mmer.signals.recorded import Recorded
from mmer.signals.unusable import Unusable
from mmer.types.signal_window import SignalWindow


@dataclass(frozen=True)
class Rhythm(Recorded):
    """Numbers per window of every channel picked: (C, F).

    With a ``baseline`` its numbers are taken off. A measure that the window (or the baseline) is too short for is
    refused when the signal is built.

    Parameters
    ----------
    measures : tuple of str
        Those of ``mmer.signals.intervals.interval_values`` that the signal knows, and ``amplitude``.
    """

    measures: tuple[str, ...] = ("rate", "interval", "slope", "change", "amplitude")

    what: ClassVar[str]
    bounds: ClassVar[tuple[float, float]]
    valid: ClassVar[tuple[str, ...]]

    def __post_init__(self) -> None:
        super().__post_init__()
        stretches = [(self.start, self.stop), *([self.baseline] if self.baseline else [])]
        check_measures(self.name, self.measures, self.valid, min(stop - start for start, stop in stretches))

    def events(self, line: np.ndarray, sfreq: float) -> tuple[np.ndarray, float]:
        """Find the events of one channel.

        Parameters
        ----------
        line : ndarray of shape (S,)
        sfreq : float, hertz

        Returns
        -------
        moments : ndarray of shape (n,), seconds from the first sample
        amplitude : float
            Median over events, in the unit of the channel; anything where there is no event.
        """
        raise NotImplementedError

    def describe(self, window: SignalWindow, baseline: SignalWindow | None) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return the numbers of every channel, less those of the baseline."""
        values = self._numbers(window)
        return (values if baseline is None else values - self._numbers(baseline)), self.measures

    def _numbers(self, window: SignalWindow) -> np.ndarray:
        rows = []
        for name, line in zip(window.channels, window.values, strict=True):
            moments, amplitude = self.events(line, window.sfreq)
            try:
                found = interval_values(moments, window.seconds, self.measures, self.what, self.bounds)
            except Unusable as reason:
                raise Unusable(f"{name}: {reason}") from reason
            found["amplitude"] = amplitude
            rows.append([found[measure] for measure in self.measures])
        return np.array(rows)
