"""Intervals of single classes, or action units, and scores of single subjects: from the tallies of a table."""

import numpy as np
import pandas as pd

from mmer.metrics.bootstrap import LEVEL, check_level, interval, refuses
from mmer.metrics.classification import divide, f1_per_class, mean_of_defined, recall_per_class
from mmer.metrics.draws import resamples_of_subjects
from mmer.metrics.runs import is_multilabel
from mmer.metrics.tallies import binary_f1, tally
from mmer.types.errors import InputError
from mmer.types.predictions import class_names

RESAMPLES = 2_000  # of one class for a drawing; the scores of an experiment use more


def class_intervals(
    predictions: pd.DataFrame, resamples: int = RESAMPLES, level: float = LEVEL, seed: int = 0
) -> pd.DataFrame:
    """Return F1 and recall of each class, or action unit, with the percentile interval over resamples of subjects.

    Parameters
    ----------
    predictions : DataFrame
        Predictions table of one experiment, of either kind.
    resamples : int
    level : float
        Share of the resamples inside the interval, between 0 and 1.
    seed : int
        Of the resamples: the same subjects are drawn as in ``mmer.metrics.bootstrap.intervals``.

    Returns
    -------
    DataFrame
        Index is the class in declared order, or the unit by name; ``f1``, ``f1_low``, ``f1_high``, ``recall``,
        ``recall_low``, ``recall_high``: means over runs, as in ``per_class``. NaN for a class without truth; limits are
        NaN too where there is one subject only.

    Raises
    ------
    InputError
        ``resamples`` or ``level`` is out of range, or as ``mmer.metrics.runs.checked``.
    """
    check_level(level)
    if resamples < 1:
        raise InputError(f"bootstrap: resamples must be at least 1, got {resamples}")
    tallies, units = tally(predictions), is_multilabel(predictions)
    counts = tallies.counts.sum(2) if units else tallies.counts  # (R, S, A, 2, 2), corpora together, or (R, S, K, K)
    names = sorted(set(predictions.target)) if units else class_names(predictions)
    cell = counts.shape[2:]
    weights = np.ones((1, len(tallies.subjects)))
    if refuses(predictions) is None:
        weights = np.concatenate([weights, resamples_of_subjects(len(tallies.subjects), resamples, seed)])
    drawn = [(weights @ one.reshape(len(one), -1)).reshape(-1, *cell) for one in counts]
    table = pd.DataFrame(index=pd.Index(map(str, names), name="unit" if units else "class"))
    functions = {"f1": binary_f1 if units else f1_per_class, "recall": _binary_recall if units else recall_per_class}
    for name, function in functions.items():
        values = mean_of_defined(np.stack([function(one) for one in drawn], -1))  # (1 + resamples, classes)
        limits = np.array([interval(column, level) for column in values[1:].T])
        table[name], table[f"{name}_low"], table[f"{name}_high"] = values[0], *limits.T
    return table


def subject_scores(predictions: pd.DataFrame) -> pd.DataFrame:
    """Score each subject alone: the share of clips predicted right, or of action units the micro F1.

    Returns
    -------
    DataFrame
        Sorted by ``subject``: ``subject``, ``clips`` (int), ``score`` (mean over runs; NaN where it is not defined).
    """
    tallies = tally(predictions)
    if is_multilabel(predictions):
        values = tallies.score(tallies.counts)["micro_f1"]
    else:
        diagonal = np.trace(tallies.counts, axis1=-2, axis2=-1)
        values = divide(diagonal, tallies.counts.sum((-2, -1)))
    clips = predictions.groupby("subject").clip_id.nunique()
    return pd.DataFrame(
        {
            "subject": tallies.subjects,
            "clips": [int(clips[name]) for name in tallies.subjects],
            "score": mean_of_defined(values, 0),
        }
    )


def _binary_recall(counts: np.ndarray) -> np.ndarray:
    return np.where(counts[..., 1, :].sum(-1) > 0, divide(counts[..., 1, 1], counts[..., 1, :].sum(-1)), np.nan)
