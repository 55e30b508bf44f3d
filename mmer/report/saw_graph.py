"""What the models of an experiment saw, over all clips and folds: graphs on a circle, their strongest edges, nodes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmer.report.saw_groups import Group, even_share, mean_share, shares, with_edges
from mmer.types.saw import mean_over_clips

MOST_EDGES = 40
CROWDED = 24  # more names are turned outwards
MOST_NAMES = 80  # more do not fit around a circle
LISTED = 8
RADIUS = 150.0
WIDEST = 4.5  # of a line
BEND = 0.28  # how far a line leaves the straight way, to its left, so that two directions lie apart
FAINT = 0.25  # opacity where runs differ as much as the mean is large


@dataclass(frozen=True)
class CircleGraph:
    """A graph with its nodes on a circle, around (0, 0).

    Parameters
    ----------
    title, note : str
    lines : tuple of (str, str, float, float, str)
        Class, path data, width, opacity, and in words what it is.
    nodes : tuple of (x, y, radius, text x, text y, angle or None, anchor, name)
    rows : tuple of (str, str, str)
        The strongest edges: which, mean, standard deviation over runs.
    drawn, total : int
        Edges drawn, and edges there are.
    """

    title: str
    note: str
    lines: tuple[tuple[str, str, float, float, str], ...]
    nodes: tuple[tuple[float, float, float, float, float, float | None, str, str], ...]
    rows: tuple[tuple[str, str, str], ...]
    drawn: int
    total: int


def circle_graph(title: str, group: Group, size: dict[str, float]) -> CircleGraph | None:
    """Draw the mean of a group over its runs, or None where it has no edge.

    Parameters
    ----------
    title : str
    group : Group
        Over pairs. The mean over a run's clips counts once per run, however many clips it has.
    size : dict of str to float
        Node -> how large its disc is, 0..1.
    """
    even = even_share(mean_over_clips(group.runs))
    group = with_edges(group)
    mean = mean_over_clips(group.runs).astype(np.float64)
    deviation = _deviation(group.runs)
    both_ways = np.allclose(mean, mean.T, rtol=1e-3, atol=1e-6, equal_nan=True)
    there = np.isfinite(mean) & (mean != 0) & ~np.eye(len(mean), dtype=bool)
    if both_ways:
        there &= np.tril(np.ones_like(there), -1)
    order = np.argsort(-np.where(there, np.abs(mean), 0), axis=None, kind="stable")[: int(there.sum())]
    pairs = [tuple(map(int, np.unravel_index(place, mean.shape))) for place in order]
    if not pairs:
        return None
    largest = abs(mean[pairs[0]])
    rows = tuple(
        (_edge(group.names, pair, both_ways), number(mean[pair]), spread(deviation[pair])) for pair in pairs[:LISTED]
    )
    if len(group.names) > MOST_NAMES:
        return CircleGraph(title, f"{len(group.names)} nodes are too many to draw", (), (), rows, 0, len(pairs))
    places = _around(len(group.names))
    lines = tuple(
        (
            "minus" if mean[pair] < 0 else "plus",
            _curve(places[pair[1]], places[pair[0]], arrow=not both_ways),
            round(max(WIDEST * abs(mean[pair]) / largest, 0.4), 2),
            round(1 - (1 - FAINT) * min(_relative(deviation[pair], mean[pair]), 1), 2),
            f"{_edge(group.names, pair, both_ways)} {number(mean[pair])} {spread(deviation[pair])}".strip(),
        )
        for pair in reversed(pairs[:MOST_EDGES])
    )
    note = f"widest line {number(largest)}" + (f" (if shared evenly {number(even)})" if even else "")
    return CircleGraph(title, note, lines, _nodes(group.names, places, size), rows, len(lines), len(pairs))


@dataclass(frozen=True)
class NodeTable:
    """How a quantity is shared out among the nodes, with its sign.

    Parameters
    ----------
    title : str
    columns : tuple of str
        ``all``, and the classes.
    rows : tuple of (str, tuple of (str, float), str)
        Node, its share per column in words and in -1..1 of the table's largest, and its standard deviation over runs.
    more : int
        Nodes that are not listed.
    signed : bool
        Whether a share is below zero.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, float], ...], str], ...]
    more: int
    signed: bool


