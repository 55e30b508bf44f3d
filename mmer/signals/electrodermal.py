"""Electrodermal: level and responses of skin conductance."""

from dataclasses import dataclass

import numpy as np

from mmer.signals.neurokit import ask
from mmer.signals.recorded import Recorded
from mmer.types.errors import InputError, nearest
from mmer.types.signal_window import SignalWindow

SHORT = ("level", "slope", "rise", "latency")
LONG = ("tonic", "scr_count", "scr_amplitude")
LEAST_SECONDS = 20.0  # one period of the 0.05 Hz that parts tonic from phasic
LEAST_RISE = 0.01  # microsiemens, the smallest response that is counted (Boucsein, Electrodermal Activity, 2012)
MICRO = {"S": 1e6}  # recordings hold siemens; an unknown unit is left as it is


@dataclass(frozen=True)
class Electrodermal(Recorded):
    """Numbers per window of every channel picked: (C, F). Conductance in microsiemens.

    ``level``, ``slope``
        Mean, and least-squares slope per second.
    ``rise``, ``latency``
        Amplitude of the largest response, from a trough to the highest point after it, and the seconds from the
        anchor to that trough. A rise under 0.01 microsiemens is none: 0, and the end of the window.
    ``tonic``, ``scr_count``, ``scr_amplitude``
        NeuroKit2's: mean of what a 0.05 Hz high-pass leaves out, number and mean amplitude of the responses in what it
        leaves. Only in windows of 20 s or more; in shorter ones that filter cannot tell the two apart.

    With a ``baseline`` its numbers are taken off, but for the latency.

    Parameters
    ----------
    measures : tuple of str
    """

    measures: tuple[str, ...] = SHORT

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.measures:
            raise InputError(f"signal {self.name}: no measure is named; valid: {', '.join((*SHORT, *LONG))}")
        seconds = min(self.seconds, self.baseline[1] - self.baseline[0] if self.baseline else np.inf)
        for measure in self.measures:
            if measure not in (*SHORT, *LONG):
                raise InputError(f"signal {self.name}: measure {measure!r}; {nearest(measure, (*SHORT, *LONG))}")
            if measure in LONG and seconds < LEAST_SECONDS:
                raise InputError(
                    f"signal {self.name}: {measure} needs at least {LEAST_SECONDS:g} s, the window or its baseline has "
                    f"{seconds:g} s; make it longer, or take {', '.join(SHORT)}"
                )

    def describe(self, window: SignalWindow, baseline: SignalWindow | None) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return the numbers of every channel, less those of the baseline."""
        values = self._numbers(window)
        if baseline is not None:
            keep = np.array([measure != "latency" for measure in self.measures])
            values = values - np.where(keep, self._numbers(baseline), 0)
        return values, self.measures

    def _numbers(self, window: SignalWindow) -> np.ndarray:
        units = window.units or ("V",) * len(window.channels)
        rows = []
        for line, unit in zip(window.values, units, strict=True):
            found = self._of(line * MICRO.get(unit, 1.0), window.sfreq, window.start)
            rows.append([found[measure] for measure in self.measures])
        return np.array(rows)

    def _of(self, line: np.ndarray, sfreq: float, start: float) -> dict[str, float]:
        """Return all measures of one channel that are wanted."""
        time = start + np.arange(len(line)) / sfreq
        highest_after = np.maximum.accumulate(line[::-1])[::-1]
        trough = int((highest_after - line).argmax())
        rise = float(highest_after[trough] - line[trough])
        there = rise >= LEAST_RISE
        values = {
            "level": float(line.mean()),
            "slope": float(np.polyfit(time - time.mean(), line, 1)[0]),
            "rise": rise if there else 0.0,
            "latency": float(time[trough]) if there else start + len(line) / sfreq,
        }
        if set(self.measures) & set(LONG):
            values |= _parted(line, sfreq)
        return values


def _parted(line: np.ndarray, sfreq: float) -> dict[str, float]:
    """Part tonic from phasic conductance and find the responses in the phasic."""
    parts = ask("eda_phasic", line, sfreq, method="highpass")
    peaks = ask("eda_peaks", np.asarray(parts["EDA_Phasic"]), sfreq) if parts is not None else None
    sizes = np.zeros(0) if peaks is None else np.asarray(peaks["SCR_Amplitude"], float)
    sizes = sizes[np.isfinite(sizes) & (sizes >= LEAST_RISE)]
    tonic = line.mean() if parts is None else np.asarray(parts["EDA_Tonic"]).mean()
    return {
        "tonic": float(tonic),
        "scr_count": float(len(sizes)),
        "scr_amplitude": float(sizes.mean()) if len(sizes) else 0.0,
    }
