"""Which experiments can be compared with each other, and their paired tests in words and tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import pandas as pd

from mmer.metrics.comparison import compare
from mmer.report.records import ExperimentRecord
from mmer.report.summary import EMOTIONS, UNITS, Summary
from mmer.report.wording import aligned, number_text, p_text, signed_text
from mmer.types.predictions import class_names

READING = (
    "The difference is the first experiment minus the second, with the interval that holds it in 95 % of the "
    "resamples of subjects. Both p values are two-sided: that of the permutation test says how often a difference this "
    "large comes about when the two experiments exchange their predictions subject by subject; that of Wilcoxon's test "
    "compares the accuracies of the subjects. Read the columns after Holm's correction, which counts how many pairs "
    "are tested: below 0.05 the difference is more than chance. Above it these subjects cannot tell the two apart, "
    "which does not show that they are equally good."
)


@dataclass(frozen=True)
class Comparison:
    """Paired tests between all experiments of one group.

    Parameters
    ----------
    names : tuple of str
    protocols : tuple of str
        Those of the experiments, each once: with several, a difference is one of protocols too.
    score, label : str
    clips, subjects : int
    table : DataFrame
        See ``mmer.metrics.comparison.compare``.
    """

    names: tuple[str, ...]
    protocols: tuple[str, ...]
    score: str
    label: str
    clips: int
    subjects: int
    table: pd.DataFrame


def comparisons(experiments: Sequence[tuple[ExperimentRecord, Summary]]) -> tuple[Comparison, ...]:
    """Compare the experiments that predict the same classes of the same clips; each group on its own.

    An experiment whose score is not defined takes no part. Runs are set against runs, so experiments with different
    numbers of seeds are in different groups (one seed stands against any number).
    """
    return tuple(_comparison(part) for part in comparable(experiments) if len(part) > 1)


def comparable(
    experiments: Sequence[tuple[ExperimentRecord, Summary]],
) -> list[list[tuple[ExperimentRecord, Summary]]]:
    """Group the experiments that can be set against each other; those whose score is not defined are in no group."""
    groups: dict[str, list[tuple[ExperimentRecord, Summary]]] = {}
    for record, summary in experiments:
        if summary.scores[summary.main].mean == summary.scores[summary.main].mean:  # not NaN
            groups.setdefault(question(record.predictions), []).append((record, summary))
    return [part for group in groups.values() for part in _of_equal_seeds(group)]


def question(predictions: pd.DataFrame) -> str:
    """Name what a Predictions table answers: a digest of its classes and the truth of its clips; folds may differ."""
    keys = [name for name in ("repeat", "clip_id", "target", "dataset", "subject", "truth") if name in predictions]
    rows = predictions[keys].drop_duplicates().astype(str).sort_values(keys)
    text = "\n".join(["\t".join(class_names(predictions)), *("\t".join(row) for row in rows.itertuples(index=False))])
    return sha256(text.encode()).hexdigest()


def comparison_text(table: pd.DataFrame, label: str) -> str:
    """Write paired tests for a terminal."""
    head = ("first", "second", f"{label} 1st", f"{label} 2nd", "difference", "95 % interval")
    rows = [(*head, "permutation p", "Holm", "Wilcoxon p", "Holm")]
    for row in table.to_dict("records"):
        span = "none" if pd.isna(row["low"]) else f"{signed_text(row['low'])} to {signed_text(row['high'])}"
        numbers = (number_text(row["score_a"]), number_text(row["score_b"]), signed_text(row["difference"]), span)
        p = (row[f"{test}_p{holm}"] for test in ("permutation", "wilcoxon") for holm in ("", "_holm"))
        rows.append((row["a"], row["b"], *numbers, *map(p_text, p)))
    return aligned(rows)


def score_label(score: str) -> str:
    """Return what a score is called."""
    return ({**EMOTIONS, **UNITS}).get(score, score)


def protocols_of(records: Sequence[ExperimentRecord]) -> tuple[str, ...]:
    """Return the names of the protocols, each once."""
    return tuple(sorted({record.choice("protocol") for record in records}))


def by_experiment(groups: Sequence[Comparison]) -> dict[str, dict[str, Mapping[str, object]]]:
    """Arrange all pairs by experiment: name -> other -> the row as seen from the first of the two."""
    found: dict[str, dict[str, Mapping[str, object]]] = {}
    for group in groups:
        for row in group.table.to_dict("records"):
            turned = row | {"difference": -row["difference"], "low": -row["high"], "high": -row["low"]}
            found.setdefault(row["a"], {})[row["b"]] = row
            found.setdefault(row["b"], {})[row["a"]] = turned
    return found


def _of_equal_seeds(group: list[tuple[ExperimentRecord, Summary]]) -> list[list[tuple[ExperimentRecord, Summary]]]:
    counts = sorted({summary.seeds for _, summary in group})
    if len([count for count in counts if count > 1]) < 2:
        return [group]
    return [[one for one in group if one[1].seeds == count] for count in counts]


def _comparison(group: list[tuple[ExperimentRecord, Summary]]) -> Comparison:
    first = group[0][1]
    return Comparison(
        names=tuple(summary.name for _, summary in group),
        protocols=protocols_of([record for record, _ in group]),
        score=first.main,
        label=first.labels[first.main],
        clips=first.clips,
        subjects=first.subjects,
        table=compare({record.name: record.predictions for record, _ in group}, first.main),
    )
