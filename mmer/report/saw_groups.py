"""What the models saw, put together for a reader: one group per kind and set of nodes, its layers averaged."""

from dataclasses import dataclass, replace

import numpy as np

from mmer.types.saw import Saw, mean_over_clips


@dataclass(frozen=True)
class Group:
    """Values of one kind over one set of nodes: the mean over the layers that show it.

    Parameters
    ----------
    kind : str
    over : str
        ``nodes``, ``pairs`` (also what was shown over edges) or ``face``.
    names : tuple of N str
    layers : tuple of str
    values : ndarray of shape (n, ...)
        By clip.
    runs : ndarray of shape (R, ...)
    """

    kind: str
    over: str
    names: tuple[str, ...]
    layers: tuple[str, ...]
    values: np.ndarray
    runs: np.ndarray


def groups_of(saw: Saw) -> tuple[Group, ...]:
    """Return the groups in the order in which their views come; edges become pairs (target, source), NaN elsewhere."""
    found: dict[tuple, list] = {}
    for view in saw.views:
        names = saw.node_names if view.over == "edges" else view.names
        over = "pairs" if view.over == "edges" else view.over
        # Pictures of two streams stay apart: one adds up channels of motion, the other moments.
        found.setdefault((view.kind, over, names, view.layer if over == "face" else ""), []).append(view)
    groups = []
    for (kind, over, names, _), views in found.items():
        values, runs = (
            np.mean([_paired(saw, view.over, getattr(view, part)) for view in views], 0, dtype=np.float64)
            for part in ("values", "runs")
        )
        groups.append(Group(kind, over, names, tuple(view.layer for view in views), values, runs))
    return tuple(groups)


def edge_weights(saw: Saw) -> Group | None:
    """Return the edge weights that every run's model was given, or None where all of them are the same."""
    if not saw.edge_weight.size or np.ptp(saw.edge_weight) == 0:
        return None
    runs = _paired(saw, "edges", saw.edge_weight).astype(np.float64)
    return Group("edge weights", "pairs", saw.node_names, (), runs[:0], runs)


def even_share(matrix: np.ndarray) -> float | None:
    """Return what every source would have if a target shared evenly; None where the shares (N, N) do not sum to 1."""
    known = np.isfinite(matrix)
    sums = np.where(known, matrix, 0).sum(1)
    if not (known.any(1).all() and np.allclose(sums, 1, atol=1e-3) and len(set(known.sum(1))) == 1):
        return None
    return 1 / float(known.sum(1)[0])


def with_edges(group: Group) -> Group:
    """Return a group over pairs without the nodes that have no edge to another."""
    known = np.isfinite(group.runs).any(0) & ~np.eye(len(group.names), dtype=bool)
    keep = np.flatnonzero(known.any(0) | known.any(1))
    names = tuple(group.names[node] for node in keep)
    values, runs = (part[:, keep][:, :, keep] for part in (group.values, group.runs))
    return replace(group, names=names, values=values, runs=runs)


def shares(values: np.ndarray) -> np.ndarray:
    """Return the part of each node (n, N) in a clip's sum of magnitudes, with its sign; NaN where there is nothing."""
    total = np.abs(values).sum(1, keepdims=True)
    return np.divide(values, total, out=np.full(values.shape, np.nan), where=total > 0)


def mean_share(values: np.ndarray) -> np.ndarray:
    """Return the mean over the clips of the magnitude of ``shares``: (N,)."""
    return mean_over_clips(np.abs(shares(values))).astype(np.float64)


def _paired(saw: Saw, over: str, values: np.ndarray) -> np.ndarray:
    """Write values over edges (n, E) as pairs (n, N, N)."""
    if over != "edges":
        return values
    n = len(saw.node_names)
    pairs = np.full((len(values), n, n), np.nan, np.float32)
    source, target = saw.edge_index
    pairs[:, target, source] = values
    return pairs
