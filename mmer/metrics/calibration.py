"""Whether probabilities mean what they say: expected calibration error, Brier score, and the table behind a plot.

The calibration error bins the predictions by confidence and averages |share that came true - mean confidence| over the
bins, weighted by their rows (Naeini et al., "Obtaining well calibrated probabilities using Bayesian binning", 2015; Guo
et al., "On calibration of modern neural networks", 2017). Confidence and event are, for emotions, the highest
probability and whether that class is right (top label); for action units, the probability of "present" and whether it
is present, over all rows. Bins are of equal width; a confidence on an edge belongs to the bin below it.
"""

import numpy as np
import pandas as pd

from mmer.metrics.classification import class_places
from mmer.metrics.runs import checked, is_multilabel, probabilities, run_places
from mmer.types.errors import InputError
from mmer.types.predictions import class_names

BINS = 15  # as Guo et al.


def calibration(predictions: pd.DataFrame, bins: int = BINS) -> pd.DataFrame:
    """Measure the calibration of each run, its rows pooled over all folds.

    Parameters
    ----------
    predictions : DataFrame
        Predictions table of one experiment, of either kind.
    bins : int
        Number of bins, at least 1.

    Returns
    -------
    DataFrame
        One row per run (index ``seed``, ``repeat``): ``ece``, the expected calibration error (0 to 1), and ``brier``,
        the mean over rows of the squared distance between probabilities and truth: for emotions summed over classes (0
        to 2), for action units of "present" alone (0 to 1), which is scikit-learn's convention.

    Raises
    ------
    InputError
        ``bins`` is below 1, a probability is NaN or infinite, or as ``mmer.metrics.runs.checked``.
    """
    table = checked(predictions)
    confidence, right, squares = _rows(table)
    run, runs = run_places(table)
    cells = run * bins + _bins(confidence, bins)
    gap = np.bincount(cells, right - confidence, len(runs) * bins).reshape(len(runs), bins)
    rows = np.bincount(run)
    values = {"ece": np.abs(gap).sum(1) / rows, "brier": np.bincount(run, squares) / rows}
    return pd.DataFrame(values, index=runs)


def reliability(predictions: pd.DataFrame, bins: int = BINS) -> pd.DataFrame:
    """Return the table of a reliability plot: the rows of all runs by confidence.

    Parameters
    ----------
    predictions : DataFrame
        Predictions table of one experiment, of either kind.
    bins : int
        Number of bins, at least 1.

    Returns
    -------
    DataFrame
        One row per bin: ``low``, ``high`` (its edges), ``rows`` (int), ``confidence`` (mean) and ``frequency`` (share
        of rows that came true); the last two are NaN for an empty bin.

    Raises
    ------
    InputError
        As ``calibration``.
    """
    confidence, right, _ = _rows(checked(predictions))
    place = _bins(confidence, bins)
    rows = np.bincount(place, minlength=bins)
    means = [
        np.divide(np.bincount(place, values, bins), rows, out=np.full(bins, np.nan), where=rows > 0)
        for values in (confidence, right)
    ]
    edges = np.arange(bins + 1) / bins
    return pd.DataFrame(
        {"low": edges[:-1], "high": edges[1:], "rows": rows, "confidence": means[0], "frequency": means[1]}
    )


def _rows(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return confidence, whether it came true, and the Brier score of each row: (n,) float64 each."""
    p, truth = probabilities(table), class_places(table.truth, class_names(table))
    if is_multilabel(table):
        return p[:, 1], truth.astype(np.float64), (p[:, 1] - truth) ** 2
    right = class_places(table.predicted, class_names(table)) == truth
    return p.max(1), right.astype(np.float64), ((p - np.eye(p.shape[1])[truth]) ** 2).sum(1)


def _bins(confidence: np.ndarray, bins: int) -> np.ndarray:
    """Return the bin of each confidence; what rounding put a hair outside 0..1 is in the bin at that end."""
    if bins < 1:
        raise InputError(f"calibration: bins must be at least 1, got {bins}")
    inner = np.arange(1, bins) / bins  # compared, not multiplied: 0.2 * 15 is above 3
    return np.searchsorted(inner, confidence, side="left")
