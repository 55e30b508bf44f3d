"""How an experiment stands: against chance, and against the best of those that predict the same clips."""

from collections.abc import Mapping
from dataclasses import dataclass

from mmer.report.results import Results
from mmer.report.summary import Summary

ALPHA = 0.05
READING = (
    "* the score is above that of 95 % of random classifiers, which draw the class (or unit) with its frequency in the "
    "training clips. † worse than the best experiment on the same clips: the permutation test over subjects gives "
    "p < 0.05 after Holm's correction for all pairs of these experiments. Without † the subjects cannot tell the two "
    "apart; a dash: no other experiment predicts the same clips and classes with as many seeds."
)


@dataclass(frozen=True)
class Standing:
    """One experiment among those on the same clips.

    Parameters
    ----------
    of : int
        How many they are, with it.
    best : str
        The one with the highest main score; of equals the first in the page.
    difference, p : float
        Of the main score, its own minus the best; p of the permutation test after Holm's correction. 0 and 1 for the
        best itself.
    """

    of: int
    best: str
    difference: float
    p: float

    @property
    def worse(self) -> bool:
        """Whether the best is better by more than chance."""
        return self.difference < 0 and self.p < ALPHA


def standings(results: Results) -> Mapping[str, Standing]:
    """Set every experiment that can be compared against the best of its group."""
    scores = {one.summary.name: one.summary.scores[one.summary.main].mean for one in results.experiments}
    found = {}
    for group in results.comparisons:
        best = max(group.names, key=scores.__getitem__)
        found[best] = Standing(len(group.names), best, 0.0, 1.0)
        for row in group.table.itertuples():
            if best in (row.a, row.b):
                other, sign = (row.b, -1) if row.a == best else (row.a, 1)
                found[other] = Standing(len(group.names), best, sign * row.difference, row.permutation_p_holm)
    return found


def against_chance(summary: Summary) -> str:
    """Say where the main score lies among random classifiers: ``above``, ``within``, ``below``; empty: not known."""
    value, prior = summary.scores[summary.main].mean, summary.baseline("prior")
    chance = None if prior is None else prior.scores[summary.main].draws
    if chance is None or value != value:
        return ""
    return "above" if value > chance[1] else "below" if value < chance[0] else "within"
