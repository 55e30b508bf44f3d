"""Pooled scores of what folds predict, against the truth or against many permutations of it at once."""

from collections.abc import Sequence

import numpy as np

from mmer.metrics.classification import scores_of_counts
from mmer.metrics.tallies import scores_of_unit_counts
from mmer.types.targets import Targets

SHOWN = {False: ("uf1", "uar"), True: ("macro_f1", "micro_f1")}  # of classes, of action units; the first is headline


def said(probabilities: np.ndarray, detection: bool) -> np.ndarray:
    """Turn probabilities into what is said: (..., n, K) -> classes (..., n); (..., n, A) -> presence (..., n, A)."""
    return (probabilities > 0.5).astype(np.int64) if detection else probabilities.argmax(-1)


def right(answer: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return the share of right answers of a fold: ``predicted`` (E, n) or (E, n, A) -> (E,).

    Parameters
    ----------
    answer : ndarray of shape (n,) or (n, A)
        See ``mmer.types.targets.Targets.answer``.
    predicted : ndarray
        What is said after each of E epochs.
    """
    known = np.isfinite(answer)
    hits = (predicted == answer) & known
    return hits.reshape(len(predicted), -1).sum(1) / max(known.sum(), 1)


def scores(targets: Targets, predicted: np.ndarray, orders: np.ndarray) -> dict[str, np.ndarray]:
    """Score what was said of n clips against several orders of their truth.

    Parameters
    ----------
    targets : Targets
        Of the n clips.
    predicted : ndarray of shape (n,) or (n, A), int64
        As ``said`` gives it, in the order of ``targets``.
    orders : ndarray of shape (R, n), int64
        Row r scores against the truth of the clips in this order; ``arange(n)`` is the truth itself.

    Returns
    -------
    dict of str to ndarray of shape (R,)
        ``uf1`` and ``uar``, or ``macro_f1`` and ``micro_f1``; see ``mmer.metrics``.
    """
    answer = targets.answer[orders]  # (R, n) or (R, n, A)
    shape = (len(orders), *((len(targets.units), 2, 2) if targets.units else (len(targets.classes),) * 2))
    known = np.isfinite(answer)
    run = np.broadcast_to(np.arange(len(orders)).reshape(-1, *(1,) * (answer.ndim - 1)), answer.shape)
    places = [run[known], answer[known].astype(np.int64), np.broadcast_to(predicted, answer.shape)[known]]
    if targets.units:
        places.insert(1, np.broadcast_to(np.arange(len(targets.units)), answer.shape)[known])
    counts = np.bincount(np.ravel_multi_index(places, shape), minlength=int(np.prod(shape))).reshape(shape)
    # Units are counted per corpus elsewhere; here all corpora are one.
    found = scores_of_unit_counts(counts[:, None]) if targets.units else scores_of_counts(counts)
    return {name: found[name] for name in SHOWN[bool(targets.units)]}


def orders_within(corpora: Sequence[str], times: int, random: np.random.Generator) -> np.ndarray:
    """Draw permutations of n clips that leave each in its corpus: (times, n) int64."""
    corpora = np.asarray(corpora)
    orders = np.tile(np.arange(len(corpora)), (times, 1))
    for corpus in sorted(set(corpora.tolist())):
        rows = np.flatnonzero(corpora == corpus)
        orders[:, rows] = rows[random.random((times, len(rows))).argsort(1)]
    return orders
