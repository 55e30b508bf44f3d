"""ECG: beats of NeuroKit2's simulator, paced by a heart rate that breathes, wanders and answers to an emotion."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from mmer.synthetic.physiology.session import effects

PACE = 1024.0  # hertz of the simulated beats before they are paced
RESTING = (62.0, 84.0)  # beats per minute of people
RESPIRATION = (0.20, 0.30)  # hertz
BREATH = 2.5  # beats per minute by which the heart follows the breath
WANDER = 1.2  # beats per minute of slow changes
RESPONSE = 2.3  # beats per minute of an effect of 1
VARIETY = 0.5  # spread (log) of the response over clips
CHANCE = 0.7  # spread of responses that have nothing to do with any emotion, in effects
PHASES = {"early": (0.0, 4.0), "late": (2.0, 9.5)}  # seconds from the apex
MILLIVOLTS = 1.0  # of an R peak, about
NOISE = 0.015  # millivolts
BASELINE = 0.08  # millivolts by which breath moves the line


@dataclass(frozen=True)
class Heart:
    """A heart through a recording of S samples.

    Parameters
    ----------
    rate : ndarray of shape (S,), beats per minute
    phase : ndarray of shape (S,)
        Beats since the start; an integer is the same point of every beat.
    breath : ndarray of shape (S,)
        From -1 (out) to 1 (in).
    """

    rate: np.ndarray
    phase: np.ndarray
    breath: np.ndarray


def beat(sfreq: float, seconds: float, moments: Sequence[tuple[str, float]], rng: np.random.Generator) -> Heart:
    """Pace a heart.

    Parameters
    ----------
    sfreq : float
        Hertz.
    seconds : float
        Length; S samples.
    moments : sequence of (str, float)
        Emotion and seconds of each apex.
    rng : Generator
    """
    time = np.arange(round(seconds * sfreq)) / sfreq
    speed = rng.uniform(*RESPIRATION)
    knots = np.arange(-4.0, seconds + 12, 4.0)
    tempo = speed * np.exp(CubicSpline(knots, rng.normal(0, 0.1, len(knots)))(time))
    breath = np.sin(2 * np.pi * (np.cumsum(tempo) / sfreq + rng.random()))
    rate = rng.uniform(*RESTING) + BREATH * breath
    rate += CubicSpline(knots, rng.normal(0, WANDER, len(knots)))(time)
    for emotion, apex in moments:
        strength = np.exp(rng.normal(0, VARIETY))
        for phase, (start, stop) in PHASES.items():
            size = RESPONSE * (strength * effects()[emotion]["heart"][phase] + rng.normal(0, CHANCE))
            rate += size * np.sin(np.pi * np.clip((time - apex - start) / (stop - start), 0, 1)) ** 2
    return Heart(rate, rng.random() + np.cumsum(rate) / 60 / sfreq, breath)


def simulate_ecg(heart: Heart, sfreq: float, rng: np.random.Generator) -> np.ndarray:
    """Simulate the ECG of a heart.

    Returns
    -------
    ndarray of shape (S,), float64, volts
    """
    with warnings.catch_warnings():  # of what it imports itself
        warnings.filterwarnings("ignore", "scipy.misc is deprecated", DeprecationWarning)
        import neurokit2  # takes seconds

    # One beat a second, none like another only by its place; the phase then says which point is recorded when.
    beats = int(np.ceil(heart.phase[-1])) + 2
    still = neurokit2.ecg_simulate(
        duration=beats,
        sampling_rate=int(PACE),
        heart_rate=60,
        heart_rate_std=0,
        noise=0,
        random_state=int(rng.integers(2**31)),
    )
    values = MILLIVOLTS * rng.uniform(0.8, 1.2) * CubicSpline(np.arange(len(still)) / PACE, still)(heart.phase)
    values += BASELINE * heart.breath + NOISE * rng.standard_normal(len(values))
    return 1e-3 * values
