"""Paired tests between experiments on the same clips.

Permutation test: if two experiments are equally good, either could have made the predictions for a subject, so the two
are exchanged subject by subject (all runs and clips of a subject together: they are not independent) and the difference
of the score is computed anew. With few subjects every exchange is tried and p is exact; else 10,000 are drawn and p is
(1 + those at least as large) / (1 + 10,000), which is never 0 (Phipson & Smyth, "Permutation p-values should never be
zero", 2010). Two-sided.

Wilcoxon test: signed ranks of the differences of the subjects' accuracies (Wilcoxon 1945), every subject with the same
weight however many clips it has. Subjects without a difference carry no sign and are left out, as Wilcoxon did; the
result says how many.

Holm's correction (1979) holds the chance of any false finding over all pairs at the level of one test.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import rankdata, wilcoxon

from mmer.metrics.bootstrap import LEVEL, RESAMPLES, check_level, interval, refuses, resampled_scores
from mmer.metrics.classification import mean_of_defined
from mmer.metrics.draws import all_exchanges, random_exchanges
from mmer.metrics.pairing import Pair, paired
from mmer.metrics.runs import is_multilabel
from mmer.metrics.tallies import tally
from mmer.types.errors import InputError, nearest

PERMUTATIONS = 10_000
EXACT = 13  # 2^13 exchanges are fewer than 10,000


def compare(
    tables: Mapping[str, pd.DataFrame],
    score: str | None = None,
    resamples: int = RESAMPLES,
    permutations: int = PERMUTATIONS,
    level: float = LEVEL,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare every pair of experiments.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Name of an experiment -> its Predictions table, all of one kind and on the same clips.
    score : str, optional
        Emotions: ``uf1`` (default), ``uar``, ``accuracy``, ``weighted_f1``; action units: ``macro_f1`` (default),
        ``micro_f1``, ``corpus_mean_f1``. There is no test of areas under the curve.
    resamples, permutations : int
        Draws of the interval and of the permutation test.
    level : float
        Of the interval.
    seed : int
        Of all draws.

    Returns
    -------
    DataFrame
        One row per pair, in the order of ``tables``: ``a``, ``b``, ``score``, ``score_a``, ``score_b`` (means over
        runs), ``difference`` (a - b), ``low``, ``high`` (bootstrap interval of the difference, NaN for one subject),
        ``permutation_p``, ``permutations`` (exchanges tried), ``exact`` (whether those are all), ``wilcoxon_p``,
        ``subjects``, ``tied_subjects`` (equal accuracy in both: left out of Wilcoxon's test), and both p after Holm's
        correction over the rows: ``permutation_p_holm``, ``wilcoxon_p_holm``.

    Raises
    ------
    InputError
        There are fewer than two tables, the score is unknown or not defined on these clips, a number of draws is below
        1, the level is out of range, or two tables are not of the same clips, truth, classes, targets or runs.
    """
    if len(tables) < 2:
        raise InputError(f"compare: two experiments are needed, got {list(tables) or 'none'}")
    if permutations < 1:
        raise InputError(f"compare: permutations must be at least 1, got {permutations}")
    check_level(level)
    pairs = [paired(a, tables[a], b, tables[b]) for a, b in combinations(tables, 2)]
    score = _known_score(next(iter(tables.values())), score)
    drawn = {
        name: None if refuses(table) else resampled_scores(table, resamples, seed, [score])[score].to_numpy()
        for name, table in tables.items()
    }
    rows = [_row(pair, score, drawn, permutations, level, seed) for pair in pairs]
    table = pd.DataFrame(rows)
    for name in ("permutation_p", "wilcoxon_p"):
        table[f"{name}_holm"] = holm(table[name])
    return table


def permutation_test(
    pair: Pair, score: str, permutations: int = PERMUTATIONS, seed: int = 0
) -> tuple[float, int, bool]:
    """Exchange two experiments subject by subject.

    Parameters
    ----------
    pair : Pair
    score : str
        A score of their counts.
    permutations : int
        Exchanges to draw where there are too many to try all.
    seed : int

    Returns
    -------
    p : float
        Two-sided.
    tried : int
        Number of exchanges.
    exact : bool
        Whether those are all there are. To exchange a subject for whom both predict the same changes nothing, so only
        the others count: at most 13 of them make the test exact.
    """
    a, b = pair.a.counts, pair.b.counts
    differs = (a != b).any(axis=tuple(axis for axis in range(a.ndim) if axis != 1))
    exact = differs.sum() <= EXACT
    draws = all_exchanges(differs.sum()) if exact else random_exchanges(differs.sum(), permutations, seed)
    found = _exchanged(pair, differs, draws, score)
    observed = _exchanged(pair, differs, np.zeros((1, draws.shape[1])), score)[0]
    large = int((np.abs(found) >= abs(observed) - 1e-12).sum())  # equal in exact arithmetic counts as equal
    return (large / len(draws) if exact else (1 + large) / (1 + len(draws))), len(draws), bool(exact)


