"""Matlab files of recordings: BIOPAC's (MMME), AMIGOS's and DREAMER's; told apart by their variables."""

import functools
import re
from pathlib import Path
from typing import Any

import numpy as np

from mmer.signals.contents import Contents, Event, held
from mmer.signals.readers.matlab_guard import read_matlab
from mmer.types.errors import InputError, listing

EMOTIV = ("AF3", "F7", "F3", "FC5", "T7", "P7", "O1", "O2", "P8", "T8", "FC6", "F4", "F8", "AF4")
AMIGOS = (*EMOTIV, "ECG Right", "ECG Left", "GSR")
AMIGOS_RATE = 128.0  # hertz, of the preprocessed data
AMIGOS_BASELINE = 5.0  # seconds before the film in every trial
MILLISECONDS = {"ms": 1e-3, "s": 1.0, "sec": 1.0, "us": 1e-6, "min": 60.0, "usec": 1e-6, "msec": 1e-3}


def contents(path: Path, trial: str) -> Contents:
    """Open a Matlab file; it is read whole.

    Parameters
    ----------
    path : Path
    trial : str
        What stood after ``#``: empty for BIOPAC; the number of a trial, from 1, for AMIGOS; ``subject/film/eeg`` or
        ``subject/film/ecg`` for DREAMER (``.../baseline`` for what was recorded before the film).

    Raises
    ------
    InputError
        The file is damaged, none of the three, or has no such trial.
    """
    found = _variables(str(path), path.stat().st_mtime_ns, path.stat().st_size)
    if "joined_data" in found:
        return _amigos(path, found["joined_data"], trial)
    if "DREAMER" in found:
        return _dreamer(path, found["DREAMER"], trial)
    if "data" in found and "isi" in found:
        if trial:
            raise InputError(f"{path}#{trial}: a file of BIOPAC has no trials; drop #{trial}")
        return _biopac(path, found)
    raise InputError(
        f"{path}: its variables are {listing(sorted(found)) or 'none'}; a recording is read from BIOPAC's (data, "
        "units, labels, isi), AMIGOS's (joined_data) or DREAMER's (DREAMER). Write any other as FIF or EDF with MNE"
    )


@functools.lru_cache(maxsize=1)
def _variables(path: str, changed: int, size: int) -> dict[str, Any]:
    """Read a file; the last one is kept, since the trials of a file follow each other."""
    return read_matlab(Path(path))


def _biopac(path: Path, found: dict[str, Any]) -> Contents:
    """BIOPAC AcqKnowledge's export: data (S, C), labels and units as texts, isi the interval between samples."""
    data = _numbers(path, found["data"], "data")
    if data.ndim == 1:
        data = data[:, None]
    labels, units = (_texts(path, found.get(name, ""), name) for name in ("labels", "units"))
    if len(labels) != data.shape[1] or len(units) != data.shape[1]:
        raise InputError(
            f"{path}: {data.shape[1]} columns of data, {len(labels)} labels and {len(units)} units; the file is damaged"
        )
    step = MILLISECONDS.get(str(found.get("isi_units", "ms")).strip().casefold())
    interval = _numbers(path, found["isi"], "isi")
    if step is None or interval.size != 1 or not float(interval.ravel()[0]) > 0:
        raise InputError(
            f"{path}: the interval between its samples is {found['isi']!r} {found.get('isi_units', 'ms')!r}; it should "
            "be a number above 0 with isi_units ms, s, us or min"
        )
    return Contents(
        names=tuple(_distinct(labels)),
        units=tuple(units),
        sfreq=1.0 / (float(interval.ravel()[0]) * step),
        n_samples=len(data),
        read=held(data.T),
    )


