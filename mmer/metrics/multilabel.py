"""Numbers of an action unit table: per unit, macro, micro, and as the mean over corpora.

The rows of a run are its (clip, unit) pairs that a person annotated. Rules for what a scope does not hold:

- A unit without positives in the scope has no F1, and a unit whose truth is all absent or all present has no AUC. It is
  left out of that mean and named (``left_out``).
- Micro scores pool the rows of all units: false alarms of a unit without positives count.
"""

import numpy as np
import pandas as pd

from mmer.metrics.auc import auc_of_groups
from mmer.metrics.classification import class_places, divide, mean_of_defined
from mmer.metrics.runs import PRESENCE, checked_units, probabilities, run_places
from mmer.metrics.tallies import binary_f1, tally

UNIT_SCORES = ("macro_f1", "micro_f1", "macro_auc", "micro_auc", "corpus_mean_f1")


def unit_scores(predictions: pd.DataFrame) -> pd.DataFrame:
    """Score each run, its rows pooled over all folds.

    Parameters
    ----------
    predictions : DataFrame
        Predictions table of one experiment whose targets are action units.

    Returns
    -------
    DataFrame
        One row per run (index ``seed``, ``repeat``):

        - ``macro_f1``, ``macro_auc``: means over units of the binary F1 of "present" and of the area under its curve;
        - ``micro_f1``, ``micro_auc``: of the rows of all units pooled;
        - ``corpus_mean_f1``: the binary F1 averaged over units within each corpus, then over corpora. With leave one
          corpus out this is the headline number of CD6ME (Varanka et al., "Data Leakage and Evaluation Issues in
          Micro-Expression Analysis", 2024).

        A score that no unit defines is NaN.

    Raises
    ------
    InputError
        The table is empty, is one of emotions, holds several experiments or probabilities that are no numbers, or a
        (clip, unit) pair twice within a run.
    """
    table = checked_units(predictions)
    tallies = tally(table)
    areas, _, runs = _areas(table)
    run, _ = run_places(table)
    micro = auc_of_groups(*_truth_and_probability(table), run, len(runs))
    scores = tallies.pooled() | {"macro_auc": mean_of_defined(areas), "micro_auc": micro}
    return pd.DataFrame(scores, index=tallies.runs, columns=list(UNIT_SCORES))


def mean_unit_scores(predictions: pd.DataFrame) -> pd.Series:
    """Return the mean over runs of each score."""
    return unit_scores(predictions).mean()


def per_unit(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of each unit, means over the runs that define them.

    Returns
    -------
    DataFrame
        Index ``unit``, sorted; ``precision`` (0 for a unit never predicted), ``recall``, ``f1``, ``auc`` (NaN where no
        run defines them), ``support`` (int: distinct test clips that show it) and ``clips`` (int: distinct test clips
        annotated for it).
    """
    table = checked_units(predictions)
    counts = tally(table).counts.sum((1, 2))  # runs x units x 2 x 2
    positives, alarms = counts[..., 1, :].sum(-1), counts[..., :, 1].sum(-1)
    precision = np.where(positives > 0, np.nan_to_num(divide(counts[..., 1, 1], alarms)), np.nan)
    areas, units, _ = _areas(table)
    values = {
        "precision": precision,
        "recall": divide(counts[..., 1, 1], positives),
        "f1": binary_f1(counts),
        "auc": areas,
    }
    once = table.drop_duplicates(["clip_id", "target"])
    tables = {"support": once[once.truth == PRESENCE[1]], "clips": once}
    sizes = {name: part.target.value_counts().reindex(units, fill_value=0) for name, part in tables.items()}
    means = {name: mean_of_defined(value, 0) for name, value in values.items()}
    return pd.DataFrame(means, index=pd.Index(units, name="unit")).assign(**sizes)


def f1_per_unit_and_corpus(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the binary F1 of each unit (rows) in each corpus (columns), means over runs; NaN without positives."""
    table = checked_units(predictions)
    f1 = mean_of_defined(binary_f1(tally(table).counts.sum(1)), 0)  # corpora x units
    units, corpora = (sorted(set(table[name])) for name in ("target", "dataset"))
    return pd.DataFrame(f1.T, index=pd.Index(units, name="unit"), columns=pd.Index(corpora, name="dataset"))


def left_out(predictions: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Name the units that at least one run's means leave out.

    Returns
    -------
    dict of str to tuple of str
        ``f1``: units without positives; ``auc``: units whose truth has one class only.
    """
    table = checked_units(predictions)
    counts = tally(table).counts.sum((1, 2, 5))  # runs x units x truth
    areas, units, _ = _areas(table)
    lacks = {"f1": (counts[..., 1] == 0).any(0), "auc": np.isnan(areas).any(0)}
    return {name: tuple(unit for unit, out in zip(units, row, strict=True) if out) for name, row in lacks.items()}


def _areas(table: pd.DataFrame) -> tuple[np.ndarray, list[str], pd.MultiIndex]:
    """Return the area of each run and unit (R, A), the units, and the runs."""
    run, runs = run_places(table)
    unit, units = pd.factorize(table.target, sort=True)
    groups = auc_of_groups(*_truth_and_probability(table), run * len(units) + unit, len(runs) * len(units))
    return groups.reshape(len(runs), len(units)), [str(name) for name in units], runs


def _truth_and_probability(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return class_places(table.truth, PRESENCE) == 1, probabilities(table)[:, 1]
