"""BandPower: differential entropy or logarithmic power of EEG per band and channel.

Duan, Zhu, Lu: Differential entropy feature for EEG-based emotion classification, NER 2013.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from mmer.signals.cleaning import MUSCLE_LIMIT
from mmer.signals.unmixed import Unmixed
from mmer.types.errors import InputError, nearest

MEASURES = ("de", "log_power", "relative")
SPECTRA = ("multitaper", "hann")
BASES = {"e": 1.0, "2": math.log(2)}
MICRO = 1e12  # square volts -> square microvolts
LEAST = 1e-6  # square microvolts, far under any amplifier's noise: a channel that is flat has a logarithm
BANDS = {"theta": [4.0, 8.0], "alpha": [8.0, 14.0], "beta": [14.0, 30.0], "gamma": [30.0, 45.0]}


@dataclass(frozen=True)
class BandPower(Unmixed):
    """Of each band ``[low, high)`` the power P, the integral of the spectral density over it, in square microvolts.

    ``de``
        ``1/2 log(2 pi e P)``: the differential entropy of a Gaussian signal of that variance. For a zero-mean signal
        filtered to the band, P is its variance, by Parseval's theorem.
    ``log_power``
        ``log(P)``.
    ``relative``
        ``log(P / sum of all bands)``.

    With a ``baseline`` its value is taken off, so that a feature says how the band changed. Cleaning's ``drop_muscle``
    leaves out the bands that reach above 20 Hz.

    Parameters
    ----------
    bands : dict of str to pair of float, hertz
        They may overlap or leave gaps. Each must be at least one frequency step (1 / seconds of the window) wide.
    measures : tuple of str
        ``de``, ``log_power``, ``relative``.
    logarithm : str
        ``e`` (SEED's papers) or ``2`` (torcheeg's).
    spectrum : str
        ``multitaper`` (Thomson, half bandwidth 2 steps, the least variance) or ``hann`` (one periodogram; less leak
        between narrow bands).
    """

    bands: dict[str, list[float]] = field(
        default_factory=lambda: {name: list(edges) for name, edges in BANDS.items()}, hash=False
    )
    measures: tuple[str, ...] = ("de",)
    logarithm: str = "e"
    spectrum: str = "multitaper"

    def __post_init__(self) -> None:
        super().__post_init__()
        for key, values, valid in (
            ("measures", self.measures, MEASURES),
            ("logarithm", (self.logarithm,), BASES),
            ("spectrum", (self.spectrum,), SPECTRA),
        ):
            for value in values:
                if value not in valid:
                    raise InputError(f"signal {self.name}: {key} {value!r}; {nearest(value, valid)}")
        if not self.measures or not self.kept:
            raise InputError(f"signal {self.name}: no measure or no band is left to compute")
        stretches = [self.stop - self.start, *([self.baseline[1] - self.baseline[0]] if self.baseline else [])]
        low, high = self.band
        for name, edges in self.kept.items():
            where = f"signal {self.name}: band {name} {list(edges)}"
            if len(edges) != 2 or not 0 <= edges[0] < edges[1]:
                raise InputError(f"{where} must be [low, high] in hertz")
            if (edges[1] - edges[0]) * min(stretches) < 1:
                raise InputError(
                    f"{where} is narrower than {1 / min(stretches):g} Hz, which is all that {min(stretches):g} s can "
                    "tell apart; make the window or the band wider"
                )
            top = min(high or np.inf, self.sfreq / 2 if self.sfreq else np.inf)
            if edges[0] < (low or 0) or edges[1] > top:
                raise InputError(
                    f"{where} leaves what cleaning keeps, {low or 0:g} to {top:g} Hz; change `low`, `high`"
                )

    @property
    def kept(self) -> dict[str, list[float]]:
        """The bands; with ``drop_muscle`` those that do not reach into the muscles'."""
        return {name: edges for name, edges in self.bands.items() if not self.drop_muscle or edges[1] <= MUSCLE_LIMIT}

    def described(
        self, values: np.ndarray, baseline: np.ndarray | None, sfreq: float
    ) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return (..., C, F) of windows (..., C, S), features measure by measure, and their names."""
        kept = self.kept
        out = self._measured(values, sfreq)
        if baseline is not None:
            out = out - self._measured(baseline, sfreq)
        return out, tuple(f"{measure}_{name}" for measure in self.measures for name in kept)

    def _measured(self, values: np.ndarray, sfreq: float) -> np.ndarray:
        power = np.maximum(band_powers(values, sfreq, self.kept, self.spectrum) * MICRO, LEAST)
        logs = {
            "de": 0.5 * np.log(2 * np.pi * np.e * power),
            "log_power": np.log(power),
            "relative": np.log(power / power.sum(-1, keepdims=True)),
        }
        return np.concatenate([logs[name] for name in self.measures], axis=-1) / BASES[self.logarithm]


def band_powers(values: np.ndarray, sfreq: float, bands: dict[str, list[float]], spectrum: str) -> np.ndarray:
    """Integrate the spectral density over bands.

    Parameters
    ----------
    values : ndarray of shape (..., S)
    sfreq : float, hertz
    bands : dict of B names to [low, high], hertz
    spectrum : str
        ``multitaper`` or ``hann``.

    Returns
    -------
    ndarray of shape (..., B)
        In the square of the unit of ``values``.
    """
    length = values.shape[-1]
    values = values - values.mean(-1, keepdims=True)
    if spectrum == "hann":
        from scipy.signal import periodogram

        hertz, density = periodogram(values, sfreq, window="hann", detrend=False)
    else:
        import mne

        wide = 4 * sfreq / length
        density, hertz = mne.time_frequency.psd_array_multitaper(
            values, sfreq, bandwidth=wide, normalization="full", verbose="error"
        )
    step, parts = sfreq / length, []
    for low, high in bands.values():
        # A step of the spectrum stands for half a step on either side of it.
        share = np.clip(np.minimum(hertz + step / 2, high) - np.maximum(hertz - step / 2, low), 0, step)
        parts.append((density * share).sum(-1))
    return np.stack(parts, axis=-1)
