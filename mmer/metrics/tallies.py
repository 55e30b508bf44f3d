"""Tallies: what each subject adds to the counts of each run. Any pooled score of any mix of subjects is a sum away.

Scores of counts are not linear, but counts are: the confusion matrix of a resample of subjects is the weighted sum of
their own matrices. So 10,000 resamples are one matrix product, and no prediction is looked at twice.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmer.metrics.classification import SCORES, class_places, divide, mean_of_defined, scores_of_counts
from mmer.metrics.runs import checked_emotions, checked_units, is_multilabel, run_places
from mmer.types.predictions import class_names

UNIT_COUNT_SCORES = ("macro_f1", "micro_f1", "corpus_mean_f1")


@dataclass(frozen=True)
class Tallies:
    """Counts of each run and subject.

    Parameters
    ----------
    counts : ndarray of shape (R, S, ...), float64
        Whole numbers; what is behind S is one table of counts: (K, K) for emotions (rows are true classes),
        (D, A, 2, 2) for D corpora and A action units (rows are the truth, absent before present).
    runs : MultiIndex of (seed, repeat)
        R of them, sorted.
    subjects : tuple of str
        S of them, sorted.
    names : tuple of str
        The scores that such counts have.
    score : callable
        Counts of shape (..., one table) -> dict of score name to ndarray of shape (...).
    """

    counts: np.ndarray
    runs: pd.MultiIndex
    subjects: tuple[str, ...]
    names: tuple[str, ...]
    score: Callable[[np.ndarray], dict[str, np.ndarray]]

    def pooled(self) -> dict[str, np.ndarray]:
        """Return every score of every run, all subjects pooled: (R,) each."""
        return self.score(self.counts.sum(1))

    def weighted(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return the mean over runs of the pooled scores when each subject counts as often as a weight says.

        Parameters
        ----------
        weights : ndarray of shape (B, S), float64

        Returns
        -------
        dict of str to ndarray of shape (B,)
            A run in which a resample has no clip is left out of that resample's mean; NaN where all are.
        """
        cell = self.counts.shape[2:]
        runs = [self.score((weights @ one.reshape(len(one), -1)).reshape(-1, *cell)) for one in self.counts]
        return {name: mean_of_defined(np.stack([run[name] for run in runs], -1)) for name in self.names}


def tally(predictions: pd.DataFrame) -> Tallies:
    """Count a Predictions table of either kind by run, subject, truth and prediction.

    Raises
    ------
    InputError
        The table is empty, mixes experiments, targets or kinds, or holds a clip twice within a run.
    """
    return _tally_units(predictions) if is_multilabel(predictions) else _tally_emotions(predictions)


def scores_of_unit_counts(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Return the F1 scores of counts (..., D, A, 2, 2) of D corpora and A units: (...) each.

    A unit without positives in the scope (the run, or for ``corpus_mean_f1`` the corpus) has no F1 and is left out of
    the mean over units; a corpus in which no unit has positives is left out of the mean over corpora. ``micro_f1``
    counts the false alarms of all units.
    """
    by_corpus, by_unit = counts, counts.sum(-4)
    return {
        "macro_f1": mean_of_defined(binary_f1(by_unit)),
        "micro_f1": binary_f1(by_unit.sum(-3)),
        "corpus_mean_f1": mean_of_defined(mean_of_defined(binary_f1(by_corpus))),
    }


def binary_f1(counts: np.ndarray) -> np.ndarray:
    """Return 2 TP / (2 TP + FP + FN) of "present": (..., 2, 2) -> (...); NaN where the truth has no positive."""
    right, missed, alarms = counts[..., 1, 1], counts[..., 1, 0], counts[..., 0, 1]
    return np.where(right + missed > 0, divide(2 * right, 2 * right + missed + alarms), np.nan)


def _tally_emotions(predictions: pd.DataFrame) -> Tallies:
    table = checked_emotions(predictions)
    classes = class_names(table)
    truth, predicted = (class_places(table[name], classes) for name in ("truth", "predicted"))
    subject, subjects = pd.factorize(table.subject, sort=True)
    run, runs = run_places(table)
    counts = _count((run, subject, truth, predicted), (len(runs), len(subjects), len(classes), len(classes)))
    return Tallies(counts, runs, tuple(map(str, subjects)), SCORES, scores_of_counts)


def _tally_units(predictions: pd.DataFrame) -> Tallies:
    table = checked_units(predictions)
    classes = class_names(table)
    truth, predicted = (class_places(table[name], classes) for name in ("truth", "predicted"))
    (subject, subjects), (corpus, corpora), (unit, units) = (
        pd.factorize(table[name], sort=True) for name in ("subject", "dataset", "target")
    )
    run, runs = run_places(table)
    counts = _count(
        (run, subject, corpus, unit, truth, predicted), (len(runs), len(subjects), len(corpora), len(units), 2, 2)
    )
    return Tallies(counts, runs, tuple(map(str, subjects)), UNIT_COUNT_SCORES, scores_of_unit_counts)


def _count(places: tuple[np.ndarray, ...], shape: tuple[int, ...]) -> np.ndarray:
    """Count rows by several places at once."""
    flat = np.ravel_multi_index(places, shape)
    return np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape).astype(np.float64)
