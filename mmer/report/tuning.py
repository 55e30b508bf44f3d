"""A search and the experiment made of it -> how far the inner score is from the score on clips that nobody tuned on."""

from dataclasses import dataclass

import pandas as pd

from mmer.metrics.multilabel import mean_unit_scores
from mmer.metrics.runs import is_multilabel
from mmer.metrics.scores import mean_scores
from mmer.report.records import ExperimentRecord


@dataclass(frozen=True)
class FoldGap:
    """One outer fold: its best inner score, its own score on the test clips, and how many these are."""

    fold: str
    inner: float
    outer: float
    clips: int
    overrides: tuple[str, ...]


@dataclass(frozen=True)
class Tuning:
    """The gap between what a search saw and what it did not see.

    Parameters
    ----------
    inner : float
        Mean over the searches of their best inner scores.
    outer : float
        Score on the outer test clips, pooled over folds, the mean over runs.
    folds : tuple of FoldGap
        Of a nested search.
    """

    inner: float
    outer: float
    folds: tuple[FoldGap, ...]

    @property
    def gap(self) -> float:
        """Outer minus inner: negative where the inner score promised too much."""
        return self.outer - self.inner


def tuning_of(record: ExperimentRecord) -> Tuning | None:
    """Compare inner with outer scores; None for an experiment that was not tuned."""
    found = record.tuning
    if found is None:
        return None
    inner = [score for score, _ in found.chosen.values()]
    folds = ()
    if found.mode == "nested":
        by_fold = {str(fold): part for fold, part in record.predictions.groupby("fold", sort=True)}
        folds = tuple(
            FoldGap(fold, score, _score(part, found.metric), part.clip_id.nunique(), overrides)
            for fold, (score, overrides) in sorted(found.chosen.items())
            if (part := by_fold.get(fold)) is not None
        )
    return Tuning(sum(inner) / len(inner), _score(record.predictions, found.metric), folds)


def _score(table: pd.DataFrame, metric: str) -> float:
    """Score a Predictions table, the mean over its runs."""
    scores = mean_unit_scores(table) if is_multilabel(table) else mean_scores(table)
    return float(scores.get(metric, float("nan")))
