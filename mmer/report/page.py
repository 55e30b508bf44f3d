"""Records -> one HTML file that needs nothing else: no network, no script, no picture beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
import yaml
from markupsafe import Markup

from mmer.metrics.classification import f1_per_class, recall_per_class
from mmer.metrics.scores import confusion_per_seed, per_subject
from mmer.report.charts import Curve, curve
from mmer.report.gallery import Card, Gallery
from mmer.report.numbers import (
    CHOICES,
    SCORES,
    Summary,
    check_names,
    markdown_table,
    metrics_json,
    score_text,
    summarise,
)
from mmer.report.pictures import wheel_picture
from mmer.report.records import DatasetRecord, ExperimentRecord
from mmer.types.predictions import class_names

__all__ = ["markdown_table", "metrics_json", "render"]  # what the report stage writes, in one place

HERE = Path(__file__).parent


@dataclass(frozen=True)
class ConfusionRow:
    """One true class: its cells (predicted class, count, share of the row), number of clips, F1 and recall."""

    name: str
    cells: tuple[tuple[str, float, float], ...]
    clips: float
    f1: float
    recall: float


@dataclass(frozen=True)
class Section:
    """Everything the page shows of one experiment."""

    anchor: str
    summary: Summary
    verdict: str
    confusion: tuple[ConfusionRow, ...]
    subjects: list[dict[str, Any]]
    curves: tuple[Curve, ...]
    n_curves: int
    excluded: dict[str, list[str]]
    cards: list[Card]
    config: str


@dataclass(frozen=True)
class DatasetSection:
    """Everything the page shows of one dataset."""

    anchor: str
    name: str
    synthetic: bool
    facts: dict[str, str]
    excluded: dict[str, list[str]]
    config: str


def render(experiments: Sequence[ExperimentRecord], datasets: Sequence[DatasetRecord], about: Mapping[str, str]) -> str:
    """Render the report.

    Parameters
    ----------
    experiments : sequence of ExperimentRecord
        In the order of the page; none is fine, the page then says so.
    datasets : sequence of DatasetRecord
    about : mapping of str to str
        Facts for the end of the page, shown in this order (versions, commit). Two keys have a meaning of their own:
        ``title``, and ``synthetic``, a sentence that replaces the one on synthetic data at the top of the page.

    Returns
    -------
    str
        The same text for the same input.

    Raises
    ------
    InputError
        Two experiments share a name.
    """
    check_names(experiments)
    gallery = Gallery(datasets)
    sections = [_section(record, number, gallery) for number, record in enumerate(experiments, 1)]
    parts = [_dataset(record, number) for number, record in enumerate(datasets, 1)]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,  # everything a person gave is escaped; only our own style sheet is not
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["score"] = score_text
    environment.filters["count"] = _count
    return environment.get_template("report.html.jinja").render(
        title=about.get("title", "Micro-expression recognition: results"),
        lead=_lead(experiments),
        synthetic=_synthetic(parts, about),
        sections=sections,
        datasets=parts,
        about={name: text for name, text in about.items() if name not in ("title", "synthetic")},
        pictures=gallery.pictures,
        wheel=wheel_picture(),
        score_names=SCORES,
        choices=CHOICES,
        style=Markup((HERE / "report.css").read_text(encoding="utf-8")),
    )


def _section(record: ExperimentRecord, number: int, gallery: Gallery) -> Section:
    summary = summarise(record)
    panels = (
        curve(record.curves, "loss", "Training loss"),
        curve(record.curves, "accuracy", "Training accuracy", top=1.0),
    )
    return Section(
        anchor=f"experiment-{number}",
        summary=summary,
        verdict=verdict(summary),
        confusion=_confusion(record.predictions),
        subjects=per_subject(record.predictions).to_dict("records"),
        curves=tuple(panel for panel in panels if panel is not None),
        n_curves=len(record.curves[["seed", "fold"]].drop_duplicates()),
        excluded=_by_reason(dict(zip(record.excluded.clip_id, record.excluded.reason, strict=True))),
        cards=gallery.cards(record),
        config=config_text(record.config),
    )


def verdict(summary: Summary) -> str:
    """Say in one phrase how UF1 compares with chance."""
    value = summary.scores["uf1"].mean
    random = summary.baselines.get("prior", {}).get("uf1")
    if random is None:
        return "no random classifier to compare with"
    if value > random.high:
        return f"above 95 % of random classifiers ({random.high:.3f})"
    if value < random.low:
        return f"below 95 % of random classifiers ({random.low:.3f}); look for a swapped label or a bug"
    return f"not distinguishable from a random classifier ({random.low:.3f} to {random.high:.3f})"


def _confusion(predictions: pd.DataFrame) -> tuple[ConfusionRow, ...]:
    """Average the confusion matrices and class scores of all seeds."""
    matrices = list(confusion_per_seed(predictions).values())
    counts = np.mean(matrices, 0)
    f1, recall = (np.mean([score(one) for one in matrices], 0) for score in (f1_per_class, recall_per_class))
    classes = class_names(predictions)
    return tuple(
        ConfusionRow(
            name=name,
            cells=tuple(
                (other, float(counts[i, j]), float(counts[i, j] / max(counts[i].sum(), 1)))
                for j, other in enumerate(classes)
            ),
            clips=float(counts[i].sum()),
            f1=float(f1[i]),
            recall=float(recall[i]),
        )
        for i, name in enumerate(classes)
    )


def _dataset(record: DatasetRecord, number: int) -> DatasetSection:
    clips, motion = record.clips, record.motion
    facts = {
        "clips": str(len(clips)),
        "subjects": str(clips.subject.nunique()),
        "emotion words": _tally(clips.emotion),
        "frames per second": _tally(clips.fps),
    }
    if motion is not None:
        height, width = motion.values.shape[2:]
        facts["motion"] = f"{', '.join(motion.channels)} of {len(motion.clip_ids)} clips, {width} × {height} px"
        facts["apex"] = _tally(pd.Series(motion.apex_source))
    return DatasetSection(
        anchor=f"dataset-{number}",
        name=record.name,
        synthetic=_says_synthetic(record.config),
        facts=facts,
        excluded={} if motion is None else _by_reason(motion.excluded),
        config=config_text(record.config),
    )


def _by_reason(excluded: Mapping[str, str]) -> dict[str, list[str]]:
    """Turn clip -> reason into reason -> clips, both sorted."""
    reasons: dict[str, list[str]] = {}
    for clip, reason in sorted(excluded.items()):
        reasons.setdefault(str(reason), []).append(str(clip))
    return dict(sorted(reasons.items()))


def _tally(column: pd.Series) -> str:
    """Count values, the most frequent first: ``disgust 12, happiness 9``."""
    words = column.map(lambda value: "unknown" if pd.isna(value) else f"{value:g}" if _is_number(value) else str(value))
    counts = sorted(words.value_counts().items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{word} ({count})" for word, count in counts)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number)


def _lead(experiments: Sequence[ExperimentRecord]) -> str:
    """Say in one sentence what the page covers."""
    if not experiments:
        return "No experiment has predictions yet."
    tables = [record.predictions for record in experiments]
    corpora = sorted({name for table in tables for name in table.dataset})
    clips = {name for table in tables for name in table.clip_id}
    subjects = {name for table in tables for name in table.subject}
    many = "s" if len(experiments) > 1 else ""
    return (
        f"{len(experiments)} experiment{many} on {', '.join(corpora)}: {len(clips)} test clips of {len(subjects)} "
        "subjects. Every number comes from the stored predictions, pooled over all folds and averaged over seeds."
    )


def _synthetic(parts: Sequence[DatasetSection], about: Mapping[str, str]) -> str:
    """Return the sentence on synthetic data, empty where all data are real."""
    if about.get("synthetic"):
        return about["synthetic"]
    if names := [part.name for part in parts if part.synthetic]:
        return (
            f"Synthetic data: the clips of {', '.join(names)} are rendered. These scores show that the pipeline works; "
            "they say nothing about recognising real micro-expressions."
        )
    return ""


def _says_synthetic(config: Mapping[str, Any]) -> bool:
    inner = config.get("dataset")
    return bool(config.get("synthetic") or (isinstance(inner, Mapping) and inner.get("synthetic")))


def config_text(config: Mapping[str, Any]) -> str:
    """Write a config as yaml."""
    return yaml.safe_dump(_plain(config), sort_keys=False, allow_unicode=True, width=100) if config else ""


def _plain(value: Any) -> Any:
    """Turn tuples and mappings of any kind into what yaml knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _count(value: float) -> str:
    """Write a count: whole where it is, one digit where it is a mean over seeds."""
    return f"{value:.0f}" if abs(value - round(value)) < 1e-9 else f"{value:.1f}"
