"""Numbers of one experiment -> rows of its tables by class, action unit, corpus, group of people and fold."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmer.metrics.groups import Groups
from mmer.metrics.scores import confusion_per_run
from mmer.report.breakdown import Breakdown
from mmer.report.summary import Summary
from mmer.report.wording import many, number_text
from mmer.types.predictions import class_names


@dataclass(frozen=True)
class ConfusionRow:
    """One true class: its cells (predicted class, count, share of the row), clips, precision, recall and F1."""

    name: str
    cells: tuple[tuple[str, float, float], ...]
    clips: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class UnitRow:
    """One action unit: its scores, the clips that show it, and those that are annotated."""

    name: str
    precision: float
    recall: float
    f1: float
    auc: float
    support: int
    clips: int


@dataclass(frozen=True)
class PartRow:
    """Scores of a part of the clips; ``out`` says what its means leave out."""

    name: str
    clips: int
    subjects: int
    scores: tuple[str, ...]
    out: str


@dataclass(frozen=True)
class PartTable:
    """Scores of the parts of an experiment.

    Parameters
    ----------
    title, first : str
        Of the table, and of its first column.
    columns : tuple of str
        What the scores are called.
    rows : tuple of PartRow
    note : str
        Below the table.
    """

    title: str
    first: str
    columns: tuple[str, ...]
    rows: tuple[PartRow, ...]
    note: str


def confusion_rows(predictions: pd.DataFrame, per_class: pd.DataFrame) -> tuple[ConfusionRow, ...]:
    """Average the confusion matrices of all runs."""
    counts = np.mean(list(confusion_per_run(predictions).values()), 0)
    classes = class_names(predictions)
    return tuple(
        ConfusionRow(
            name=name,
            cells=tuple(
                (other, float(counts[i, j]), float(counts[i, j] / max(counts[i].sum(), 1e-9)))
                for j, other in enumerate(classes)
            ),
            clips=int(row.support),
            precision=float(row.precision),
            recall=float(row.recall),
            f1=float(row.f1),
        )
        for i, (name, row) in enumerate(zip(classes, per_class.itertuples(), strict=True))
    )


def unit_rows(per_unit: pd.DataFrame) -> tuple[UnitRow, ...]:
    """List the units, the most frequent first."""
    rows = per_unit.sort_values("support", ascending=False, kind="stable")
    return tuple(
        UnitRow(str(row.Index), row.precision, row.recall, row.f1, row.auc, int(row.support), int(row.clips))
        for row in rows.itertuples()
    )


def part_tables(apart: Breakdown, summary: Summary) -> tuple[PartTable, ...]:
    """Make the tables by corpus, by group of people, and by fold; those that there are."""
    tables = []
    if apart.per_corpus is not None:
        tables.append(_table("By corpus", "corpus", apart.per_corpus, summary, ""))
    for groups in apart.groups:
        tables.append(_table(f"By {groups.fact}", groups.fact, groups.table, summary, _group_note(groups)))
    if apart.per_fold is not None and not apart.folds_are_corpora:
        tables.append(_table("By fold", "fold", apart.per_fold, summary, "Each fold is scored alone."))
    return tuple(tables)


def _table(title: str, first: str, table: pd.DataFrame, summary: Summary, note: str) -> PartTable:
    # The mean over corpora is a number of the whole; within one corpus it is the macro F1.
    names = [name for name in summary.labels if name in table and name != "corpus_mean_f1"]
    rows = [
        PartRow(
            name=str(index),
            clips=int(row["clips"]),
            subjects=int(row["subjects"]),
            scores=tuple(number_text(row[name]) for name in names),
            out=_left_out(row),
        )
        for index, row in table.to_dict("index").items()
    ]
    return PartTable(title, first, tuple(summary.labels[name] for name in names), tuple(rows), note)


def _left_out(row: dict[str, object]) -> str:
    words = {"absent": "no clip of", "without_f1": "no F1 of", "without_auc": "no AUC of"}
    found = {key: tuple(map(str, row.get(key) or ())) for key in words}
    if found["without_f1"] == found["without_auc"]:
        words, found = {**words, "without_f1": "no F1 or AUC of"}, {**found, "without_auc": ()}
    return "; ".join(f"{words[key]} {', '.join(names)}" for key, names in found.items() if names)


def _group_note(groups: Groups) -> str:
    size = f"{many(groups.smallest_clips, 'clip')} of {many(groups.smallest_subjects, 'subject')}"
    note = f"The smallest group is {groups.smallest}: {size}. The fewer there are, the less its scores are worth."
    if groups.clips_without:
        unknown = f"{many(groups.clips_without, 'clip')} of {many(groups.subjects_without, 'subject')}"
        note += f" {unknown} state no {groups.fact} and are in no group."
    return note
