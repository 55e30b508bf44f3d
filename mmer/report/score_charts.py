"""Scores by class and by subject -> drawings, and what they show in a sentence for those who cannot see them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmer.metrics.class_intervals import class_intervals, subject_scores
from mmer.metrics.runs import is_multilabel
from mmer.report.class_tables import ConfusionRow
from mmer.report.wording import count_text, many, number_text

LARGEST = 9.0  # radius of the subject with most clips


@dataclass(frozen=True)
class ClassMark:
    """F1 of one class, or action unit: places of the mark and the ends of its interval are shares of the width."""

    name: str
    place: float
    bar: tuple[float, float] | None
    value: str
    interval: str


@dataclass(frozen=True)
class SubjectDot:
    """One subject: place and radius in the drawing, name, score, clips, and the last two in words."""

    x: float
    y: float
    radius: float
    subject: str
    score: str
    clips: int
    told: str


@dataclass(frozen=True)
class SubjectPlot:
    """Subjects from the lowest score to the highest, in a box of ``width`` x ``height``.

    Parameters
    ----------
    dots : tuple of SubjectDot
    middle : float
        Where the median lies, from the top.
    finding : str
        What it shows.
    label : str
        What the score is.
    """

    dots: tuple[SubjectDot, ...]
    middle: float
    finding: str
    label: str
    width: int = 360
    height: int = 130


@dataclass(frozen=True)
class ScoreCharts:
    """What is drawn of the scores of one experiment; ``subjects`` is None where no subject has a score."""

    classes: tuple[ClassMark, ...]
    class_finding: str
    subjects: SubjectPlot | None
    confusion_finding: str


def score_charts(predictions: pd.DataFrame, confusion: Sequence[ConfusionRow]) -> ScoreCharts:
    """Draw the scores of one experiment by class and by subject."""
    table = class_intervals(predictions)
    marks = tuple(
        ClassMark(
            name=str(name),
            place=round(float(row.f1), 4),
            bar=None if np.isnan(row.f1_low) else (round(float(row.f1_low), 4), round(float(row.f1_high), 4)),
            value=number_text(row.f1),
            interval="" if np.isnan(row.f1_low) else f"{row.f1_low:.2f} – {row.f1_high:.2f}",
        )
        for name, row in zip(table.index, table.itertuples(), strict=True)
        if np.isfinite(row.f1)
    )
    return ScoreCharts(
        classes=marks,
        class_finding=_class_finding(marks),
        subjects=_subjects(predictions),
        confusion_finding=confusion_finding(confusion),
    )


def confusion_finding(rows: Sequence[ConfusionRow]) -> str:
    """Say which class is found most often, and what is mistaken for what most often; empty without rows."""
    rows = [row for row in rows if row.clips]
    if not rows:
        return ""
    best = max(rows, key=lambda row: row.recall)
    found = f"Found most often: {best.name}, {100 * best.recall:.0f} % of {many(best.clips, 'clip')}."
    mistakes = [(share, count, row, name) for row in rows for name, count, share in row.cells if name != row.name]
    _, count, row, name = max(mistakes, key=lambda mistake: mistake[:2], default=(0, 0, best, ""))
    if not count:
        return f"{found} No clip is predicted wrong."
    return f"{found} Most frequent mistake: {row.name} taken for {name}, {count_text(count)} of {row.clips}."


def _class_finding(marks: Sequence[ClassMark]) -> str:
    if len(marks) < 2:
        return ""
    best, worst = max(marks, key=lambda mark: mark.place), min(marks, key=lambda mark: mark.place)
    text = f"Highest for {best.name} ({best.value}), lowest for {worst.name} ({worst.value})"
    if best.bar and worst.bar:
        text += "; their intervals " + ("overlap" if worst.bar[1] >= best.bar[0] else "do not overlap")
    return f"{text}."


def _subjects(predictions: pd.DataFrame) -> SubjectPlot | None:
    table, units = subject_scores(predictions), is_multilabel(predictions)
    table = table[np.isfinite(table.score)].sort_values(["score", "subject"], kind="stable")
    if len(table) < 2:
        return None
    width, height = SubjectPlot.width, SubjectPlot.height
    radii = LARGEST * np.sqrt(table.clips / table.clips.max())
    dots = tuple(
        SubjectDot(
            x=round((at + 0.5) / len(table) * width, 1),
            y=round((1 - row.score) * height, 1),
            radius=round(max(float(radius), 2.0), 1),
            subject=row.subject,
            score=f"{row.score:.2f}",
            clips=row.clips,
            told=f"F1 {row.score:.2f}, {many(row.clips, 'clip')}"
            if units
            else f"{count_text(row.score * row.clips)} of {row.clips}",
        )
        for at, (row, radius) in enumerate(zip(table.itertuples(), radii, strict=True))
    )
    median = float(table.score.median())
    label = "micro F1 over action units" if units else "share of clips predicted right"
    below = int((table.score < 0.5).sum())
    finding = (
        f"{many(len(dots), 'subject')}: {label} from {_named(dots[0])} to {_named(dots[-1])}, median {median:.2f}; "
        f"{below} below 0.5."
    )
    return SubjectPlot(dots, round((1 - median) * height, 1), finding, label)


def _named(dot: SubjectDot) -> str:
    return f"{dot.score} ({dot.subject}, {many(dot.clips, 'clip')})"
