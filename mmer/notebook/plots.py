"""Plots of predictions and trainings. Every number comes from the stored predictions, through ``mmer.metrics``."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmer.metrics.scores import confusion_per_run, per_subject
from mmer.notebook.tables import scores
from mmer.types.predictions import class_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mmer.notebook.study import Study


def plot_confusion(predictions: pd.DataFrame, ax: "Axes | None" = None) -> "Axes":
    """Draw the confusion matrix, mean over runs: shares of each true class, with the number of clips."""
    counts = np.mean(list(confusion_per_run(predictions).values()), axis=0)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1e-9)
    names = class_names(predictions)
    ax = _axes(ax, (0.9 * len(names) + 1.6, 0.8 * len(names) + 1.2))
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        text = f"{share:.0%}\n{counts[row, column]:.4g}"
        ax.text(column, row, text, ha="center", va="center", fontsize=8, color="white" if share > 0.6 else "black")
    ax.set_xticks(range(len(names)), names, fontsize=8, rotation=30, ha="right")
    ax.set_yticks(range(len(names)), names, fontsize=8)
    ax.set_xlabel("predicted")
    ax.set_ylabel("truth")
    return ax


def plot_scores(tables: Mapping[str, pd.DataFrame], score: str = "uf1", ax: "Axes | None" = None) -> "Axes":
    """Draw one score of several experiments with its 95 % interval over resamples of subjects."""
    rows = {name: scores(table).loc[score] for name, table in tables.items()}
    ax = _axes(ax, (5, 0.4 * len(rows) + 1))
    for place, row in enumerate(rows.values()):
        ax.plot([row["low"], row["high"]], [place, place], color="tab:blue", linewidth=2)
        ax.plot(row["mean"], place, "o", color="tab:blue")
    ax.set_yticks(range(len(rows)), list(rows), fontsize=8)
    ax.invert_yaxis()
    ax.set_xlim(0, 1)
    ax.set_xlabel(f"{score}, 95 % interval")
    return ax


def plot_subjects(predictions: pd.DataFrame, ax: "Axes | None" = None) -> "Axes":
    """Draw the share of right predictions of every subject; above it the number of their clips."""
    table = per_subject(predictions)
    ax = _axes(ax, (max(4, 0.3 * len(table) + 1), 3))
    bars = ax.bar(range(len(table)), table.accuracy, color="tab:blue")
    ax.bar_label(bars, labels=[str(count) for count in table.clips], fontsize=7)
    ax.set_xticks(range(len(table)), table.subject, rotation=90, fontsize=7)
    ax.set_ylim(0, 1.1)
    ax.set_ylabel("accuracy")
    return ax


def plot_curves(study: "Study", column: str = "loss", ax: "Axes | None" = None) -> "Axes":
    """Draw a column of the training curves: every fold thin, their mean thick."""
    curves = study.curves
    ax = _axes(ax, (5, 3))
    for _, part in curves.groupby(["seed", "fold"], sort=True):
        ax.plot(part.epoch, part[column], color="tab:blue", alpha=0.25, linewidth=0.8)
    mean = curves.groupby("epoch", sort=True)[column].mean()
    ax.plot(mean.index, mean, color="tab:orange", linewidth=2, label="mean over folds")
    ax.set_xlabel("epoch")
    ax.set_ylabel(f"training {column}")
    ax.legend(fontsize=8, frameon=False)
    return ax


def _axes(ax: "Axes | None", size: tuple[float, float]) -> "Axes":
    from matplotlib import pyplot

    return pyplot.subplots(figsize=size, layout="constrained")[1] if ax is None else ax
