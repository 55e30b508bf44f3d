"""Scores of a classifier, all from one table of counts.

``metric(truth, predicted, classes) -> float``, where truth and predicted are the pooled class names of all test clips.
Means over classes leave out the classes without truth (``absent`` names them): scored as 0 they would put a perfect
classifier below 1, which is what makes the mean of per-fold scores useless where a subject lacks classes.
"""

from collections.abc import Sequence

import numpy as np

from mmer.types.errors import InputError


def confusion(truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Count clips by true class (row) and predicted class (column).

    Parameters
    ----------
    truth, predicted : sequence of n str
    classes : sequence of K str
        In the order the label scheme declares.

    Returns
    -------
    ndarray of shape (K, K), int64

    Raises
    ------
    InputError
        Lengths differ, there is no clip, or a word is not among the classes.
    """
    if len(truth) != len(predicted):
        raise InputError(f"metrics: {len(truth)} true classes but {len(predicted)} predicted ones")
    if not len(truth):
        raise InputError("metrics: there is no clip to score")
    place = {name: row for row, name in enumerate(classes)}
    if strange := sorted({str(name) for name in (*truth, *predicted) if name not in place}):
        raise InputError(f"metrics: {strange} are not among the classes {list(classes)}")
    rows = np.fromiter((place[name] for name in truth), np.int64, len(truth))
    columns = np.fromiter((place[name] for name in predicted), np.int64, len(predicted))
    size = len(classes)
    return np.bincount(rows * size + columns, minlength=size * size).reshape(size, size)


def absent(truth: Sequence[str], classes: Sequence[str]) -> tuple[str, ...]:
    """Name the classes that no clip belongs to: they are left out of UF1 and UAR."""
    return tuple(name for name in classes if name not in set(truth))


def recall_per_class(counts: np.ndarray) -> np.ndarray:
    """Return TP / (TP + FN) of each class, (K,) float64; NaN for a class without truth."""
    support = counts.sum(1)
    return np.divide(counts.diagonal(), support, out=np.full(len(counts), np.nan), where=support > 0)


def f1_per_class(counts: np.ndarray) -> np.ndarray:
    """Return 2 TP / (2 TP + FP + FN) of each class, (K,) float64; NaN for a class without truth."""
    support = counts.sum(1)
    f1 = np.full(len(counts), np.nan)
    return np.divide(2 * counts.diagonal(), support + counts.sum(0), out=f1, where=support > 0)


def scores_of_counts(counts: np.ndarray) -> dict[str, float]:
    """Return every score of a confusion matrix.

    Parameters
    ----------
    counts : ndarray of shape (K, K)
        Rows are true classes; at least one clip.

    Returns
    -------
    dict of str to float
        ``uf1``, ``uar``, ``accuracy`` and ``weighted_f1``.
    """
    f1, support = f1_per_class(counts), counts.sum(1)
    return {
        "uf1": float(np.nanmean(f1)),
        "uar": float(np.nanmean(recall_per_class(counts))),
        "accuracy": float(counts.trace() / counts.sum()),
        "weighted_f1": float(np.nansum(f1 * support) / support.sum()),
    }


def uf1(truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]) -> float:
    """Unweighted F1: the mean of 2 TP / (2 TP + FP + FN) over the classes that have truth (macro F1)."""
    return scores_of_counts(confusion(truth, predicted, classes))["uf1"]


def uar(truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]) -> float:
    """Unweighted average recall: the mean of TP / (TP + FN) over the classes that have truth (balanced accuracy)."""
    return scores_of_counts(confusion(truth, predicted, classes))["uar"]


def accuracy(truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]) -> float:
    """Share of clips predicted right."""
    return scores_of_counts(confusion(truth, predicted, classes))["accuracy"]


def weighted_f1(truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]) -> float:
    """Mean of the classes' F1, each weighted by its number of clips."""
    return scores_of_counts(confusion(truth, predicted, classes))["weighted_f1"]
