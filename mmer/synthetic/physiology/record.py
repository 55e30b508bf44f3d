"""Simulate the recordings of a session: clips at their moments, and the mishap that belongs to the person."""

from dataclasses import dataclass

import numpy as np

from mmer.synthetic.physiology.ecg import Heart, beat, simulate_ecg
from mmer.synthetic.physiology.eeg import simulate_eeg, spoil
from mmer.synthetic.physiology.session import DEAD, LOOSE, Session
from mmer.synthetic.seeds import generator


@dataclass(frozen=True)
class HeartRecording:
    """A heart and its ECG (S,), volts."""

    heart: Heart
    ecg: np.ndarray


def record_eeg(session: Session, names: tuple[str, ...], sfreq: float) -> np.ndarray:
    """Record the EEG of a session.

    Returns
    -------
    ndarray of shape (C, S), float64, volts
    """
    rng = generator(*session.person, "eeg")
    values = simulate_eeg(names, sfreq, session.length("eeg"), session.moments("eeg"), rng)
    electrodes = [name.upper() for name in names]
    if dead := DEAD.get(session.kind):
        values[electrodes.index(dead)] = 0.0
    if loose := LOOSE.get(session.kind):
        row = electrodes.index(loose)
        values[row] = spoil(values[row], sfreq, rng)
    return values


def record_heart(session: Session, sfreq: float) -> HeartRecording:
    """Record the heart of a session."""
    heart = beat(sfreq, session.length("ecg"), session.moments("ecg"), generator(*session.person, "heart"))
    return HeartRecording(heart, simulate_ecg(heart, sfreq, generator(*session.person, "ecg")))


def pulses(session: Session, stream: str, codes: dict[str, int], sfreq: float, width: float = 0.1) -> np.ndarray:
    """Return the marker that is on the line, (S,) int; 0 for none.

    Parameters
    ----------
    session : Session
    stream : str
        ``eeg`` or ``ecg``.
    codes : dict of str to int
        Name of a clip -> its marker, sent when the clip starts.
    sfreq : float
        Hertz.
    width : float
        Seconds.
    """
    values = np.zeros(round(session.length(stream) * sfreq), np.int64)
    for trial in session.trials:
        first = round(session.at(stream, trial.start) * sfreq)
        values[first : first + round(width * sfreq)] = codes[trial.name]
    return values
