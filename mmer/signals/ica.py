"""Independent components of the eyes and muscles, fitted in the fold on its training windows and taken out of all.

Jung, Makeig, Humphries, Lee, McKeown, Iragui, Sejnowski: Removing electroencephalographic artifacts by blind source
separation, Psychophysiology 37 (2000). The slope of muscle: Dharmaprani et al., EMBC 2016, as in MNE.
"""

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import numpy as np
from scipy.signal import welch

from mmer.types.errors import InputError
from mmer.types.signal_window import SignalLayout

SEED = 0  # of the starting point; the same training windows give the same components
STEPS = 400
EYE = 0.6  # absolute correlation with an eye channel from which a component is the eye's
MUSCLE_SLOPE = -0.25  # of log power over log frequency: muscle is about level (0.15), brain falls (-1 and steeper)
SLOPE_BAND = (7.0, 45.0)  # hertz, in which it is measured
RANK = 1e-9  # of the largest eigenvalue: below it a direction is empty (average reference, interpolated channels)

log = logging.getLogger("mmer")


@dataclass(frozen=True)
class Unmixer:
    """Takes components out of windows: ``matrix @ x + offset`` on the scalp channels; eye channels are left out.

    Parameters
    ----------
    rows : tuple of C' int
        Scalp channels among the channels given.
    matrix : ndarray of shape (C', C')
    offset : ndarray of shape (C', 1), volts
    removed : dict of int to str
        Component -> why it was taken out.
    """

    rows: tuple[int, ...]
    matrix: np.ndarray
    offset: np.ndarray
    removed: dict[int, str]

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Return the windows (n, C', S) of the windows (n, C, S)."""
        return self.matrix @ np.asarray(values, float)[:, list(self.rows)] + self.offset


def fit_ica(
    values: np.ndarray,
    layout: SignalLayout,
    n_components: int,
    eyes: Sequence[str],
    frontal: Sequence[str],
    top: float | None = None,
) -> tuple[Unmixer, SignalLayout]:
    """Fit components on windows and find those of the eyes and of muscles.

    FastICA of MNE on the concatenated windows, from a fixed starting point. A component is the eyes' if it correlates
    with an eye channel (or, where none was recorded, with a frontal one); it is muscle if its spectrum does not fall.
    No label is used, and no clip beside those given.

    Parameters
    ----------
    values : ndarray of shape (n, C, S), volts
        Windows of the training clips.
    layout : SignalLayout
        Of these.
    n_components : int
    eyes : sequence of str
        Patterns of the names of eye channels. They are not in what is returned.
    frontal : sequence of str
        Patterns of scalp channels that stand in for them.
    top : float or None, hertz
        Where a low-pass ends; the slope is measured below.

    Returns
    -------
    unmixer : Unmixer
    layout : SignalLayout
        Of what it returns.

    Raises
    ------
    InputError
        There are too few channels or training windows for so many components.
    """
    import mne

    names = layout.channels
    watched = [row for row, name in enumerate(names) if _among(name, eyes)]
    rows = [row for row in range(len(names)) if row not in watched]
    data = np.asarray(values, float)[:, rows]
    if not len(data) or n_components > (rank := _rank(data)):
        have = f"{rank} independent channels" if len(data) else "no training clip that has the signal"
        raise InputError(
            f"`ica: {n_components}` components, but there are {have} (of {len(rows)} channels; an average reference "
            "takes one, an interpolated channel another); ask for fewer"
        )
    info = mne.create_info([names[row] for row in rows], layout.sfreq, "eeg", verbose="error")
    ica = mne.preprocessing.ICA(n_components, method="fastica", random_state=SEED, max_iter=STEPS, verbose="error")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        ica.fit(mne.EpochsArray(data, info, verbose="error"), verbose="error")
    if any("converge" in str(one.message) for one in said):
        log.warning(
            "ica: FastICA did not converge in %d steps on %d windows; ask for fewer components", STEPS, len(data)
        )
    sources = ica.get_sources(mne.EpochsArray(data, info, verbose="error")).get_data(copy=False)
    stand_in = [row for row, name in enumerate(names) if _among(name, frontal)]
    looks = np.asarray(values, float)[:, watched or stand_in]
    removed = {}
    for part in range(n_components):
        if (likeness := _likeness(sources[:, part], looks)) > EYE:
            removed[part] = f"eyes, r {likeness:.2f}"
        elif (slope := _slope(sources[:, part], layout.sfreq, top)) > MUSCLE_SLOPE:
            removed[part] = f"muscle, slope {slope:+.1f}"
    # Taking components out is an affine map: seen from what becomes of nothing and of each channel alone.
    unit = data.std()
    probe = np.concatenate([np.zeros((len(rows), 1)), unit * np.eye(len(rows))], axis=1)[None]
    seen = mne.EpochsArray(probe, info, verbose="error")
    seen = ica.apply(seen, exclude=list(removed), verbose="error").get_data(copy=False)[0]
    offset = seen[:, :1]
    unmixer = Unmixer(tuple(rows), (seen[:, 1:] - offset) / unit, offset, removed)
    places = tuple(layout.positions[row] for row in rows) if layout.positions else ()
    return unmixer, replace(layout, channels=tuple(names[row] for row in rows), positions=places)


def _among(name: str, patterns: Sequence[str]) -> bool:
    """Whether a channel's name fits one of the patterns, without regard to case."""
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in patterns)


def _rank(data: np.ndarray) -> int:
    """Count the directions in which windows (n, C, S) vary."""
    flat = data.transpose(1, 0, 2).reshape(data.shape[1], -1)
    size = np.linalg.eigvalsh(np.cov(flat))
    return int((size > RANK * size.max()).sum())


def _likeness(source: np.ndarray, looks: np.ndarray) -> float:
    """Return the largest absolute correlation of a component (n, S) with channels (n, E, S)."""
    flat = source.ravel()
    rest = looks.transpose(1, 0, 2).reshape(looks.shape[1], -1)
    return max((abs(float(np.corrcoef(flat, line)[0, 1])) for line in rest if line.std() > 0), default=0.0)


def _slope(source: np.ndarray, sfreq: float, top: float | None) -> float:
    """Return the slope of log power over log frequency of a component (n, S); -inf where the band is too narrow."""
    last = min(SLOPE_BAND[1], 0.4 * sfreq, top or np.inf)
    hertz, power = welch(source, sfreq, nperseg=min(source.shape[1], round(2 * sfreq)))
    inside = (hertz >= SLOPE_BAND[0]) & (hertz <= last)
    if last < 2.5 * SLOPE_BAND[0] or inside.sum() < 5:
        return -np.inf
    return float(np.polyfit(np.log10(hertz[inside]), np.log10(power.mean(0)[inside]), 1)[0])
