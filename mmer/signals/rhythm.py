"""Rhythm: base of the signals of something that repeats: heart, pulse, breath."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from mmer.signals.intervals import check_measures, course_of, interval_values
from mmer.signals.recorded import Recorded
from mmer.signals.unusable import Unusable
from mmer.types.errors import InputError
from mmer.types.signal_window import SignalWindow


@dataclass(frozen=True)
class Rhythm(Recorded):
    """Numbers per window of every channel picked: (C, F).

    With a ``baseline`` its measures are taken off (not from the course, which is relative as it is). A measure that the
    window (or the baseline) is too short for is refused when the signal is built.

    Parameters
    ----------
    measures : tuple of str
        Those of ``mmer.signals.intervals.interval_values`` that the signal knows, and ``amplitude``.
    course : tuple of float
        Edges of stretches, seconds from the anchor, ascending. For each stretch a feature ``rate_A_B``: the rate in it
        less that of the whole window, per minute. How a rate answers shows in its course, not in its mean.
    """

    measures: tuple[str, ...] = ("rate", "interval", "slope", "change", "amplitude")
    course: tuple[float, ...] = ()

    what: ClassVar[str]
    bounds: ClassVar[tuple[float, float]]
    valid: ClassVar[tuple[str, ...]]

    def __post_init__(self) -> None:
        super().__post_init__()
        stretches = [(self.start, self.stop), *([self.baseline] if self.baseline else [])]
        check_measures(self.name, self.measures, self.valid, min(stop - start for start, stop in stretches))
        edges = self.course
        if edges and (len(edges) < 2 or any(b <= a for a, b in pairwise(edges))):
            raise InputError(f"signal {self.name}: course {list(edges)} must be at least two ascending moments")
        if edges and (edges[0] < self.start or edges[-1] > self.stop):
            raise InputError(
                f"signal {self.name}: course {list(edges)} leaves the window, {self.start:g} to {self.stop:g} s"
            )

    @property
    def features(self) -> tuple[str, ...]:
        """Names of what ``describe`` returns."""
        return (*self.measures, *(f"rate_{a:g}_{b:g}" for a, b in pairwise(self.course)))

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
        values = self._numbers(window, self.course)
        if baseline is not None:
            values[:, : len(self.measures)] -= self._numbers(baseline, ())
        return values, self.features

    def _numbers(self, window: SignalWindow, course: tuple[float, ...]) -> np.ndarray:
        """Return the measures of every channel, and its course."""
        rows = []
        for name, line in zip(window.channels, window.values, strict=True):
            moments, amplitude = self.events(line, window.sfreq)
            try:
                found = interval_values(moments, window.seconds, self.measures, self.what, self.bounds)
            except Unusable as reason:
                raise Unusable(f"{name}: {reason}") from reason
            found["amplitude"] = amplitude
            steps = course_of(moments + window.start, course, self.bounds)
            rows.append([*(found[measure] for measure in self.measures), *steps])
        return np.array(rows)
