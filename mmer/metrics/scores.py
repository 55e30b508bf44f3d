"""Numbers of a Predictions table: pooled over folds within each seed, then averaged over seeds."""

import numpy as np
import pandas as pd

from mmer.metrics.classification import confusion, scores_of_counts
from mmer.types.errors import InputError
from mmer.types.predictions import class_names


def scores(predictions: pd.DataFrame) -> pd.DataFrame:
    """Score each seed, its test clips pooled over all folds.

    Parameters
    ----------
    predictions : DataFrame
        Predictions table of one experiment and one target.

    Returns
    -------
    DataFrame
        One row per seed (the index), columns ``uf1``, ``uar``, ``accuracy``, ``weighted_f1``. The number to report is
        the mean over rows (``mean_scores``), its spread the standard deviation.

    Raises
    ------
    InputError
        The table is empty, or holds several experiments or targets.
    """
    matrices = confusion_per_seed(predictions)
    return pd.DataFrame(
        [scores_of_counts(counts) for counts in matrices.values()], index=pd.Index(list(matrices), name="seed")
    )


def mean_scores(predictions: pd.DataFrame) -> pd.Series:
    """Return the mean over seeds of each pooled score."""
    return scores(predictions).mean()


def confusion_per_seed(predictions: pd.DataFrame) -> dict[int, np.ndarray]:
    """Return the pooled confusion matrix (K, K) int64 of each seed; rows are true classes."""
    _check_single(predictions)
    classes = class_names(predictions)
    return {
        int(seed): confusion(part.truth.to_numpy(), part.predicted.to_numpy(), classes)
        for seed, part in predictions.groupby("seed", sort=True)
    }


def per_subject(predictions: pd.DataFrame) -> pd.DataFrame:
    """Count right predictions of each subject.

    Returns
    -------
    DataFrame
        Sorted by ``subject``: ``dataset``, ``subject``, ``clips`` (int), ``correct`` (float: mean over seeds) and
        ``accuracy``.

    Raises
    ------
    InputError
        The table is empty, or holds several experiments or targets.
    """
    _check_single(predictions)
    rows = predictions.assign(correct=(predictions.truth == predictions.predicted).astype(float))
    table = rows.groupby(["dataset", "subject"], sort=True, as_index=False).agg(
        clips=("clip_id", "nunique"), accuracy=("correct", "mean")
    )
    table["correct"] = table.accuracy * table.clips
    return table[["dataset", "subject", "clips", "correct", "accuracy"]].sort_values("subject", ignore_index=True)


def class_counts(predictions: pd.DataFrame) -> pd.Series:
    """Count the test clips of each true class, each clip once; index is the classes in their declared order."""
    _check_single(predictions)
    clips = predictions.drop_duplicates("clip_id")
    return clips.truth.value_counts().reindex(list(class_names(predictions)), fill_value=0).rename("clips")


def _check_single(predictions: pd.DataFrame) -> None:
    """Refuse a table whose pooling would mix experiments or targets."""
    if not len(predictions):
        raise InputError("metrics: the Predictions table is empty")
    for name in ("experiment", "target"):
        if len(found := sorted(set(predictions[name]))) > 1:
            raise InputError(f"metrics: one {name} at a time, but the table holds {found}; filter it first")
