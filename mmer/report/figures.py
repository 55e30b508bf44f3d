"""The drawings of a report as vector files for papers: SVG with its text as text, PDF with its fonts inside.

The width is that of one column of a two-column paper. Nothing in a file tells when or where it was made.
"""

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from mmer.metrics.scores import confusion_per_run, per_subject
from mmer.report.results import Measured, Results
from mmer.report.standing import standings
from mmer.report.wording import count_text
from mmer.types.predictions import class_names

COLUMN = 3.5  # inches; IEEE's column, and within a millimetre those of others
TALLEST = 9.0  # inches, about a page
POINTS = 8  # of the text, a caption's size
INK, SOFT, BLUE, ORANGE = "#1a202b", "#6b7280", "#2b5fc7", "#b5541c"  # told apart by brightness too
STYLE = {
    "svg.hashsalt": "mmer",  # names of parts of a drawing follow from their content
    "svg.fonttype": "none",
    "pdf.fonttype": 42,  # TrueType, which publishers ask for
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that every machine has it
    "font.size": POINTS,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "text.parse_math": False,  # a name with dollar signs is a name
}


def figures(results: Results) -> Iterator[tuple[str, bytes]]:
    """Draw what a report shows.

    Yields
    ------
    name : str
        Of the file, with its suffix.
    content : bytes
        The same for the same results and the same version of matplotlib.
    """
    with rc_context(STYLE):
        for detection, name in ((False, "scores"), (True, "scores_units")):
            part = [one for one in results.experiments if one.summary.detection is detection]
            if part:
                yield from _files(name, _scores(part))
        for one in results.experiments:
            drawings: dict[str, Callable[[Measured], Figure | None]] = {"learning": _learning}
            if not one.summary.detection:
                drawings |= {"confusion": _confusion}
            for kind, draw in drawings.items():
                if (figure := draw(one)) is not None:
                    yield from _files(f"{kind}_{one.summary.name}", figure)
        tables = {one.summary.name: one.record.predictions for one in results.experiments}
        for name, standing in standings(results).items():
            if name != standing.best and "emotion" in set(tables[name].target):
                figure = _subject_differences(standing.best, name, tables[standing.best], tables[name])
                yield from _files(f"subjects_{standing.best}_{name}", figure)


def _files(name: str, figure: Figure) -> Iterator[tuple[str, bytes]]:
    """Write a figure as SVG and as PDF, without a date."""
    for suffix, canvas, about in (
        ("svg", FigureCanvasSVG, {"Date": None, "Creator": None}),
        ("pdf", FigureCanvasPdf, {"CreationDate": None, "Creator": None, "Producer": None}),
    ):
        buffer = BytesIO()
        getattr(canvas(figure), f"print_{suffix}")(buffer, metadata=about)
        yield f"{name}.{suffix}", buffer.getvalue()


def _figure(height: float, left: float, bottom: float, right: float = 0.12, top: float = 0.12) -> tuple[Figure, object]:
    """Make a figure of one column with margins in inches, measured and not fitted: fitting draws everything twice."""
    height = min(height, TALLEST)
    figure = Figure(figsize=(COLUMN, height))
    box = (left / COLUMN, bottom / height, 1 - (left + right) / COLUMN, 1 - (bottom + top) / height)
    return figure, figure.add_axes(box)


def _wide(texts: Sequence[str], most: float = 1.7) -> float:
    """Estimate how many inches the longest of some texts takes."""
    return min(max((len(text) for text in texts), default=1) * POINTS * 0.6 / 72 + 0.15, most)


