"""Filters and resampling of windows: MNE's designs, made once and applied by convolution."""

from functools import lru_cache

import numpy as np
from scipy.signal import oaconvolve
from scipy.sparse import csr_array

from mmer.types.errors import InputError

CROSSINGS = 10  # of the interpolating sinc, on either side
BETA = 5.0  # of its Kaiser window
NOTCH_EDGE = 0.5  # hertz, MNE's default


@lru_cache(maxsize=64)
def kernel(sfreq: float, low: float | None, high: float | None, notch: float | None) -> np.ndarray:
    """Design the band-pass and the notches of mains and its harmonics as one symmetric FIR filter.

    Both are MNE's (``create_filter``: firwin, Hamming window, lengths and transition bands by its ``auto`` rules). A
    harmonic that lies in the stop band already is not cut out again.

    Parameters
    ----------
    sfreq : float, hertz
    low, high : float or None, hertz
        Edges of the pass band.
    notch : float or None, hertz
        Mains: 50 or 60.

    Returns
    -------
    ndarray of shape (2 P + 1,)
        P samples are needed on both sides of a window.

    Raises
    ------
    InputError
        An edge is at or above half the sampling rate.
    """
    import mne

    nyquist = sfreq / 2
    for key, edge in (("low", low), ("high", high), ("notch", notch)):
        if edge is not None and not edge < nyquist:
            raise InputError(
                f"`{key}: {edge:g}` Hz is not below half the sampling rate of a recording ({sfreq:g} Hz); lower it"
            )
    taps = np.ones(1)
    if low is not None or high is not None:
        taps = mne.filter.create_filter(None, sfreq, low, high, verbose="error")
    mains = _harmonics(notch, high, nyquist)
    if len(mains):
        half = mains / 400 + NOTCH_EDGE
        edges = {"l_trans_bandwidth": NOTCH_EDGE, "h_trans_bandwidth": NOTCH_EDGE}
        stop = mne.filter.create_filter(None, sfreq, mains + half, mains - half, **edges, verbose="error")
        taps = np.convolve(taps, stop)
    taps.flags.writeable = False
    return taps


def _harmonics(notch: float | None, high: float | None, nyquist: float) -> np.ndarray:
    """Return the multiples of mains that a filter must still cut out."""
    if notch is None:
        return np.zeros(0)
    last = nyquist - 2
    if high is not None:
        last = min(last, high + min(max(high / 4, 2), nyquist - high))  # where MNE's stop band begins
    return np.arange(notch, last, notch)


def filtered(values: np.ndarray, taps: np.ndarray, left: int, right: int) -> tuple[np.ndarray, int]:
    """Filter without shifting in time.

    Parameters
    ----------
    values : ndarray of shape (C, S)
    taps : ndarray of shape (2 P + 1,)
    left, right : int
        How many samples before and after the part that is wanted ``values`` has.

    Returns
    -------
    ndarray of shape (C, S)
    int
        How many samples were mirrored because the recording has no more of them: with 0, the wanted part is what
        filtering the whole recording would give.
    """
    half = len(taps) // 2
    if not half:
        return values * taps[0], 0
    before, after = max(half - left, 0), max(half - right, 0)
    if before or after:
        values = np.pad(values, ((0, 0), (before, after)), "reflect", reflect_type="odd")
    out = oaconvolve(values, taps[None], "same", axes=1)
    return out[:, before : out.shape[1] - after], max(before, after)


def resampled(values: np.ndarray, first: float, sfreq: float, target: float, count: int) -> np.ndarray:
    """Cut, and resample with anti-alias at exact moments, whatever the two rates are.

    Band-limited interpolation: every new sample is a sum of old ones around its own moment, weighted by a sinc under a
    Kaiser window (beta 5, 10 zero crossings on either side). Where the rates are a simple fraction this is the
    polyphase filter of scipy's ``resample_poly`` and MNE's ``resample(method="polyphase")``; but those need whole
    samples, and a rate of 999.41 Hz has no useful fraction.

    Parameters
    ----------
    values : ndarray of shape (C, S)
    first : float
        Old samples before the moment of the first new one. At an unchanged rate it is rounded, and nothing is computed.
    sfreq, target : float, hertz
    count : int
        How many new samples.

    Returns
    -------
    ndarray of shape (C, count)
    """
    if sfreq == target:
        begin = round(first)
        return values[:, begin : begin + count]
    moments = first + np.arange(count) * (sfreq / target)
    cutoff = min(1.0, target / sfreq)
    half = CROSSINGS / cutoff
    reach = int(np.ceil(half))
    near = np.floor(moments).astype(int)[:, None] + np.arange(-reach, reach + 2)
    apart = near - moments[:, None]
    window = np.i0(BETA * np.sqrt(np.clip(1 - (apart / half) ** 2, 0, None))) / np.i0(BETA) * (np.abs(apart) <= half)
    weights = cutoff * np.sinc(cutoff * apart) * window
    last = values.shape[1] - 1
    matrix = csr_array(
        (weights.ravel(), np.clip(near, 0, last).ravel(), np.arange(count + 1) * near.shape[1]), (count, last + 1)
    )
    return np.ascontiguousarray((matrix @ values.T).T)
