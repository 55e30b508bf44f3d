"""Numbers of an emotion table: pooled over folds within each run (seed, repeat), then averaged over runs."""

import numpy as np
import pandas as pd

from mmer.metrics.classification import (
    SCORES,
    class_places,
    f1_per_class,
    mean_of_defined,
    precision_per_class,
    recall_per_class,
    scores_of_counts,
)
from mmer.metrics.runs import checked_emotions, run_places
from mmer.metrics.tallies import tally
from mmer.types.predictions import class_names


def scores(predictions: pd.DataFrame) -> pd.DataFrame:
    """Score each run, its test clips pooled over all folds.

    Parameters
    ----------
    predictions : DataFrame
        Predictions table of one experiment and one target.

    Returns
    -------
    DataFrame
        One row per run (index ``seed``, ``repeat``), columns ``uf1``, ``uar``, ``accuracy``, ``weighted_f1``, ``war``
        (accuracy by another name) and ``mean_diagonal`` (UAR by another name). The number to report is the mean over
        rows (``mean_scores``), its spread the standard deviation. Classes without truth in a run are left out of its
        means; ``absent_classes`` names them.

    Raises
    ------
    InputError
        The table is empty, is one of action units, holds several experiments or targets, or a clip twice within a run.
    """
    tallies = tally(checked_emotions(predictions))
    return pd.DataFrame(tallies.pooled(), index=tallies.runs, columns=list(SCORES))


def mean_scores(predictions: pd.DataFrame) -> pd.Series:
    """Return the mean over runs of each pooled score."""
    return scores(predictions).mean()


def absent_classes(predictions: pd.DataFrame) -> tuple[str, ...]:
    """Name the classes, in declared order, that at least one run has no clip of: its means leave them out."""
    tallies = tally(checked_emotions(predictions))
    support = tallies.counts.sum((1, 3))  # runs x true classes
    return tuple(name for name, lacks in zip(class_names(predictions), (support == 0).any(0), strict=True) if lacks)


def confusion_per_run(predictions: pd.DataFrame) -> dict[tuple[int, int], np.ndarray]:
    """Return the pooled confusion matrix (K, K) int64 of each run (seed, repeat); rows are true classes."""
    tallies = tally(checked_emotions(predictions))
    return dict(zip(tallies.runs, tallies.counts.sum(1).astype(np.int64), strict=True))


def confusion_per_seed(predictions: pd.DataFrame) -> dict[int, np.ndarray]:
    """Return the confusion matrix (K, K) int64 of each seed, summed over its repeats; rows are true classes.

    For pictures of where a classifier errs. With several repeats a clip counts as often as it was tested; scores are
    computed per run and never from this sum.
    """
    matrices: dict[int, np.ndarray] = {}
    for (seed, _), counts in confusion_per_run(predictions).items():
        matrices[seed] = matrices.get(seed, 0) + counts
    return matrices


def per_class(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return precision, recall and F1 of each class, means over the runs that have truth of it.

    Returns
    -------
    DataFrame
        Index ``class`` in declared order; ``precision`` (0 for a class never predicted), ``recall``, ``f1`` (all NaN
        for a class without truth) and ``support`` (int: distinct test clips).
    """
    counts = np.stack(list(confusion_per_run(predictions).values()))
    values = {
        name: mean_of_defined(function(counts), 0)
        for name, function in (("precision", precision_per_class), ("recall", recall_per_class), ("f1", f1_per_class))
    }
    index = pd.Index(class_names(predictions), name="class")
    return pd.DataFrame(values, index=index).assign(support=class_counts(predictions).to_numpy())


def mean_over_folds(predictions: pd.DataFrame, absent_as_zero: bool = False) -> pd.DataFrame:
    """Score each fold alone and average over folds: what many papers print, and what not to report.

    A fold of leave-one-subject-out has few clips (on MEGC2019 a median of 4) and seldom all classes, so the result
    depends on how the folds are cut, moves with the rule for absent classes, and does not compare with a pooled score
    in either direction: one run of SSSNet scores a macro F1 of .739 pooled and .666 as a mean over folds (Varanka et
    al., "Data Leakage and Evaluation Issues in Micro-Expression Analysis", 2024). It exists to show that difference.

    Parameters
    ----------
    predictions : DataFrame
        Predictions table of one experiment and one target.
    absent_as_zero : bool
        Score a class that a fold has no truth of as 0 instead of leaving it out, as a plain call of a library with all
        classes does. A perfect classifier then stays below 1.

    Returns
    -------
    DataFrame
        One row per run, columns ``mean_over_folds_uf1``, ``mean_over_folds_uar`` and so on.
    """
    table = checked_emotions(predictions)
    classes = class_names(table)
    size = len(classes)
    run, runs = run_places(table)
    fold, folds = pd.factorize(pd.MultiIndex.from_arrays([run, table.fold]), sort=True)
    cells = np.ravel_multi_index(
        (fold, class_places(table.truth, classes), class_places(table.predicted, classes)), (len(folds), size, size)
    )
    counts = np.bincount(cells, minlength=len(folds) * size * size).reshape(len(folds), size, size)
    values = pd.DataFrame(scores_of_counts(counts))
    if absent_as_zero:
        share = (counts.sum(2) > 0).mean(1)  # of the classes that the fold has truth of
        for name in ("uf1", "uar", "mean_diagonal"):
            values[name] *= share
    table = values.groupby(folds.get_level_values(0)).mean().set_axis(runs, axis=0)
    return table.add_prefix("mean_over_folds_")


def per_subject(predictions: pd.DataFrame) -> pd.DataFrame:
    """Count right predictions of each subject.

    Returns
    -------
    DataFrame
        Sorted by ``subject``: ``dataset``, ``subject``, ``clips`` (int), ``correct`` (float: mean over runs) and
        ``accuracy``.

    Raises
    ------
    InputError
        As ``scores``.
    """
    predictions = checked_emotions(predictions)
    rows = predictions.assign(correct=(predictions.truth == predictions.predicted).astype(float))
    table = rows.groupby(["dataset", "subject"], sort=True, as_index=False).agg(
        clips=("clip_id", "nunique"), accuracy=("correct", "mean")
    )
    table["correct"] = table.accuracy * table.clips
    return table[["dataset", "subject", "clips", "correct", "accuracy"]].sort_values("subject", ignore_index=True)


def class_counts(predictions: pd.DataFrame) -> pd.Series:
    """Count the test clips of each true class, each clip once; index is the classes in their declared order."""
    clips = checked_emotions(predictions).drop_duplicates("clip_id")
    return clips.truth.value_counts().reindex(list(class_names(predictions)), fill_value=0).rename("clips")
