"""The numbers of a report: for the page, for a terminal, and for programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mmer.metrics.classification import absent
from mmer.metrics.scores import class_counts, scores
from mmer.report.records import ExperimentRecord
from mmer.types.errors import InputError
from mmer.types.predictions import class_names

SCORES = {"uf1": "UF1", "uar": "UAR", "accuracy": "Accuracy", "weighted_f1": "Weighted F1"}
CHOICES = ("model", "protocol", "labels", "loss")


@dataclass(frozen=True)
class Score:
    """One score over seeds.

    Parameters
    ----------
    mean, std : float
        Mean and sample standard deviation over seeds (0 for one seed).
    low, high : float
        5th and 95th percentile over seeds.
    """

    mean: float
    std: float
    low: float
    high: float


@dataclass(frozen=True)
class Summary:
    """What the table of experiments says of one experiment.

    Parameters
    ----------
    name : str
    choices : dict of str to str
        Names of its model, protocol, label scheme and loss; ``-`` where the config does not say.
    datasets : tuple of str
    clips, subjects, folds, seeds : int
        Of the test clips.
    classes : dict of str to int
        Test clips of each class, in declared order.
    absent : tuple of str
        Classes without any clip: left out of UF1 and UAR.
    scores : dict of str to Score
    baselines : dict of str to dict of str to Score
    baseline_seeds : dict of str to int
    """

    name: str
    choices: dict[str, str]
    datasets: tuple[str, ...]
    clips: int
    subjects: int
    folds: int
    seeds: int
    classes: dict[str, int]
    absent: tuple[str, ...]
    scores: dict[str, Score]
    baselines: dict[str, dict[str, Score]]
    baseline_seeds: dict[str, int]


def summarise(record: ExperimentRecord) -> Summary:
    """Compute the summary of one experiment."""
    table = record.predictions
    return Summary(
        name=record.name,
        choices={group: _choice(record.config, group) for group in CHOICES},
        datasets=tuple(sorted(set(table.dataset))),
        clips=table.clip_id.nunique(),
        subjects=table.subject.nunique(),
        folds=table.fold.nunique(),
        seeds=table.seed.nunique(),
        classes={str(name): int(count) for name, count in class_counts(table).items()},
        absent=absent(table.truth.to_numpy(), class_names(table)),
        scores=_scores(table),
        baselines={name: _scores(other) for name, other in sorted(record.baselines.items())},
        baseline_seeds={name: other.seed.nunique() for name, other in sorted(record.baselines.items())},
    )


def metrics_json(experiments: Sequence[ExperimentRecord]) -> dict[str, Any]:
    """Return all numbers as nested dicts of plain values, experiments sorted by name, floats rounded to 6 digits.

    Parameters
    ----------
    experiments : sequence of ExperimentRecord

    Returns
    -------
    dict
        Per experiment: the mean over seeds of ``uf1``, ``uar``, ``accuracy``, ``weighted_f1`` (pooled over folds),
        ``std`` of each, ``clips``, ``subjects``, ``folds``, ``seeds``, ``classes``, ``absent_classes``, the scores of
        every baseline under its name, and ``per_dataset`` where there are several.

    Raises
    ------
    InputError
        Two experiments share a name.
    """
    check_names(experiments)
    return {record.name: _numbers(record) for record in sorted(experiments, key=lambda record: record.name)}


def markdown_table(experiments: Sequence[ExperimentRecord]) -> str:
    """Return the table of experiments for a terminal or a README, baselines below each experiment."""
    check_names(experiments)
    if not experiments:
        return "No experiment has predictions yet.\n"
    rows = [("experiment", *SCORES.values(), "clips", "subjects", "classes")]
    for one in map(summarise, experiments):
        classes = " / ".join(f"{name} {count}" for name, count in one.classes.items())
        cells = (score_text(one.scores[name], one.seeds) for name in SCORES)
        rows.append((one.name, *cells, str(one.clips), str(one.subjects), classes))
        for baseline, values in one.baselines.items():
            cells = (score_text(values[name], one.baseline_seeds[baseline]) for name in SCORES)
            rows.append((f"  {baseline}", *cells, "", "", ""))
    rows = [tuple(cell.replace("|", "\\|").replace("\n", " ") for cell in row) for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines) + "\n"


def score_text(score: Score, seeds: int) -> str:
    """Write a score: ``0.612``, with its standard deviation where there are several seeds: ``0.612 ± 0.020``."""
    return f"{score.mean:.3f}" + (f" ± {score.std:.3f}" if seeds > 1 else "")


def check_names(experiments: Sequence[ExperimentRecord]) -> None:
    """Refuse two experiments of one name."""
    names = [record.name for record in experiments]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"report: experiments must have different names, but {twice} occur(s) twice")


def _scores(predictions: pd.DataFrame) -> dict[str, Score]:
    """Return every score with its spread over seeds."""
    table = scores(predictions)
    std = table.std(ddof=1).fillna(0)  # one seed has no spread
    low, high = table.quantile(0.05), table.quantile(0.95)
    means = table.mean()
    return {name: Score(*(float(part[name]) for part in (means, std, low, high))) for name in SCORES}


def _numbers(record: ExperimentRecord) -> dict[str, Any]:
    one = summarise(record)
    result = _means(one.scores) | {
        "std": {name: round(score.std, 6) for name, score in one.scores.items()},
        "clips": one.clips,
        "subjects": one.subjects,
        "folds": one.folds,
        "seeds": one.seeds,
        "classes": one.classes,
        "absent_classes": list(one.absent),
    }
    if len(one.datasets) > 1:
        parts = record.predictions.groupby("dataset", sort=True)
        result["per_dataset"] = {
            str(name): _means(_scores(part)) | {"clips": part.clip_id.nunique()} for name, part in parts
        }
    return result | {"baselines": {name: _means(values) for name, values in one.baselines.items()}}


def _means(values: dict[str, Score]) -> dict[str, Any]:
    return {name: round(score.mean, 6) for name, score in values.items()}


def _choice(config: dict[str, Any], group: str) -> str:
    """Read the name of a chosen component: a section with ``name``, or the bare name."""
    section = config.get(group)
    name = section.get("name") if isinstance(section, dict) else section
    return str(name) if name else "-"