def _amigos(path: Path, trials: object, trial: str) -> Contents:
    """One trial of Data_Preprocessed_P01.mat: (S, 17) at 128 Hz, 5 s before the film first."""
    items = trials if isinstance(trials, list) else [trials]
    number = _number(path, trial, len(items), "Data_Preprocessed_P01.mat#3")
    values = np.atleast_2d(_numbers(path, items[number - 1], f"trial {number}"))
    if values.size == 0 or values.shape[1] != len(AMIGOS):
        raise InputError(
            f"{path}#{number}: the trial has shape {values.shape}, not (samples, {len(AMIGOS)}); some people did not "
            "take part in some of them: leave the cell of such a clip empty"
        )
    if not np.isfinite(values).all():
        raise InputError(f"{path}#{number}: the trial has NaN in it; leave the cell of such a clip empty")
    return Contents(
        names=AMIGOS,
        units=("",) * len(AMIGOS),
        voltage="uV",
        sfreq=AMIGOS_RATE,
        n_samples=len(values),
        read=held(values.T),
        events=lambda: (Event(AMIGOS_BASELINE, "film"),),
        metadata={"baseline_seconds": f"{AMIGOS_BASELINE:g}"},
    )


def _dreamer(path: Path, dreamer: object, trial: str) -> Contents:
    """One film of one person of DREAMER.mat, EEG (S, 14) or ECG (S, 2)."""
    match = re.fullmatch(r"(\d{1,4})/(\d{1,4})/(eeg|ecg)(/baseline)?", trial.casefold())
    if not match:
        raise InputError(
            f"{path}{'#' if trial else ''}{trial}: write which person, film and signal, e.g. {path.name}#23/18/eeg"
        )
    signal = match[3].upper()
    try:
        people = dreamer["Data"]
        people = people if isinstance(people, list) else [people]
        person = people[_number(path, match[1], len(people), f"{path.name}#23/18/eeg") - 1]
        films = person[signal]["baseline" if match[4] else "stimuli"]
        films = films if isinstance(films, list) else [films]
        values = films[_number(path, match[2], len(films), f"{path.name}#23/18/eeg") - 1]
        rate = float(dreamer[f"{signal}_SamplingRate"])
        names = [str(name) for name in dreamer["EEG_Electrodes"]] if signal == "EEG" else ["ECG 1", "ECG 2"]
    except (KeyError, TypeError, IndexError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not laid out as DREAMER.mat ({type(error).__name__}: {error})") from error
    values = np.atleast_2d(_numbers(path, values, trial))
    if values.shape[1] != len(names) or not np.isfinite(values).all():
        raise InputError(f"{path}#{trial}: shape {values.shape} for {len(names)} channels, or not all are numbers")
    return Contents(
        names=tuple(names),
        units=("",) * len(names),
        voltage="uV",
        sfreq=rate,
        n_samples=len(values),
        read=held(values.T),
    )


def _numbers(path: Path, value: object, what: str) -> np.ndarray:
    """Return a variable that should be an array of numbers."""
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.array(None)
    if array.dtype.kind not in "iufb":
        raise InputError(f"{path}: {what} should be numbers, and is {type(value).__name__}; the file is damaged")
    return array


def _texts(path: Path, value: object, what: str) -> list[str]:
    """Return a variable that should be texts."""
    items = [value] if isinstance(value, str) else list(value) if isinstance(value, (list, np.ndarray)) else []
    if not items or not all(isinstance(item, str) for item in items):
        raise InputError(
            f"{path}: {what} should be texts, one for every column of data; save the file from AcqKnowledge"
        )
    return [str(item).strip() for item in items]


def _number(path: Path, text: str, most: int, example: str) -> int:
    """Return the number of a trial."""
    if not re.fullmatch(r"\d{1,6}", text) or not 1 <= int(text) <= most:
        said = f"{text!r} is none of 1 to {most}" if text else "the path does not say which trial"
        raise InputError(f"{path}: {said}; write e.g. {example}")
    return int(text)


def _distinct(names: list[str]) -> list[str]:
    """Number the names that occur more than once: ``EMG``, ``EMG 2``."""
    found: list[str] = []
    for name in names:
        count = 2
        new = name or "unnamed"
        while new in found:
            new, count = f"{name or 'unnamed'} {count}", count + 1
        found.append(new)
    return found
