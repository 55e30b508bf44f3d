"""Scores of a classifier, all from one table of counts, as scikit-learn defines them.

``metric(truth, predicted, classes) -> float``, where truth and predicted are the pooled class names of all test clips.
Means over classes leave out the classes without truth (``absent`` names them): scored as 0 they would put a perfect
classifier below 1, which is what makes the mean of per-fold scores useless where a subject lacks classes.

Two formulas of the survey this project follows are not what is meant there, nor what is computed here: its eq. 2
prints the F1 of a class as 2 TP / (TP + FP + FN), which reaches 2; 2 TP / (2 TP + FP + FN) is meant (its eq. 4 has
it). Its eq. 1, (TP + TN) / (TP + TN + FP + FN), is accuracy for two classes; for several classes accuracy is the share
of clips predicted right, which the survey calls WAR in its eq. 5.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmer.types.errors import InputError

SCORES = ("uf1", "uar", "accuracy", "weighted_f1", "war", "mean_diagonal")


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
    size = len(classes)
    cells = class_places(truth, classes) * size + class_places(predicted, classes)
    return np.bincount(cells, minlength=size * size).reshape(size, size)


def class_places(words: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Return the place of each word among the classes, (n,) int64; a word that is none of them is an InputError."""
    places = pd.Index(list(classes), dtype=object).get_indexer(pd.Index(words, dtype=object)).astype(np.int64)
    if (places < 0).any():
        strange = sorted({str(word) for word in np.asarray(words, object)[places < 0]})
        raise InputError(f"metrics: {strange} are not among the classes {list(classes)}")
    return places


def absent(truth: Sequence[str], classes: Sequence[str]) -> tuple[str, ...]:
    """Name the classes that no clip belongs to: they are left out of UF1 and UAR."""
    found = set(truth)
    return tuple(name for name in classes if name not in found)


def precision_per_class(counts: np.ndarray) -> np.ndarray:
    """Return TP / (TP + FP) of each class: (..., K, K) -> (..., K) float64.

    NaN for a class without truth, 0 for a class with truth that is never predicted (as scikit-learn has it).
    """
    support, named = counts.sum(-1), counts.sum(-2)
    precision = np.where(support > 0, 0.0, np.nan)
    return np.divide(_diagonal(counts), named, out=precision, where=(support > 0) & (named > 0))


def recall_per_class(counts: np.ndarray) -> np.ndarray:
    """Return TP / (TP + FN) of each class: (..., K, K) -> (..., K) float64; NaN for a class without truth."""
    support = counts.sum(-1)
    return np.divide(_diagonal(counts), support, out=np.full(support.shape, np.nan), where=support > 0)


def f1_per_class(counts: np.ndarray) -> np.ndarray:
    """Return 2 TP / (2 TP + FP + FN) of each class: (..., K, K) -> (..., K) float64; NaN for a class without truth.

    The denominator is not the survey's eq. 2, which misses a factor of 2 (see the module's docstring).
    """
    support = counts.sum(-1)
    f1 = np.full(support.shape, np.nan)
    return np.divide(2 * _diagonal(counts), support + counts.sum(-2), out=f1, where=support > 0)


def scores_of_counts(counts: np.ndarray) -> dict[str, float | np.ndarray]:
    """Return every score of a confusion matrix, or of a stack of them.

    Parameters
    ----------
    counts : ndarray of shape (..., K, K)
        Rows are true classes. Whole numbers or weights.

    Returns
    -------
    dict of str to float, or to ndarray of shape (...)
        The names in ``SCORES``. A matrix without any clip has no score: NaN.
    """
    f1, support, right = f1_per_class(counts), counts.sum(-1), _diagonal(counts).sum(-1)
    share = divide(right, support.sum(-1))
    scores = {
        "uf1": mean_of_defined(f1),
        "uar": mean_of_defined(recall_per_class(counts)),
        "accuracy": share,
        "weighted_f1": divide(np.nansum(f1 * support, -1), support.sum(-1)),
        "war": share,
        "mean_diagonal": mean_of_defined(_diagonal(row_normalised(counts))),
    }
    return {name: float(value) for name, value in scores.items()} if counts.ndim == 2 else scores


def row_normalised(counts: np.ndarray) -> np.ndarray:
    """Divide each row of confusion matrices (..., K, K) by its clips; NaN for a class without truth."""
    return divide(counts, counts.sum(-1, keepdims=True))


def divide(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide, with NaN where the denominator is 0."""
    part, whole = np.broadcast_arrays(np.asarray(part, float), whole)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def mean_of_defined(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return the mean over the values that are not NaN; NaN where all are."""
    return divide(np.nansum(values, axis), np.isfinite(values).sum(axis))


def uf1(truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]) -> float:
    """Unweighted F1: the mean of 2 TP / (2 TP + FP + FN) over the classes that have truth (macro F1)."""
    return scores_of_counts(confusion(truth, predicted, classes))["uf1"]


def uar(truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]) -> float:
    """Unweighted average recall: the mean of TP / (TP + FN) over the classes that have truth (balanced accuracy)."""
    return scores_of_counts(confusion(truth, predicted, classes))["uar"]


def accuracy(truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]) -> float:
    """Share of clips predicted right.

    The survey's eq. 1 is its form for two classes; with several, counting the true negatives of each class would lift
    every classifier.
    """
    return scores_of_counts(confusion(truth, predicted, classes))["accuracy"]


def weighted_f1(truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]) -> float:
    """Mean of the classes' F1, each weighted by its number of clips.

    This is what the survey's eq. 2 means; as printed, its denominator lacks a factor of 2 before TP.
    """
    return scores_of_counts(confusion(truth, predicted, classes))["weighted_f1"]


def war(truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]) -> float:
    """Weighted average recall: the recalls weighted by their clips, which is accuracy (the survey's eq. 5)."""
    return scores_of_counts(confusion(truth, predicted, classes))["war"]


def mean_diagonal(truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]) -> float:
    """Mean of the diagonal of the row-normalised confusion matrix, over the classes that have truth: UAR."""
    return scores_of_counts(confusion(truth, predicted, classes))["mean_diagonal"]


def _diagonal(counts: np.ndarray) -> np.ndarray:
    return np.diagonal(counts, axis1=-2, axis2=-1)