def _short(text: str, most: int = 24) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _scores(part: Sequence[Measured]) -> Figure:
    """Draw the main score of every experiment with its interval, and where random classifiers lie."""
    names = [_short(one.summary.name) for one in part]
    figure, axes = _figure(0.55 + 0.24 * len(part), _wide(names), 0.42)
    for place, one in enumerate(part):
        score = one.summary.scores[one.summary.main]
        prior = one.summary.baseline("prior")
        if prior is not None and (draws := prior.scores[one.summary.main].draws):
            axes.plot(draws, (place + 0.2,) * 2, color=SOFT, linewidth=3, alpha=0.5, solid_capstyle="butt")
        if score.interval:
            axes.plot(score.interval, (place,) * 2, color=BLUE, linewidth=1.4, marker="|", markersize=5)
        if np.isfinite(score.mean):
            axes.plot([score.mean], [place], "o", color=BLUE, markersize=4)
    axes.set_yticks(range(len(part)), names)
    axes.set_ylim(len(part) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xlabel(f"{part[0].summary.labels[part[0].summary.main]}, 95 % interval (grey: random classifiers)")
    axes.xaxis.set_label_coords(1.0, -0.28 / (0.24 * len(part)), transform=axes.transAxes)
    axes.xaxis.label.set_horizontalalignment("right")
    axes.grid(axis="x", linewidth=0.4, color="#dddddd")
    axes.set_axisbelow(True)
    return figure


def _confusion(one: Measured) -> Figure:
    """Draw the mean confusion matrix over runs: shares of the true class as shades, counts as text."""
    counts = np.mean(list(confusion_per_run(one.record.predictions).values()), 0)
    classes = [_short(name, 14) for name in class_names(one.record.predictions)]
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1e-9)
    left = _wide(classes) + 0.2
    size = min(COLUMN - left - 0.12, 0.62 * len(classes))
    figure, axes = _figure(size + left, left, left - 0.12, right=COLUMN - left - size)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(counts):
        for j, count in enumerate(row):
            text = f"{count_text(count)}\n{100 * shares[i, j]:.0f} %" if len(classes) < 6 else count_text(count)
            color = "white" if shares[i, j] > 0.55 else INK
            axes.text(j, i, text, ha="center", va="center", color=color, fontsize=POINTS - 1)
    axes.set_xticks(range(len(classes)), classes, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(classes)), classes)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure


def _learning(one: Measured) -> Figure | None:
    """Draw loss and accuracy on the training clips: median and 10th to 90th percentile over folds and seeds."""
    curves = one.record.curves
    panels = []
    for column, label in (("loss", "training loss"), ("accuracy", "training accuracy")):
        values = pd.to_numeric(curves[column])
        rows = pd.DataFrame(
            {"epoch": pd.to_numeric(curves["epoch"]), "value": values.where(np.isfinite(values))}
        ).dropna()
        if len(rows):
            panels.append((label, rows.groupby("epoch", sort=True)["value"].quantile([0.1, 0.5, 0.9]).unstack()))
    if not panels:
        return None
    width, gap, left = COLUMN, 0.5, 0.42
    figure = Figure(figsize=(width, 1.35))
    each = (width - left - 0.1 - gap * (len(panels) - 1)) / len(panels)
    for number, (label, table) in enumerate(panels):
        axes = figure.add_axes(((left + number * (each + gap)) / width, 0.27, each / width, 0.58))
        axes.fill_between(table.index, table[0.1], table[0.9], color=BLUE, alpha=0.22, linewidth=0)
        axes.plot(table.index, table[0.5], color=BLUE, linewidth=1.2)
        axes.set_ylim(0, 1.0 if label.endswith("accuracy") else None)
        axes.set_xlabel("epoch", labelpad=1)
        axes.set_title(label, fontsize=POINTS, loc="left", pad=3)
    return figure


def _subject_differences(first: str, second: str, a: pd.DataFrame, b: pd.DataFrame) -> Figure:
    """Draw the accuracies of two experiments, subject by subject, in the order of their difference."""
    left, right = (per_subject(table).set_index("subject") for table in (a, b))
    table = pd.DataFrame({"a": left.accuracy, "b": right.accuracy})
    table = table.assign(gap=table.a - table.b).reset_index().sort_values(["gap", "subject"], ascending=False)
    names = [_short(name) for name in table.subject]
    figure, axes = _figure(0.75 + 0.15 * len(table), _wide(names), 0.36, top=0.36)
    places = np.arange(len(table))
    axes.hlines(places, table.a, table.b, color="#c9ced6", linewidth=1.6)
    axes.plot(table.b, places, "D", color=ORANGE, markersize=3.6, label=_short(second, 26), markerfacecolor="white")
    axes.plot(table.a, places, "o", color=BLUE, markersize=3.6, label=_short(first, 26))
    axes.set_yticks(places, names, fontsize=POINTS - 1.5 if len(table) < 40 else 4)
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.set_xlim(-0.03, 1.03)
    axes.set_xlabel("accuracy of the subject's clips", labelpad=1)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles[::-1], labels[::-1], loc="upper right", ncols=2, frameon=False, fontsize=POINTS - 1, borderpad=0.1
    )
    return figure
