"""One experiment -> its numbers apart: by class, corpus, group of people and fold, and how far probabilities hold."""

from dataclasses import dataclass

import pandas as pd

from mmer.metrics.calibration import calibration, reliability
from mmer.metrics.groups import FACTS, Groups, per_corpus, per_group
from mmer.metrics.multilabel import mean_unit_scores, per_unit
from mmer.metrics.runs import is_multilabel
from mmer.metrics.scores import mean_over_folds, mean_scores, per_class
from mmer.report.records import ExperimentRecord
from mmer.report.summary import EMOTIONS

MOST_FOLDS = 30  # more are no table for a person; every ordered pair of six corpora


@dataclass(frozen=True)
class Breakdown:
    """The numbers of one experiment, apart.

    Parameters
    ----------
    per_class : DataFrame
        Index is the class, or the unit; ``precision``, ``recall``, ``f1``, ``support``; of units ``auc``, ``clips``.
    per_corpus : DataFrame or None
        See ``mmer.metrics.groups``; None for one corpus.
    groups : tuple of Groups
        Of each fact that is known of some test clip.
    per_fold : DataFrame or None
        Index is the fold; ``clips``, ``subjects`` and the scores, means over seeds. None for one fold, for
        more than ``MOST_FOLDS``, and where a fold is a subject.
    folds_are_corpora : bool
        Whether a fold is the test of one corpus each, so that a table by fold says what that by corpus does.
    ece, brier : float
        Means over runs.
    reliability : DataFrame
    mean_over_folds : dict of str to float
        ``mean_over_folds_uf1`` and so on; empty for action units.
    """

    per_class: pd.DataFrame
    per_corpus: pd.DataFrame | None
    groups: tuple[Groups, ...]
    per_fold: pd.DataFrame | None
    folds_are_corpora: bool
    ece: float
    brier: float
    reliability: pd.DataFrame
    mean_over_folds: dict[str, float]


def break_down(record: ExperimentRecord) -> Breakdown:
    """Compute the breakdown of one experiment."""
    table = record.predictions
    detection = is_multilabel(table)
    found = [] if record.clips is None else [per_group(table, record.clips, fact) for fact in FACTS]
    calibrated = calibration(table).mean()
    return Breakdown(
        per_class=per_unit(table) if detection else per_class(table),
        per_corpus=per_corpus(table) if table.dataset.nunique() > 1 else None,
        groups=tuple(groups for groups in found if groups.smallest is not None),
        per_fold=_per_fold(table) if _folds_are_few(table) else None,
        folds_are_corpora=_one_to_one(table.fold, table.dataset),
        ece=float(calibrated.ece),
        brier=float(calibrated.brier),
        reliability=reliability(table),
        mean_over_folds={} if detection else _mean_over_folds(table),
    )


def _mean_over_folds(table: pd.DataFrame) -> dict[str, float]:
    means = mean_over_folds(table).mean()
    names = (f"mean_over_folds_{name}" for name in EMOTIONS)
    return {name: float(means[name]) for name in names}


def _one_to_one(fold: pd.Series, dataset: pd.Series) -> bool:
    pairs = pd.DataFrame({"fold": fold, "dataset": dataset}).drop_duplicates()
    return pairs.fold.is_unique and pairs.dataset.is_unique


def _folds_are_few(table: pd.DataFrame) -> bool:
    """Say whether a table by fold is short, and tells more than one by subject."""
    return 1 < table.fold.nunique() <= MOST_FOLDS and (table.groupby("fold").subject.nunique() > 1).any()


def _per_fold(table: pd.DataFrame) -> pd.DataFrame:
    """Score each fold alone. Its name says which repeat it is of, for names are unique over all repeats."""
    score = mean_unit_scores if is_multilabel(table) else mean_scores
    rows = [
        {"fold": str(name), "clips": part.clip_id.nunique(), "subjects": part.subject.nunique()} | dict(score(part))
        for name, part in table.groupby("fold", sort=True)
    ]
    return pd.DataFrame(rows).set_index("fold")
