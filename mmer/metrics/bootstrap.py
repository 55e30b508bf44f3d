"""Intervals by resampling subjects: how far a score would move had other people been recorded.

Clips of one person are not independent, so whole subjects are drawn with replacement and all their clips come along
(the cluster bootstrap: Davison & Hinkley, "Bootstrap methods and their application", 1997, section 3.8; Field & Welsh,
"Bootstrapping clustered data", 2007). The interval lies between two percentiles of the statistic over the resamples.
Nothing is trained again: what varies is who is tested, not who was trained on.

With several runs the statistic is what is reported: the mean over runs of the pooled score, all runs on the same
resample. A class (or unit) that a resample lacks is left out of that resample's mean over classes, as anywhere else.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmer.metrics.auc import resampled_auc
from mmer.metrics.classification import class_places, mean_of_defined
from mmer.metrics.draws import resamples_of_subjects
from mmer.metrics.multilabel import UNIT_SCORES, unit_scores
from mmer.metrics.runs import PRESENCE, checked, is_multilabel, probabilities, run_places
from mmer.metrics.scores import scores
from mmer.metrics.tallies import tally
from mmer.types.errors import InputError, nearest

RESAMPLES = 10_000
LEVEL = 0.95


def refuses(predictions: pd.DataFrame) -> str | None:
    """Say why a table has no interval, or None where it has."""
    subjects = sorted(set(predictions.subject))
    if len(subjects) == 1:
        return f"intervals resample subjects, and there is one only, {subjects[0]}; its scores have no interval"
    return None


def intervals(
    predictions: pd.DataFrame, resamples: int = RESAMPLES, level: float = LEVEL, seed: int = 0
) -> pd.DataFrame:
    """Return every score with its spread over runs and its percentile interval.

    Parameters
    ----------
    predictions : DataFrame
        Predictions table of one experiment, of either kind.
    resamples : int
        Number of resamples.
    level : float
        Share of the resamples inside the interval, between 0 and 1.
    seed : int
        Of the resamples.

    Returns
    -------
    DataFrame
        Index ``score``; ``mean`` and ``sd`` over runs (``sd`` is NaN for one run), ``low`` and ``high`` of the
        interval, and ``resamples``, those in which the score was defined and which the interval therefore rests on.

    Raises
    ------
    InputError
        There is one subject only (``refuses`` tells beforehand), ``resamples`` or ``level`` is out of range, or as
        ``mmer.metrics.runs.checked``.
    """
    check_level(level)
    drawn = resampled_scores(predictions, resamples, seed)
    runs = unit_scores(predictions) if is_multilabel(predictions) else scores(predictions)
    limits = [interval(drawn[name].to_numpy(), level) for name in drawn]
    return pd.DataFrame(
        {
            "mean": runs.mean(),
            "sd": runs.std(ddof=1),
            "low": [low for low, _ in limits],
            "high": [high for _, high in limits],
            "resamples": drawn.notna().sum(),
        },
        index=pd.Index(drawn.columns, name="score"),
    )


def check_level(level: float) -> None:
    """Refuse a level of an interval that is no share between 0 and 1."""
    if not 0 < level < 1:
        raise InputError(f"bootstrap: level must lie between 0 and 1, got {level}")


def interval(values: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """Return the percentile interval of resampled values, NaN left out; NaN where all are."""
    values = values[np.isfinite(values)]
    if not len(values):
        return np.nan, np.nan
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def resampled_scores(
    predictions: pd.DataFrame, resamples: int = RESAMPLES, seed: int = 0, names: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return the mean over runs of pooled scores in each resample of subjects.

    Parameters
    ----------
    predictions : DataFrame
        Predictions table of one experiment, of either kind.
    resamples, seed : int
    names : sequence of str, optional
        Scores to compute; by default all. Areas under the curve take longest.

    Returns
    -------
    DataFrame
        One row per resample, one column per score; NaN where the resample does not define it.

    Raises
    ------
    InputError
        As ``intervals``, or a name is no score of this kind of table.
    """
    table = checked(predictions)
    if reason := refuses(table):
        raise InputError(f"bootstrap: {reason}")
    if resamples < 1:
        raise InputError(f"bootstrap: resamples must be at least 1, got {resamples}")
    tallies = tally(table)
    known = UNIT_SCORES if is_multilabel(table) else tallies.names
    names = list(known if names is None else names)
    if unknown := [name for name in names if name not in known]:
        raise InputError(f"bootstrap: {unknown[0]!r} is no score of this table; {nearest(unknown[0], known)}")
    weights = resamples_of_subjects(len(tallies.subjects), resamples, seed)
    drawn = tallies.weighted(weights)
    for name, apart in (("macro_auc", True), ("micro_auc", False)):
        if name in names:
            drawn[name] = _mean_area(table, tallies.subjects, weights, apart)
    return pd.DataFrame({name: drawn[name] for name in names})


def _mean_area(table: pd.DataFrame, subjects: tuple[str, ...], weights: np.ndarray, apart: bool) -> np.ndarray:
    """Return the mean over runs of the area in each resample, (B,): units apart and averaged, or their rows pooled."""
    positive, probability = class_places(table.truth, PRESENCE) == 1, probabilities(table)[:, 1]
    subject = pd.Index(subjects).get_indexer(table.subject)
    unit = pd.factorize(table.target)[0] if apart else np.zeros(len(table), np.int64)
    run, _ = run_places(table)
    means = []
    for r in range(run.max() + 1):
        groups = [(run == r) & (unit == u) for u in range(unit.max() + 1)]
        areas = [resampled_auc(positive[rows], probability[rows], subject[rows], weights) for rows in groups]
        means.append(mean_of_defined(np.stack(areas), 0))
    return mean_of_defined(np.stack(means), 0)
