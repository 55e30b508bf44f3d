"""Write an EDF file, the same bytes for the same samples."""

import datetime
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from edfio import Edf, EdfSignal, Recording

START = datetime.datetime(2000, 1, 1, 9)  # one session a day and person


def write_edf(
    path: Path, names: Sequence[str], values: np.ndarray, sfreq: float, unit: str, reach: float, subject: int
) -> None:
    """Write a recording in records of one second, 16 bits a sample; an unfinished second at the end is lost.

    Parameters
    ----------
    path : Path
    names : sequence of C str
    values : ndarray of shape (C, S), volts
    sfreq : float
        Hertz, a whole number.
    unit : str
        ``uV`` or ``mV``, of the numbers in the file.
    reach : float
        Largest magnitude, in that unit; what is larger is clipped, as an amplifier does.
    subject : int
        Number of the person, for the date.
    """
    scaled = np.clip(values * {"uV": 1e6, "mV": 1e3}[unit], -reach, reach)
    scaled = scaled[:, : int(values.shape[1] // sfreq * sfreq)]
    signals = [
        EdfSignal(row, sfreq, label=name, physical_dimension=unit, physical_range=(-reach, reach))
        for name, row in zip(names, scaled, strict=True)
    ]
    start = START + datetime.timedelta(days=subject)
    recording = Recording(startdate=start.date(), equipment_code="synthetic")
    Edf(signals, recording=recording, starttime=start.time(), data_record_duration=1).write(path)