def node_table(title: str, group: Group, classes: Sequence[tuple[str, np.ndarray]], most: int = 12) -> NodeTable | None:
    """Share out a quantity over the nodes, in all clips and in those of each class.

    Parameters
    ----------
    title : str
    group : Group
        Over nodes.
    classes : sequence of (str, ndarray of shape (n,), bool)
        Name of a class and which of the clips are of it.
    most : int
        Nodes listed, those with most in all clips first.
    """
    everywhere = mean_over_clips(shares(group.values)).astype(np.float64)
    if not np.isfinite(everywhere).any():
        return None
    columns = [("all", everywhere)]
    columns += [(name, mean_over_clips(shares(group.values[of]))) for name, of in classes if of.any()]
    signed = bool((group.values < 0).any())
    # Means of a run cancel out where signs differ: their parts would be parts of little.
    deviation = _deviation(shares(group.runs)) * (np.nan if signed else 1)
    order = np.argsort(-np.nan_to_num(mean_share(group.values)), kind="stable")[:most]
    largest = max(float(np.abs(np.nan_to_num(part[order])).max()) for _, part in columns)
    rows = tuple(
        (
            group.names[node],
            tuple(
                (_percent(part[node]), round(float(np.nan_to_num(part[node])) / (largest or 1), 3))
                for _, part in columns
            ),
            "" if np.isnan(deviation[node]) else f"± {100 * deviation[node]:.1f}",
        )
        for node in order
    )
    return NodeTable(title, tuple(name for name, _ in columns), rows, len(group.names) - len(rows), signed)


def number(value: float) -> str:
    """Write a weight with three figures."""
    return f"{value:.3g}".replace("-", "−")


def spread(value: float) -> str:
    """Write a standard deviation; nothing where there is none."""
    return "" if np.isnan(value) else f"± {value if value > 1e-9 else 0:.2g}"


def _deviation(runs: np.ndarray) -> np.ndarray:
    """Return the standard deviation over runs (R, ...), NaN where fewer than two have a value."""
    known = np.isfinite(runs)
    count = known.sum(0)
    middle = np.where(known, runs, 0).sum(0) / np.maximum(count, 1)
    square = np.where(known, runs - middle, 0) ** 2
    return np.where(count > 1, np.sqrt(square.sum(0) / np.maximum(count - 1, 1)), np.nan)


def _relative(deviation: float, mean: float) -> float:
    return 0.0 if np.isnan(deviation) else deviation / abs(mean)


def _edge(names: Sequence[str], pair: tuple[int, int], both_ways: bool) -> str:
    target, source = pair
    return f"{names[source]} {'–' if both_ways else '→'} {names[target]}"


def _around(nodes: int) -> np.ndarray:
    """Return places on the circle, from the top clockwise: (N, 2)."""
    angle = 2 * np.pi * np.arange(nodes) / nodes - np.pi / 2
    return RADIUS * np.stack([np.cos(angle), np.sin(angle)], 1)


def _curve(start: np.ndarray, end: np.ndarray, arrow: bool) -> str:
    """Return path data of a bent line that stops before its end; with an arrow head if it has a direction."""
    way = end - start
    side = np.array([-way[1], way[0]]) * (BEND if arrow else 0)
    control = (start + end) / 2 * (1 if arrow else 0.6) + side / 2
    tip_way = (end - control) / max(float(np.hypot(*(end - control))), 1e-9)
    tip = end - 9 * tip_way
    text = f"M{start[0]:.1f} {start[1]:.1f}Q{control[0]:.1f} {control[1]:.1f} {tip[0]:.1f} {tip[1]:.1f}"
    if arrow:
        across = np.array([-tip_way[1], tip_way[0]])
        for sign in (1, -1):
            barb = tip - 7 * tip_way + 4 * sign * across
            text += f"M{barb[0]:.1f} {barb[1]:.1f}L{tip[0]:.1f} {tip[1]:.1f}"
    return text


def _nodes(names: Sequence[str], places: np.ndarray, size: dict[str, float]) -> tuple:
    """Return discs with names beside them; many names are turned outwards."""
    found = []
    for name, (x, y) in zip(names, places, strict=True):
        radius = 3 + 9 * float(np.sqrt(size.get(name, 0.0)))
        angle, anchor = None, "start" if x > 1 else "end" if x < -1 else "middle"
        away = RADIUS + 20
        if len(names) > CROWDED:
            angle, anchor = round(float(np.degrees(np.arctan2(y, x))), 1), "start"
            if x < -1e-6:
                angle, anchor = angle + 180, "end"
        tx, ty = x / RADIUS * away, y / RADIUS * away
        found.append((*(round(float(v), 1) for v in (x, y, radius, tx, ty)), angle, anchor, name))
    return tuple(found)


def _percent(value: float) -> str:
    return "–" if np.isnan(value) else f"{100 * value:.1f}".replace("-", "−")
