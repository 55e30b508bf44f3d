"""Intervals between heart beats or breaths, and what can be said of them in a window of a given length."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from mmer.signals.unusable import Unusable
from mmer.types.errors import InputError, nearest

VARIABILITY = ("sdnn", "rmssd", "pnn50", "sd1", "sd2")
SPECTRAL = ("lf", "hf", "lf_hf")
SHORT = ("rate", "interval", "slope", "change")
# Seconds that a window must have before a measure means anything: Task Force of the ESC and NASPE, Circulation 93
# (1996); Shaffer and Ginsberg, Frontiers in Public Health 5:258 (2017) for windows under five minutes.
LEAST_SECONDS = {**dict.fromkeys(VARIABILITY, 30.0), "hf": 60.0, "lf": 120.0, "lf_hf": 120.0}
LF, HF = (0.04, 0.15), (0.15, 0.4)  # hertz
GRID = 4.0  # hertz, on which intervals are interpolated for their spectrum


def check_measures(name: str, measures: Sequence[str], valid: Iterable[str], seconds: float) -> None:
    """Refuse unknown measures, and those that a window of so many seconds cannot give.

    Raises
    ------
    InputError
        Names the measure, how long a window it needs, and the way out.
    """
    valid = tuple(valid)
    if not measures:
        raise InputError(f"signal {name}: no measure is named; valid: {', '.join(sorted(valid))}")
    for measure in measures:
        if measure not in valid:
            raise InputError(f"signal {name}: measure {measure!r}; {nearest(measure, valid)}")
        if seconds < (least := LEAST_SECONDS.get(measure, 0.0)):
            raise InputError(
                f"signal {name}: {measure} needs at least {least:g} s, the window or its baseline has {seconds:g} s: "
                "over so few beats it says nothing about variability. Let `start` and `stop` reach over the whole "
                f"trial, or take {', '.join(SHORT)}"
            )


def interval_values(
    moments: np.ndarray, seconds: float, measures: Sequence[str], what: str, bounds: tuple[float, float]
) -> dict[str, float]:
    """Say what the intervals between events are like.

    ``rate``
        Per minute, of the mean interval.
    ``interval``
        Median, seconds.
    ``slope``
        Of the rate, per minute and second: least squares over the middles of the intervals; 0 with one interval.
    ``change``
        Last less first interval, seconds.
    ``sdnn``, ``rmssd``, ``pnn50``, ``sd1``, ``sd2``
        Standard deviation of the intervals, root mean square and fraction over 50 ms of their successive differences,
        axes of the Poincaré plot. Seconds, and 0..1.
    ``lf``, ``hf``, ``lf_hf``
        Power at .04 to .15 and .15 to .4 Hz, s^2, and their ratio: Welch's spectrum of the intervals, interpolated at
        4 Hz.

    Parameters
    ----------
    moments : ndarray of shape (n,), seconds, ascending
    seconds : float
        Of the window.
    measures : sequence of str
        Those wanted.
    what : str
        ``beat`` or ``breath``, for messages.
    bounds : pair of float
        Seconds between which an interval is believed; others (an event not found, or found twice) are left out.

    Raises
    ------
    Unusable
        There are not two events, or too few believable intervals.
    """
    if len(moments) < 2:
        raise Unusable(f"{len(moments)} {what}(s) found in {seconds:g} s; two are needed for an interval")
    every = np.diff(moments)
    good = (every >= bounds[0]) & (every <= bounds[1])
    least = 4 if set(measures) & set(LEAST_SECONDS) else 1
    if good.sum() < least:
        raise Unusable(
            f"{good.sum()} of {len(every)} intervals between {what}s are {bounds[0]:g} to {bounds[1]:g} s long, "
            f"{least} are needed"
        )
    between, middles = every[good], ((moments[1:] + moments[:-1]) / 2)[good]
    steps = np.diff(every)[good[1:] & good[:-1]]
    values = {
        "rate": 60 / between.mean(),
        "interval": np.median(between),
        "slope": np.polyfit(middles, 60 / between, 1)[0] if len(between) > 1 else 0.0,
        "change": between[-1] - between[0],
    }
    if set(measures) & set(VARIABILITY):
        if len(steps) < 2:
            raise Unusable(f"{len(steps)} successive differences of intervals between {what}s; two are needed")
        pairs = (every[1:] + every[:-1])[good[1:] & good[:-1]]
        values |= {
            "sdnn": between.std(ddof=1),
            "rmssd": np.sqrt((steps**2).mean()),
            "pnn50": (np.abs(steps) > 0.05).mean(),
            "sd1": steps.std(ddof=1) / np.sqrt(2),
            "sd2": pairs.std(ddof=1) / np.sqrt(2),
        }
    if set(measures) & set(SPECTRAL):
        values |= _spectral(middles, between)
    return {measure: float(values[measure]) for measure in measures if measure in values}


def course_of(moments: np.ndarray, edges: Sequence[float], bounds: tuple[float, float]) -> list[float]:
    """Return the rate between each two edges, less that from the first to the last event.

    The rate at any moment is that of the interval around it; before the first and after the last interval that one's.

    Parameters
    ----------
    moments : ndarray of shape (n,), seconds, ascending
        At least one interval between them is believable.
    edges : sequence of E float, seconds
    bounds : pair of float
        As of ``interval_values``.

    Returns
    -------
    list of E - 1 float, per minute
    """
    if not len(edges):
        return []
    between = np.diff(moments)
    good = (between >= bounds[0]) & (between <= bounds[1])
    rates, ends = 60 / between[good], moments[1:][good]
    whole = float((rates * between[good]).sum() / between[good].sum())
    values = []
    for first, last in pairwise(edges):
        grid = first + (np.arange(200) + 0.5) * (last - first) / 200
        values.append(float(rates[np.minimum(np.searchsorted(ends, grid), len(ends) - 1)].mean()) - whole)
    return values


def _spectral(middles: np.ndarray, between: np.ndarray) -> dict[str, float]:
    """Return power of the intervals in the low and the high band."""
    from scipy.interpolate import PchipInterpolator
    from scipy.signal import welch

    grid = np.arange(middles[0], middles[-1], 1 / GRID)
    line = PchipInterpolator(middles, between)(grid)
    hertz, power = welch(line - line.mean(), GRID, nperseg=min(len(line), round(120 * GRID)), detrend="linear")
    low, high = (float(power[(hertz >= a) & (hertz < b)].sum() * hertz[1]) for a, b in (LF, HF))
    return {"lf": low, "hf": high, "lf_hf": low / high if high > 0 else 0.0}
