"""Area under the ROC curve: by ranks for many groups at once, and by pairs of subjects for resampling.

The area is the share of (positive, negative) pairs in which the positive has the higher probability, ties counting one
half (Mann & Whitney 1947; Hanley & McNeil, "The meaning and use of the area under a receiver operating characteristic
curve", 1982). Summed over pairs of subjects, the pairs of a resample of subjects are a quadratic form in how often
each subject was drawn, so resampling sorts nothing again.
"""

import numpy as np

from mmer.metrics.classification import divide


def auc_of_groups(positive: np.ndarray, probability: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Return the area of every group of rows, all in one sort.

    Parameters
    ----------
    positive : ndarray of shape (n,), bool
    probability : ndarray of shape (n,), float64
    group : ndarray of shape (n,), int64
        Group of each row, 0 <= group < groups.
    groups : int

    Returns
    -------
    ndarray of shape (groups,), float64
        NaN for a group whose truth has one class only.
    """
    order = np.lexsort((probability, group))
    positive, probability, group = positive[order], probability[order], group[order]
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(group) != 0) | (np.diff(probability) != 0)
    tie = np.cumsum(new) - 1  # rows of one group with one probability share their mean rank
    place = np.arange(len(order), dtype=np.float64)
    rank = (np.bincount(tie, place) / np.bincount(tie))[tie]
    size, positives = (np.bincount(group, weights, groups) for weights in (None, positive))
    first = np.cumsum(size) - size
    rank_sum = np.bincount(group, positive * rank, groups) - positives * first
    pairs = positives * (size - positives)
    return divide(rank_sum - positives * (positives - 1) / 2, pairs)


def resampled_auc(
    positive: np.ndarray, probability: np.ndarray, subject: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return the area of one group of rows in resamples of its subjects.

    Parameters
    ----------
    positive : ndarray of shape (n,), bool
    probability : ndarray of shape (n,), float64
    subject : ndarray of shape (n,), int64
        Column of ``weights`` that each row belongs to.
    weights : ndarray of shape (B, S), float64
        How often each subject is in each resample.

    Returns
    -------
    ndarray of shape (B,), float64
        NaN for a resample whose truth has one class only.
    """
    with_positives, with_negatives = np.unique(subject[positive]), np.unique(subject[~positive])
    if not len(with_positives) or not len(with_negatives):
        return np.full(len(weights), np.nan)
    column = np.searchsorted(with_negatives, subject[~positive])
    negatives = probability[~positive]
    # wins[s, t]: of the pairs of a positive of subject s and a negative of subject t, those in the right order.
    wins = np.stack(
        [
            np.bincount(column, _wins(probability[positive & (subject == one)], negatives), len(with_negatives))
            for one in with_positives
        ]
    )
    counts = [np.bincount(subject, part, weights.shape[1]) for part in (positive, ~positive)]
    right = ((weights[:, with_positives] @ wins) * weights[:, with_negatives]).sum(1)
    return divide(right, (weights @ counts[0]) * (weights @ counts[1]))


def _wins(positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """Count for each negative how many positives are more probable, ties one half: (n,) float64."""
    ordered = np.sort(positives)
    above = len(ordered) - np.searchsorted(ordered, negatives, side="right")
    level = len(ordered) - np.searchsorted(ordered, negatives, side="left")
    return (above + level) / 2
