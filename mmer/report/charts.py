"""Arrays -> the geometry of drawings (SVG path data). The template draws and colours them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmer.types.samples import Samples

MOST_EDGES = 260  # a complete graph of 68 nodes has 2278; more lines than this hide the face
MOST_POINTS = 200  # of a curve; more do not show at its width
ARROWS = 12  # per row of the flow picture


@dataclass(frozen=True)
class Curve:
    """Median and band of one quantity over folds and seeds.

    Parameters
    ----------
    label : str
    line, band : str
        Path data in a box of ``width`` x ``height``; ``band`` is the 10th to 90th percentile.
    x_ticks, y_ticks : tuple of (place, text)
    last : float
        Median at the last epoch.
    """

    label: str
    line: str
    band: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    last: float
    width: int = 360
    height: int = 150


def curve(table: pd.DataFrame, column: str, label: str, top: float | None = None) -> Curve | None:
    """Draw one column of the training curves, or None where it holds no number.

    Parameters
    ----------
    table : DataFrame
        Columns ``seed``, ``fold``, ``epoch`` and ``column``.
    column, label : str
    top : float, optional
        Upper end of the axis; by default that of the data.
    """
    values = pd.to_numeric(table[column]).where(lambda values: np.isfinite(values))
    rows = pd.DataFrame({"epoch": pd.to_numeric(table["epoch"]), "value": values}).dropna()
    if not len(rows):
        return None
    grouped = rows.groupby("epoch", sort=True)["value"]
    low, middle, high = (grouped.quantile(q) for q in (0.1, 0.5, 0.9))
    keep = np.unique(np.linspace(0, len(middle) - 1, MOST_POINTS).round().astype(int))
    epochs = middle.index.to_numpy(float)[keep]
    end = nice_end(float(high.max())) if top is None else top
    width, height = Curve.width, Curve.height
    span = max(epochs[-1] - epochs[0], 1)
    x = (epochs - epochs[0]) / span * width

    def down(part: pd.Series) -> np.ndarray:
        return height - np.clip(part.to_numpy(float)[keep] / end, 0, 1) * height

    upper, lower = (np.stack([x, down(part)], 1) for part in (high, low))
    x_ticks = sorted({float(epochs[0]), float(epochs[len(epochs) // 2]), float(epochs[-1])})
    return Curve(
        label=label,
        line=polyline(np.stack([x, down(middle)], 1)),
        band=polyline(np.concatenate([upper, lower[::-1]])) + "Z",
        x_ticks=tuple((round((tick - epochs[0]) / span * width, 1), f"{tick:g}") for tick in x_ticks),
        y_ticks=tuple((height * (1 - share), f"{end * share:.3g}") for share in (0, 0.5, 1)),
        last=float(middle.iloc[-1]),
    )


@dataclass(frozen=True)
class ReliabilityDrawing:
    """How often predictions of each confidence are right; on the diagonal as often as they say.

    Parameters
    ----------
    points : tuple of (x, y, radius, text)
        One per bin that holds rows, in a box of ``size`` x ``size``; the area grows with the rows.
    line : str
        Path data through the points.
    """

    points: tuple[tuple[float, float, float, str], ...]
    line: str
    size: int = 190


def reliability_drawing(table: pd.DataFrame) -> ReliabilityDrawing:
    """Draw the table of ``mmer.metrics.calibration.reliability``."""
    rows = table[table.rows > 0]
    size = ReliabilityDrawing.size
    places = np.stack([rows.confidence.to_numpy(float), 1 - rows.frequency.to_numpy(float)], 1) * size
    radii = 2 + 7 * np.sqrt(rows.rows.to_numpy(float) / rows.rows.max())
    texts = [
        f"confidence {row.confidence:.2f}, came true {row.frequency:.2f}, {row.rows} predictions"
        for row in rows.itertuples()
    ]
    points = (
        (round(float(x), 1), round(float(y), 1), round(float(r), 1)) for (x, y), r in zip(places, radii, strict=True)
    )
    return ReliabilityDrawing(
        points=tuple((*point, text) for point, text in zip(points, texts, strict=True)), line=polyline(places)
    )


def nice_end(value: float) -> float:
    """Return the smallest 1, 1.5, 2, 3, 4, 5 or 8 times a power of ten that is not below a value; 1 for nothing."""
    if value <= 0:
        return 1.0
    power = 10 ** np.floor(np.log10(value))
    return float(next(step * power for step in (1, 1.5, 2, 3, 4, 5, 8, 10) if step * power >= value * (1 - 1e-9)))


def polyline(points: np.ndarray) -> str:
    """Return path data through points (n, 2)."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def arrow_steps(u: np.ndarray, v: np.ndarray, full: float) -> tuple[tuple[int, int, float, float], ...]:
    """Return arrows on a grid, the longest as long as a grid cell; short ones (< 30 %) are left out.

    Parameters
    ----------
    u, v : ndarray of shape (H, W)
    full : float
        Motion in pixels that is drawn as long as a cell.

    Returns
    -------
    tuple of (x, y, step in x, step in y)
        Pixels.
    """
    height, width = u.shape
    cell = max(max(height, width) // ARROWS, 1)
    steps = []
    for y in range(cell // 2, height, cell):
        for x in range(cell // 2, width, cell):
            part = np.array([u[y, x], v[y, x]]) / full
            length = float(np.hypot(*part))
            if length >= 0.3:
                steps.append((x, y, *(round(float(way), 1) for way in part / max(length, 1) * cell)))
    return tuple(steps)


def arrows(steps: Sequence[tuple[int, int, float, float]]) -> str:
    """Return path data of arrows; clips.js draws its own likewise."""
    parts = []
    for x, y, dx, dy in steps:
        step, tip = np.array([dx, dy]), np.array([x + dx, y + dy])
        side = np.array([-dy, dx])
        barbs = (tip - 0.35 * step + 0.2 * side, tip - 0.35 * step - 0.2 * side)
        parts.append(polyline(np.stack([[x, y], tip])) + polyline(np.stack([barbs[0], tip, barbs[1]])))
    return "".join(parts)


@dataclass(frozen=True)
class GraphDrawing:
    """A graph on a face, in pixels of the aligned face.

    Parameters
    ----------
    view : tuple of 4 float
        Left, top, width, height of what is drawn.
    edges, nodes : str
        Path data; a node is a line of length 0 that is drawn with round ends.
    labels : tuple of (x, y, text)
        Of action unit nodes; nodes in one place share a label.
    drawn, total : int
        Lines drawn, and lines there are (undirected, without loops).
    missing : int
        Nodes whose place is unknown.
    """

    view: tuple[float, float, float, float]
    edges: str
    nodes: str
    labels: tuple[tuple[float, float, str], ...]
    drawn: int
    total: int
    missing: int


def graph_drawing(samples: Samples, clip_id: str, size: tuple[int, int] | None) -> GraphDrawing | None:
    """Draw the graph of one clip, or None where no node's place is known.

    Parameters
    ----------
    samples : Samples
    clip_id : str
    size : tuple of (height, width), optional
        Of the aligned face; by default the box around the nodes.
    """
    if samples.positions is None or clip_id not in samples.clip_ids:
        return None
    places = samples.positions[samples.clip_ids.index(clip_id)].astype(float)
    known = np.isfinite(places).all(1)
    if not known.any():
        return None
    pairs = shown_pairs(samples.edge_index, known)
    shown = pairs[:MOST_EDGES]
    if size is None:
        low, high = places[known].min(0), places[known].max(0)
        margin = 0.1 * max(float((high - low).max()), 1)
        view = (*(low - margin), *(high - low + 2 * margin))
    else:
        view = (0, 0, size[1], size[0])
    return GraphDrawing(
        view=tuple(round(float(value), 1) for value in view),
        edges="".join(polyline(places[pair]) for pair in shown),
        nodes="".join(f"M{x:.1f} {y:.1f}h0" for x, y in places[known]),
        labels=_labels(samples.node_names, places, known),
        drawn=len(shown),
        total=len(pairs),
        missing=int((~known).sum()),
    )


def shown_pairs(edge_index: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the lines of a graph (undirected, without loops, both ends known): (L, 2), those to draw first."""
    pairs = np.unique(np.sort(edge_index.T, 1), axis=0)
    pairs = pairs[(pairs[:, 0] != pairs[:, 1]) & known[pairs].all(1)]
    # Knuth's multiplicative hash: a fixed choice of lines that is spread over the whole graph.
    return pairs[np.argsort(np.arange(len(pairs), dtype=np.uint64) * 2654435761 % 2**32, kind="stable")]


def _labels(names: tuple[str, ...], places: np.ndarray, known: np.ndarray) -> tuple[tuple[float, float, str], ...]:
    """Name the nodes that stand for action units: ``AU06`` and ``AU12`` in one place become ``6 12``."""
    if not all(name.startswith("AU") for name in names):
        return ()
    found: dict[tuple[float, float], list[str]] = {}
    for name, place, here in zip(names, places, known, strict=True):
        if here:
            key = (round(float(place[0]), 1), round(float(place[1]), 1))
            found.setdefault(key, []).append(name[2:].lstrip("0"))
    return tuple((x, y, " ".join(texts)) for (x, y), texts in found.items())
