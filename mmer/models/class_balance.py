"""Weights of clips that make every class count the same."""

import numpy as np

CHOICES = ("balanced", "none")


def clip_weight(classes: np.ndarray, weight: np.ndarray, how: str) -> np.ndarray:
    """Return the weight of every training clip, (n,).

    Parameters
    ----------
    classes : ndarray of shape (n,), int64
    weight : ndarray of shape (n,)
        Weights of the clips by themselves.
    how : str
        ``balanced``: times n / (K n_y) of the clip's class y, with sums of weights for n and n_y, over the K classes
        that occur (King & Zeng, Political Analysis 9(2), 2001; scikit-learn's ``class_weight="balanced"``).
        ``none``: as they are.
    """
    if how == "none":
        return weight.astype(np.float64)
    total = np.bincount(classes, weights=weight)
    return weight * total.sum() / (np.count_nonzero(total) * total[classes])
