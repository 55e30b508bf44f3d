"""DEAP's preprocessed data (Koelstra et al., IEEE TAC 3(1), 2012): ``s01.dat``, 40 trials of 63 s at 128 Hz."""

import functools
from pathlib import Path

import numpy as np

from mmer.signals.contents import Contents, Event, held
from mmer.signals.readers.safe_pickle import read_arrays
from mmer.types.errors import InputError

RATE = 128.0  # hertz
BASELINE = 3.0  # seconds before the film in every trial
EEG = (
    *("Fp1", "AF3", "F3", "F7", "FC5", "FC1", "C3", "T7", "CP5", "CP1", "P3", "P7", "PO3", "O1", "Oz", "Pz"),
    *("Fp2", "AF4", "Fz", "F4", "F8", "FC6", "FC2", "Cz", "C4", "T8", "CP6", "CP2", "P4", "P8", "PO4", "O2"),
)
OTHERS = ("hEOG", "vEOG", "zEMG", "tEMG", "GSR", "Respiration", "Plethysmograph", "Temperature")
KINDS = (*["eeg"] * 32, "eog", "eog", "emg", "emg", "gsr", "resp", "bio", "temperature")


def contents(path: Path, trial: str) -> Contents:
    """Open one trial of a person; the file is read whole, and the last one kept, since its trials follow each other.

    The owners say in no unit what the last four channels are in; ``units`` of the recordings may.

    Parameters
    ----------
    path : Path
    trial : str
        Number of the trial, from 1: ``s01.dat#7``.

    Raises
    ------
    InputError
        The pickle is hostile, damaged or not DEAP's, or has no such trial.
    """
    data = _data(str(path), path.stat().st_mtime_ns, path.stat().st_size)
    if not (trial.isascii() and trial.isdecimal() and len(trial) < 6 and 1 <= int(trial) <= len(data)):
        said = f"{trial!r} is none of 1 to {len(data)}" if trial else "the path does not say which trial"
        raise InputError(f"{path}: {said}; write e.g. {path.name}#7")
    values = data[int(trial) - 1]
    return Contents(
        names=(*EEG, *OTHERS),
        units=("",) * 40,
        voltage="uV",
        kinds=KINDS,
        certain=True,
        sfreq=RATE,
        n_samples=values.shape[1],
        read=held(values),
        events=lambda: (Event(BASELINE, "film"),),
        metadata={"baseline_seconds": f"{BASELINE:g}"},
    )


@functools.lru_cache(maxsize=1)
def _data(path: str, changed: int, size: int) -> np.ndarray:
    """Read the array (trials, 40, samples) of a person."""
    found = read_arrays(Path(path))
    data = found.get("data")
    if data is None or data.ndim != 3 or data.shape[1] != 40 or data.dtype.kind != "f":
        said = {name: array.shape for name, array in sorted(found.items())}
        raise InputError(f"{path}: DEAP's files hold `data` of shape (trials, 40, samples); this one holds {said}")
    if not np.isfinite(data).all():
        raise InputError(f"{path}: its data has NaN or infinity in it; copy the file again")
    return data
