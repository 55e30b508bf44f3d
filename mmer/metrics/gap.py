"""The difference of two Predictions tables on the same clips, with its interval, and no test."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmer.metrics.bootstrap import LEVEL, RESAMPLES, interval, refuses, resampled_scores
from mmer.metrics.classification import mean_of_defined
from mmer.metrics.pairing import paired


@dataclass(frozen=True)
class Gap:
    """How much better the first of two is.

    Parameters
    ----------
    difference : float
        Of the means over runs of a score.
    low, high : float
        Of its bootstrap interval over subjects; NaN where there is one subject only.
    """

    difference: float
    low: float
    high: float


def gaps(
    a: pd.DataFrame, b: pd.DataFrame, scores: Sequence[str], resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Gap]:
    """Set one table against another, both scored on the same resamples of subjects.

    Parameters
    ----------
    a, b : DataFrame
        Predictions tables of one kind on the same clips.
    scores : sequence of str
        Which scores; areas under the curve cannot be.
    resamples, seed : int
        Of the interval.

    Returns
    -------
    dict of str to Gap
        By score, a - b.

    Raises
    ------
    InputError
        The tables are not of the same clips, truth, classes or runs (``mmer.metrics.pairing.paired``).
    """
    pair = paired("the first", a, "the second", b)
    means = [{name: float(mean_of_defined(one.pooled()[name])) for name in scores} for one in (pair.a, pair.b)]
    drawn = [None if refuses(table) else resampled_scores(table, resamples, seed, list(scores)) for table in (a, b)]
    found = {}
    for name in scores:
        low = high = np.nan
        if drawn[0] is not None:
            low, high = interval(drawn[0][name].to_numpy() - drawn[1][name].to_numpy(), LEVEL)
        found[name] = Gap(means[0][name] - means[1][name], low, high)
    return found
