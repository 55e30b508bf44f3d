"""Channels that measure nothing useful: found by rule in the recording itself, interpolated where positions are known.

Rules after Bigdely-Shamlo, Mullen, Kothe, Su, Robbins: The PREP pipeline, Frontiers in Neuroinformatics 9:16 (2015).
"""

import warnings
from collections.abc import Sequence

import numpy as np

from mmer.types.errors import InputError

SCALP = "eeg"
ELECTRIC = ("eeg", "eog", "ecg", "emg")
FLAT = 1e-7  # volts, from lowest to highest: under the noise of any amplifier
RAIL = 0.02  # fraction of samples that stay at the highest or lowest value
DEVIATING = 5.0  # robust z of the logarithm of the standard deviation
LEAST_SPREAD = 0.2  # of that logarithm between good channels (20 %): equal channels are no reason to suspect one
NEIGHBOURS = 6
FEWEST = 6  # scalp channels needed before one can be called unlike the others
HEAD_CENTRE = (0.0, 0.0, 0.04)  # metres in MNE's head frame; fixed, because few electrodes fit no sphere


def stuck(values: np.ndarray, kinds: Sequence[str]) -> dict[int, str]:
    """Find flat and clipped channels, in samples as they were recorded.

    Parameters
    ----------
    values : ndarray of shape (C, S)
        Volts where the kind is electric.
    kinds : sequence of C str
        In MNE's words.

    Returns
    -------
    dict of int to str
        Channel -> ``flat`` or ``clipped``. A channel that measures no voltage is only ever flat when it is constant:
        slow sensors hold each value for many samples.
    """
    found = {}
    for row, (line, kind) in enumerate(zip(values, kinds, strict=True)):
        if kind not in ELECTRIC:
            if kind != "stim" and np.ptp(line) == 0:
                found[row] = "flat"
            continue
        if np.ptp(line) < FLAT:
            found[row] = "flat"
            continue
        held = line[1:] == line[:-1]
        at_end = (line[1:] == line.max()) | (line[1:] == line.min())
        if (held & at_end).mean() > RAIL:
            found[row] = "clipped"
    return found


def unlike(
    values: np.ndarray, positions: Sequence[Sequence[float]], least_correlation: float, known: Sequence[int] = ()
) -> dict[int, str]:
    """Find scalp channels whose amplitude deviates, or that no neighbour resembles.

    Parameters
    ----------
    values : ndarray of shape (C, S)
        Filtered, scalp channels only.
    positions : sequence of C triples of float
        Metres; empty: every other channel counts as a neighbour.
    least_correlation : float, 0..1
        A channel whose largest absolute correlation with its nearest neighbours is smaller is bad.
    known : sequence of int
        Channels found bad already, which are no reference for others.

    Returns
    -------
    dict of int to str
        Channel -> reason. Empty where fewer than 6 good channels are left to compare with.
    """
    rows = np.array([row for row in range(len(values)) if row not in set(known)])
    if len(rows) < FEWEST:
        return {}
    found: dict[int, str] = {}
    size = np.log(values[rows].std(1) + np.finfo(float).tiny)
    spread = max(1.4826 * np.median(np.abs(size - np.median(size))), LEAST_SPREAD)
    deviation = (size - np.median(size)) / spread
    for row, z in zip(rows, deviation, strict=True):
        if abs(z) > DEVIATING:
            found[int(row)] = f"amplitude deviates, z {z:+.0f}"
    rows = np.array([row for row in rows if row not in found])
    if len(rows) < FEWEST:
        return found
    likeness = np.abs(np.corrcoef(values[rows]))
    np.fill_diagonal(likeness, 0)
    if len(positions):
        places = np.asarray(positions, float)[rows]
        apart = np.linalg.norm(places[:, None] - places[None], axis=2)
        np.fill_diagonal(apart, np.inf)
        far = np.argsort(apart, axis=1, kind="stable")[:, NEIGHBOURS:]
        np.put_along_axis(likeness, far, 0, axis=1)
    for row, best in zip(rows, likeness.max(1), strict=True):
        if best < least_correlation:
            found[int(row)] = f"unlike its neighbours, r {best:.2f}"
    return found


def interpolated(
    values: np.ndarray, channels: Sequence[str], positions: Sequence[Sequence[float]], bad: Sequence[int], sfreq: float
) -> np.ndarray:
    """Replace bad scalp channels by spherical splines of the others (Perrin et al., 1989; MNE's implementation).

    Parameters
    ----------
    values : ndarray of shape (C, S), volts
    channels : sequence of C str
    positions : sequence of C triples of float
        Metres in MNE's head frame.
    bad : sequence of int
    sfreq : float, hertz

    Returns
    -------
    ndarray of shape (C, S)
        Good channels are the same numbers.
    """
    import mne

    if len(positions) != len(channels):
        raise InputError("interpolating a bad channel needs the position of every channel")
    info = mne.create_info(list(channels), sfreq, "eeg", verbose="error")
    places = dict(zip(channels, np.asarray(positions, float), strict=True))
    info.set_montage(mne.channels.make_dig_montage(places, coord_frame="head"), verbose="error")
    info["bads"] = [channels[row] for row in bad]
    evoked = mne.EvokedArray(values, info, verbose="error")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Estimated head radius")
        evoked.interpolate_bads(origin=HEAD_CENTRE, verbose="error")
    return evoked.data
