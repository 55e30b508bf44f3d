"""BIOPAC MP160: what a heart drives besides the ECG, and the Matlab file that AcqKnowledge exports."""

from pathlib import Path

import numpy as np
from scipy.io import savemat

from mmer.synthetic.physiology.ecg import Heart

BITS = 8
# Label and unit of the 17 columns in MMME's files.
COLUMNS = (
    ("PPG", "Volts"),
    ("RSP", "Volts"),
    ("EMG A", "mV"),
    ("SKT A", "deg C"),
    ("EDA", "microsiemens"),
    ("ECG", "mV"),
    ("EMG B", "mV"),
    ("SKT B", "deg C"),
    *((f"Digital (STP Input {bit})", "Volts") for bit in range(BITS)),
    ("ECG rate", "BPM"),
)
HIGH = 5.0  # volts of a digital input that is on
_TEXT = 116  # bytes at the start of a Matlab file that say who wrote it, and when


def columns(heart: Heart, ecg: np.ndarray, codes: np.ndarray, sfreq: float, rng: np.random.Generator) -> np.ndarray:
    """Simulate all columns.

    Parameters
    ----------
    heart : Heart
        Through S samples.
    ecg : ndarray of shape (S,), volts
    codes : ndarray of shape (S,), int
        Marker that is being sent, 0 for none.
    sfreq : float
        Hertz.
    rng : Generator

    Returns
    -------
    ndarray of shape (S, 17), float64
        In the units of ``COLUMNS``.
    """
    count = len(ecg)
    time = np.arange(count) / sfreq
    after = (heart.phase - 0.25) % 1  # the pulse arrives at the finger a quarter of a beat later
    pulse = np.exp(-((after - 0.25) ** 2) / 0.012) + 0.4 * np.exp(-((after - 0.55) ** 2) / 0.02)
    sweat = 4 + rng.uniform(0, 4) + 0.002 * time
    for start in rng.uniform(0, time[-1], rng.poisson(0.05 * time[-1])):  # responses of the skin: fast up, slow down
        since = np.maximum(time - start, 0)
        sweat += rng.uniform(0.1, 0.5) * (np.exp(-since / 4) - np.exp(-since / 0.7))
    muscles = 0.005 * rng.standard_normal((2, count))
    warm = 33 + rng.uniform(-1, 1, 2)[:, None] + 0.05 * np.sin(time / 40) + 0.01 * rng.standard_normal((2, count))
    bits = [HIGH * ((codes >> bit) & 1) for bit in range(BITS)]
    found = [
        *(0.3 * pulse + 0.01 * rng.standard_normal(count), 2 * heart.breath + 0.02 * rng.standard_normal(count)),
        *(muscles[0], warm[0], sweat + 0.005 * rng.standard_normal(count), 1e3 * ecg, muscles[1], warm[1]),
        *(*bits, heart.rate),
    ]
    return np.stack(found, axis=1)


def write_biopac(path: Path, data: np.ndarray, sfreq: float) -> None:
    """Write columns (S, 17) with their labels and units, the same bytes for the same numbers."""
    variables = {
        "data": np.asfortranarray(data, dtype=np.float32),
        "isi": np.array([[1e3 / sfreq]]),
        "isi_units": "ms",
        "labels": _texts([label for label, _ in COLUMNS]),
        "start_sample": np.array([[0.0]]),
        "units": _texts([unit for _, unit in COLUMNS]),
    }
    savemat(path, variables, do_compression=True)
    with path.open("r+b") as file:  # the time of writing stands here
        file.write(b"MATLAB 5.0 MAT-file, synthetic".ljust(_TEXT))


def _texts(texts: list[str]) -> np.ndarray:
    """Return texts as the rows of Matlab's character array, padded with blanks."""
    width = max(map(len, texts))
    return np.array([text.ljust(width) for text in texts])
