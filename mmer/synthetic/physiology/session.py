"""One person's session: when each clip was shown, and what went wrong with the recordings, by rule.

The people of a release differ so that every ordinary mishap is in twelve of them. Counted from 0, modulo 12:

== =====================================================================================
 1 the clocks of both recordings run fast by 1e-4
 2 the EEG electrode T7 is dead: its channel is flat
 3 there is no ECG
 5 the EEG ends 0.2 s after the apex of the last clip
 6 the clocks of both recordings run slow by 1e-4
 7 there is no EEG
 8 the EEG electrode P8 is loose: 50 Hz and noise
10 the ECG ends 1 s after the apex of the last clip
== =====================================================================================
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STREAMS = ("eeg", "ecg")
BEFORE = {"eeg": 5.0, "ecg": 6.25}  # seconds from the start of a recording to that of the session
AFTER = {"eeg": 4.0, "ecg": 9.0}  # seconds from the last apex to the end
DRIFT = {1: 1e-4, 6: -1e-4}
DEAD = {2: "T7"}
LOOSE = {8: "P8"}
ABSENT = {(3, "ecg"), (7, "eeg")}
SHORT = {(5, "eeg"): 0.2, (10, "ecg"): 1.0}  # seconds from the last apex to the end
PEOPLE = 12


@dataclass(frozen=True)
class Trial:
    """One clip in the session.

    Parameters
    ----------
    name : str
        Of the clip.
    emotion : str
        A word of ``effects.json``.
    start : float
        When frame 0 of the clip's own count was shown, seconds from the start of the session.
    apex : float
        Seconds from the start of the session.
    """

    name: str
    emotion: str
    start: float
    apex: float


@dataclass(frozen=True)
class Session:
    """All clips of one person.

    Parameters
    ----------
    person : tuple
        Names that the person's random numbers derive from.
    subject : int
        Number of the person from 0.
    trials : tuple of Trial
        In the order of time.
    """

    person: tuple
    subject: int
    trials: tuple[Trial, ...]

    @property
    def kind(self) -> int:
        """Which of the twelve kinds of people."""
        return self.subject % PEOPLE

    def recorded(self, stream: str) -> bool:
        """Say whether there is a recording."""
        return (self.kind, stream) not in ABSENT

    def at(self, stream: str, seconds: float) -> float:
        """Return the recording's time of a moment of the session, both in seconds."""
        return (1 + DRIFT.get(self.kind, 0.0)) * (seconds + BEFORE[stream])

    def length(self, stream: str) -> float:
        """Return how many seconds a recording has."""
        return self.at(stream, self.trials[-1].apex + SHORT.get((self.kind, stream), AFTER[stream]))

    def moments(self, stream: str) -> tuple[tuple[str, float], ...]:
        """Return emotion and apex of every clip, the latter in seconds of a recording."""
        return tuple((trial.emotion, self.at(stream, trial.apex)) for trial in self.trials)


@cache
def effects() -> dict[str, dict[str, dict[str, float]]]:
    """Return emotion -> ``rhythms`` and ``heart`` -> what changes -> by how much."""
    return json.loads((Path(__file__).parent / "effects.json").read_text())