def wilcoxon_test(pair: Pair) -> tuple[float, int]:
    """Test the differences of the subjects' accuracies.

    Returns
    -------
    p : float
        Two-sided; exact for few subjects, else by the normal approximation; 1 where no subject differs.
    tied : int
        Subjects without a difference.
    """
    right = [_right(one.counts) for one in (pair.a, pair.b)]
    rows = pair.a.counts.sum(axis=tuple(axis for axis in range(pair.a.counts.ndim) if axis != 1))
    difference = (right[0] - right[1]) / rows  # of whole numbers, so that equal accuracies differ by exactly 0
    changed = difference[difference != 0]
    return _signed_rank(changed), len(difference) - len(changed)


def _signed_rank(differences: np.ndarray) -> float:
    """Return the two-sided p of Wilcoxon's test of differences other than 0.

    Of few, equal ones among them, scipy tries all signs too, but one after the other: a table of many models has
    hundreds of pairs.
    """
    if not len(differences):
        return 1.0
    if len(differences) > EXACT:
        return float(wilcoxon(differences).pvalue)
    ranks = rankdata(np.abs(differences))
    sums = all_exchanges(len(ranks)) @ ranks  # halves of whole numbers, so that equal sums are equal
    observed = ranks[differences > 0].sum()
    return float(min(1.0, 2 * min((sums <= observed).mean(), (sums >= observed).mean())))


def holm(p: Sequence[float]) -> np.ndarray:
    """Correct p values for their number (Holm, "A simple sequentially rejective multiple test procedure", 1979).

    The smallest of m is multiplied by m, the next by m - 1 and so on; none falls below one before it, none exceeds 1.
    """
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    corrected = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return corrected[np.argsort(order, kind="stable")]


def _row(pair: Pair, score: str, drawn: Mapping, permutations: int, level: float, seed: int) -> dict[str, object]:
    values = [float(mean_of_defined(one.pooled()[score])) for one in (pair.a, pair.b)]
    if np.isnan(values).any():
        raise InputError(f"compare: {score} is not defined on these clips: their truth has no positive; choose another")
    a, b = drawn[pair.names[0]], drawn[pair.names[1]]
    low, high = (np.nan, np.nan) if a is None else interval(a - b, level)
    p, tried, exact = permutation_test(pair, score, permutations, seed)
    wilcoxon_p, tied = wilcoxon_test(pair)
    return {
        "a": pair.names[0],
        "b": pair.names[1],
        "score": score,
        "score_a": values[0],
        "score_b": values[1],
        "difference": values[0] - values[1],
        "low": low,
        "high": high,
        "permutation_p": p,
        "permutations": tried,
        "exact": exact,
        "wilcoxon_p": wilcoxon_p,
        "subjects": len(pair.a.subjects),
        "tied_subjects": tied,
    }


def _exchanged(pair: Pair, differs: np.ndarray, draws: np.ndarray, score: str) -> np.ndarray:
    """Return the difference of the mean over runs of a pooled score after each exchange, (N,)."""
    runs = []
    for a, b in zip(pair.a.counts, pair.b.counts, strict=True):
        gap = (b - a)[differs]
        moved = (draws @ gap.reshape(len(gap), a[0].size)).reshape(-1, *a[0].shape)
        runs.append([pair.a.score(a.sum(0) + moved)[score], pair.b.score(b.sum(0) - moved)[score]])
    means = mean_of_defined(np.array(runs), 0)
    return means[0] - means[1]


def _right(counts: np.ndarray) -> np.ndarray:
    """Count the right predictions of each subject over all runs: (R, S, ..., K, K) -> (S,)."""
    right = np.trace(counts, axis1=-2, axis2=-1)
    return right.sum(axis=tuple(axis for axis in range(right.ndim) if axis != 1))


def _known_score(table: pd.DataFrame, score: str | None) -> str:
    names = tally(table).names
    if score is None:
        return "macro_f1" if is_multilabel(table) else "uf1"
    if score not in names:
        raise InputError(f"compare: {score!r} is no score that can be compared here; {nearest(score, names)}")
    return score
