"""EEG: 1/f noise that spreads through the head, rhythms that change with an emotion, blinks and muscles.

Rhythms change by ``exp(effect)`` in amplitude within about a second of the apex. Every clip has a strength of its own,
so that a single clip tells little.
"""

from collections.abc import Sequence

import numpy as np

from mmer.synthetic.physiology.electrodes import places
from mmer.synthetic.physiology.session import effects

GENEVA = (  # the order of DEAP
    *("Fp1", "AF3", "F3", "F7", "FC5", "FC1", "C3", "T7", "CP5", "CP1", "P3", "P7", "PO3", "O1", "Oz", "Pz"),
    *("Fp2", "AF4", "Fz", "F4", "F8", "FC6", "FC2", "Cz", "C4", "T8", "CP6", "CP2", "P4", "P8", "PO4", "O2"),
)
# Name -> band in hertz, electrode above its source, microvolts (root mean square) there.
RHYTHMS = {
    "alpha_back": (8.0, 13.0, "POz", 9.0),
    "alpha_left": (8.0, 13.0, "F3", 6.0),
    "alpha_right": (8.0, 13.0, "F4", 6.0),
    "theta": (4.0, 8.0, "Fz", 6.0),
    "beta": (14.0, 30.0, "Cz", 4.0),
}
SPREAD = 0.55  # radians: how far a source is seen
SOURCES = 24
BACKGROUND = 5.0  # microvolts of 1/f noise at an electrode
SENSOR = 1.0  # microvolts of an electrode's own white noise
MAINS = 0.8  # microvolts at 50 Hz
BLINKS = (0.2, 90.0)  # per second; microvolts at the forehead
MUSCLES = (0.08, 8.0)  # bursts per second; microvolts above the muscle
EXTENT = (-0.9, 1.3)  # seconds from the apex within which rhythms change
STRENGTH = 0.75  # of all effects
VARIETY = 0.6  # spread (log) of the strength over clips
CHANCE = 0.3  # spread (log) of changes in a rhythm's amplitude that have nothing to do with any emotion
LOOSE = (40.0, 30.0)  # microvolts of 50 Hz and of noise at a loose electrode


def simulate_eeg(
    names: Sequence[str], sfreq: float, seconds: float, moments: Sequence[tuple[str, float]], rng: np.random.Generator
) -> np.ndarray:
    """Simulate a recording.

    Parameters
    ----------
    names : sequence of C str
        Electrodes of the 10-10 system.
    sfreq : float
        Hertz.
    seconds : float
        Length; S samples.
    moments : sequence of (str, float)
        Emotion and seconds of each apex.
    rng : Generator

    Returns
    -------
    ndarray of shape (C, S), float64, volts
    """
    where, count = places(names), round(seconds * sfreq)
    time = np.arange(count) / sfreq
    values = BACKGROUND * _background(where, count, sfreq, rng)
    for name, (low, high, above, microvolts) in RHYTHMS.items():
        own = microvolts * np.exp(rng.normal(0, 0.15))  # the person's
        wave = _noise(1, count, sfreq, low, high, rng)[0]
        gain = np.zeros(count)
        for emotion, apex in moments:
            change = STRENGTH * effects()[emotion]["rhythms"].get(name, 0.0) * np.exp(rng.normal(0, VARIETY))
            gain += (change + rng.normal(0, CHANCE)) * _bump(time, apex + EXTENT[0], apex + EXTENT[1])
        values += own * np.outer(_seen(where, above), wave * np.exp(gain))
    values += _blinks(where, time, seconds, rng)
    values += _muscles(where, time, seconds, sfreq, rng)
    values += SENSOR * rng.standard_normal(values.shape)
    values += MAINS * rng.uniform(0.5, 1.5, (len(values), 1)) * np.sin(2 * np.pi * 50 * time)
    return 1e-6 * values


def spoil(values: np.ndarray, sfreq: float, rng: np.random.Generator) -> np.ndarray:
    """Return what a loose electrode records instead of one channel (S,), volts."""
    time = np.arange(len(values)) / sfreq
    noise = _noise(1, len(values), sfreq, 0.5, 0.45 * sfreq, rng)[0]
    return values + 1e-6 * (LOOSE[0] * np.sin(2 * np.pi * 50 * time) + LOOSE[1] * noise)


def _background(where: np.ndarray, count: int, sfreq: float, rng: np.random.Generator) -> np.ndarray:
    """Draw 1/f noise of sources all over the head, (C, S), of unit size on average."""
    turn = np.pi * (3 - np.sqrt(5)) * np.arange(SOURCES)  # points of a spiral cover the upper sphere evenly
    up = np.linspace(0.98, -0.2, SOURCES)
    sources = np.stack([np.sqrt(1 - up**2) * np.cos(turn), np.sqrt(1 - up**2) * np.sin(turn), up], axis=1)
    mixing = _near(where, sources)
    waves = _noise(SOURCES, count, sfreq, 0.5, 0.45 * sfreq, rng, slope=1.0)
    return mixing @ waves / np.sqrt((mixing**2).sum(1).mean())


def _noise(
    rows: int, count: int, sfreq: float, low: float, high: float, rng: np.random.Generator, slope: float = 0.0
) -> np.ndarray:
    """Draw noise (rows, S) of unit variance whose power lies between two frequencies and falls as 1/f**slope."""
    frequency = np.fft.rfftfreq(count, 1 / sfreq)
    inside = (frequency >= low) & (frequency <= high)
    size = np.where(inside, np.maximum(frequency, low) ** (-slope / 2), 0.0)
    spectrum = size * (rng.standard_normal((rows, len(size))) + 1j * rng.standard_normal((rows, len(size))))
    values = np.fft.irfft(spectrum, count, axis=1)
    return values / values.std(axis=1, keepdims=True)


def _near(where: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Return how strongly electrodes (C, 3) see sources (K, 3): (C, K), 1 right above one."""
    angle = np.arccos(np.clip(where @ sources.T, -1, 1))
    return np.exp(-((angle / SPREAD) ** 2) / 2)


def _seen(where: np.ndarray, above: str) -> np.ndarray:
    """Return how strongly each electrode sees the source below one, (C,)."""
    return _near(where, places([above]))[:, 0]


def _bump(time: np.ndarray, start: float, stop: float) -> np.ndarray:
    """Rise from 0 to 1 and fall again between two moments."""
    return np.sin(np.pi * np.clip((time - start) / (stop - start), 0, 1)) ** 2


def _blinks(where: np.ndarray, time: np.ndarray, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Draw blinks: 0.3 s, strongest at the forehead."""
    wave = np.zeros(len(time))
    for start in rng.uniform(0, seconds, rng.poisson(BLINKS[0] * seconds)):
        wave += rng.uniform(0.7, 1.3) * _bump(time, start, start + 0.3)
    return BLINKS[1] * np.outer(_seen(where, "Fpz"), wave)


def _muscles(where: np.ndarray, time: np.ndarray, seconds: float, sfreq: float, rng: np.random.Generator) -> np.ndarray:
    """Draw bursts of muscles at both temples."""
    values = np.zeros((len(where), len(time)))
    for above in ("T7", "T8", "F7", "F8"):
        wave = _noise(1, len(time), sfreq, 20.0, 0.45 * sfreq, rng)[0]
        size = np.zeros(len(time))
        for start in rng.uniform(0, seconds, rng.poisson(MUSCLES[0] * seconds)):
            size += rng.uniform(0.5, 1.5) * _bump(time, start, start + rng.uniform(0.4, 1.0))
        values += MUSCLES[1] * np.outer(_seen(where, above) ** 2, wave * size)
    return values
