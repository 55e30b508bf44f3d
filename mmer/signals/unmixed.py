"""Unmixed: base of the signals of the scalp that may have eye and muscle components taken out in every fold."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmer.signals.ica import Unmixer, fit_ica
from mmer.signals.recorded import Recorded
from mmer.types.errors import InputError
from mmer.types.samples import Samples
from mmer.types.signal_window import SignalLayout, SignalWindow


@dataclass(frozen=True)
class Unmixed(Recorded):
    """A signal whose windows may go through ``mmer.signals.ica`` before they are described.

    With ``ica`` above 0 the stream that ``cut`` makes holds samples, the baseline's before the window's; what the
    subclass computes of them is computed in the fold, after the components that were found in the training clips have
    been taken out.

    Parameters
    ----------
    ica : int
        Components; 0: none are fitted.
    eyes : tuple of str
        Patterns of the names of eye channels; with ``ica`` they must be picked too, and are not in the final stream.
    frontal : tuple of str
        Patterns of scalp channels that stand in for them where none was recorded.
    """

    ica: int = 0
    eyes: tuple[str, ...] = ("*EOG*", "HEO*", "VEO*")
    frontal: tuple[str, ...] = ("Fp1", "Fp2", "Fpz")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.ica < 0 or self.ica == 1:
            raise InputError(f"signal {self.name}: ica is {self.ica}; it is a number of components, at least 2, or 0")

    @property
    def fits(self) -> bool:
        """Whether ``fit`` must be called in every fold."""
        return self.ica > 0

    def describe(self, window: SignalWindow, baseline: SignalWindow | None) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return the final values, or with ``ica`` the samples that they will be computed of."""
        before = None if baseline is None else baseline.values
        if not self.fits:
            return self.described(window.values, before, window.sfreq)
        return (window.values if before is None else np.concatenate([before, window.values], axis=1)), ()

    def described(
        self, values: np.ndarray, baseline: np.ndarray | None, sfreq: float
    ) -> tuple[np.ndarray, tuple[str, ...]]:
        """Say what is kept of windows (..., C, S) and their baselines (..., C, B); every signal has its own.

        Returns
        -------
        values : ndarray of shape (..., C, F) or (..., C, S)
        features : tuple of F str
            Empty where the last axis is time.
        """
        raise NotImplementedError

    def fit(self, samples: Samples) -> tuple[Callable[[np.ndarray], np.ndarray], SignalLayout]:
        """Find the components of the training clips; see ``mmer.signals.signal.Signal``."""
        layout = samples.signals[self.name]
        if not self.fits:
            return np.asarray, layout
        there = samples.present[self.name]
        values = samples.streams[self.name][there]
        unmixer, layout = fit_ica(values, layout, self.ica, self.eyes, self.frontal, self.band[1])
        transform = Finished(self, unmixer, layout.sfreq, self._before(layout.sfreq))
        one, features = transform.described(values[:1])
        sfreq = 0.0 if features else layout.sfreq
        return transform, SignalLayout(
            layout.channels[: one.shape[1]], features, sfreq, layout.start, layout.positions[: one.shape[1]]
        )

    def _before(self, sfreq: float) -> int:
        """How many samples of the baseline lie before the window's."""
        return 0 if self.baseline is None else round((self.baseline[1] - self.baseline[0]) * sfreq)


@dataclass(frozen=True)
class Finished:
    """What ``Unmixed.fit`` returns: samples (n, C, S) as they were cut -> final values, float32.

    Parameters
    ----------
    signal : Unmixed
    unmixer : Unmixer
    sfreq : float, hertz
    before : int
        Samples of the baseline.
    """

    signal: Unmixed
    unmixer: Unmixer
    sfreq: float
    before: int

    def described(self, values: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return the final values and the names of their features."""
        clean = self.unmixer(values)
        baseline = clean[..., : self.before] if self.before else None
        return self.signal.described(clean[..., self.before :], baseline, self.sfreq)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Return the final values."""
        return self.described(values)[0].astype(np.float32)
