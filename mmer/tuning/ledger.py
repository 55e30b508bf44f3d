"""Ledger: which trials of a study count, which were lost with their worker, and what is still lacking.

A trial that was lost is trained again as another trial of Optuna's with the same values. All attempts are one line,
known by the number of the first. A study is done when it has as many finished lines as it wants trials. Everything is
read from the stored trials, so it does not matter which worker looks, or when one died between two steps.

    attribute   of a trial
    worker      who trains it (``mmer.tuning.beat``)
    overrides   its settings as text; missing until all are drawn
    seconds     what its trainings cost
    error       why it failed; it counts
    lost        its worker is gone; another attempt follows
    retry_of    number of the first attempt
    withdrawn   asked for by two workers at once, never trained
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from optuna.trial import FrozenTrial, TrialState

OPEN = (TrialState.RUNNING, TrialState.WAITING)


@dataclass(frozen=True)
class Line:
    """All attempts at one trial, oldest first."""

    attempts: tuple[FrozenTrial, ...]

    @property
    def is_open(self) -> bool:
        """Whether it is being trained, or waits for a worker."""
        return any(trial.state in OPEN for trial in self.attempts)

    @property
    def lost(self) -> int:
        """How many attempts were lost."""
        return sum(is_lost(trial) for trial in self.attempts)

    def finished(self, retries: int) -> bool:
        """Whether an attempt came to an end, or as many were lost as may be."""
        ended = any(trial.state not in OPEN and not is_lost(trial) for trial in self.attempts)
        return ended or (not self.is_open and self.lost > retries)

    @property
    def params(self) -> dict[str, Any]:
        """The values of the latest attempt; empty where it was lost before all were drawn, so that all are anew."""
        last = self.attempts[-1]
        return dict(last.params) if "overrides" in last.user_attrs else {}


class Ledger:
    """The lines of a study.

    Parameters
    ----------
    trials : sequence of FrozenTrial
    """

    def __init__(self, trials: Sequence[FrozenTrial]) -> None:
        lines: dict[int, list[FrozenTrial]] = {}
        for trial in sorted(trials, key=lambda trial: trial.number):
            if trial.state != TrialState.FAIL or not trial.user_attrs.get("withdrawn"):
                lines.setdefault(origin(trial), []).append(trial)
        self.lines = {first: Line(tuple(lines[first])) for first in sorted(lines)}

    def slot(self, trial: FrozenTrial) -> int:
        """Return the place of a trial's line among all: 0 for the first."""
        return sum(first < origin(trial) for first in self.lines)

    def finished(self, retries: int) -> int:
        """Count the lines that came to an end."""
        return sum(line.finished(retries) for line in self.lines.values())

    def to_retry(self, retries: int) -> dict[int, Line]:
        """Return the lines whose every attempt was lost and that may have one more."""
        return {first: line for first, line in self.lines.items() if not line.is_open and not line.finished(retries)}

    def waiting(self, lost: int = 0) -> int:
        """Count the trials that wait for a worker, of lines that were lost at least so often."""
        lines = [line for line in self.lines.values() if line.lost >= lost]
        return sum(trial.state == TrialState.WAITING for line in lines for trial in line.attempts)

    def superfluous(self, trial: FrozenTrial, wanted: int) -> bool:
        """Say whether a trial just taken is one too many: two workers filled the same gap, or retried the same line.

        Numbers are given one after the other, so of two such workers only the later one sees the other's trial before
        its own.
        """
        others = self.lines[origin(trial)].attempts if origin(trial) in self.lines else ()
        earlier = any(other.number < trial.number and not is_lost(other) for other in others)
        return earlier or self.slot(trial) >= wanted


def origin(trial: FrozenTrial) -> int:
    """Return the number of a trial's first attempt."""
    return trial.user_attrs.get("retry_of", trial.number)


def is_lost(trial: FrozenTrial) -> bool:
    """Whether a trial was closed because its worker was gone."""
    return trial.state == TrialState.FAIL and "lost" in trial.user_attrs
