"""Saw: what trained models looked at in their test clips, by clip and node name. For people; no score comes from it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from mmer.types.arrays import load_arrays, save_arrays
from mmer.types.errors import InputError

AXES = {"nodes": ("node",), "edges": ("source", "target"), "pairs": ("target", "source"), "face": ("y", "x")}


@dataclass(frozen=True)
class View:
    """One thing that models show of themselves.

    Parameters
    ----------
    kind : str
        ``gradient``, ``input x gradient``, or what a model's probe is called: ``attention``, ``adjacency``, ...
    layer : str
        Where in the model, as torch names it; the stream for the two gradients.
    over : str
        What a clip's values belong to. ``nodes`` (N,); ``edges`` (E,), in the order of ``Saw.edge_index``; ``pairs``
        (N, N), target before source; ``face`` (H, W), pixels of a picture of the aligned face.
    names : tuple of N str
        Of the nodes; empty for a face.
    values : ndarray of shape (n, ...), float32
        Of every clip: mean over the runs that tested it. NaN where a clip has no such input.
    runs : ndarray of shape (R, ...), float32
        Of every run: mean over its clips; all NaN where none has such input.
    """

    kind: str
    layer: str
    over: str
    names: tuple[str, ...]
    values: np.ndarray
    runs: np.ndarray


@dataclass(frozen=True)
class Saw:
    """What the models of some runs saw. A run is one training: a fold, under one seed, of one repeat.

    Parameters
    ----------
    clip_ids : tuple of n str
        The test clips.
    runs : tuple of R (int, int, str)
        Seed, repeat and fold.
    node_names : tuple of N str
    edge_index : ndarray of shape (2, E), int64
        Source and target.
    edge_weight : ndarray of shape (R, E), float32
        As every run's model was given them: fitted on its training clips, or 1.
    views : tuple of View

    Raises
    ------
    InputError
        Shapes do not fit each other.
    """

    clip_ids: tuple[str, ...]
    runs: tuple[tuple[int, int, str], ...]
    node_names: tuple[str, ...]
    edge_index: np.ndarray
    edge_weight: np.ndarray
    views: tuple[View, ...]

    def __post_init__(self) -> None:
        if self.edge_weight.shape != (len(self.runs), self.edge_index.shape[1]):
            raise InputError(
                f"saw: {len(self.runs)} runs and {self.edge_index.shape[1]} edges, but weights of shape "
                f"{self.edge_weight.shape}"
            )
        for view in self.views:
            if view.over not in AXES:
                raise InputError(f"saw: a view is over one of {', '.join(AXES)}, got {view.over!r}")
            nodes = len(view.names)
            shape = {"nodes": (nodes,), "edges": (self.edge_index.shape[1],), "pairs": (nodes, nodes)}.get(
                view.over, view.values.shape[1:]
            )
            for rows, values in ((len(self.clip_ids), view.values), (len(self.runs), view.runs)):
                if values.shape != (rows, *shape):
                    raise InputError(
                        f"saw: {view.kind} of {view.layer!r} must have shape {(rows, *shape)}, got {values.shape}"
                    )

    @classmethod
    def merge(cls, parts: Sequence["Saw"]) -> "Saw":
        """Put runs of one experiment together: a clip that several runs test has the mean of what they saw.

        Raises
        ------
        InputError
            There is none, or they are not of one model on one graph.
        """
        if not parts:
            raise InputError("saw: there is no run to put together")
        first = parts[0]
        for part in parts:
            same = _outline(part) == _outline(first) and np.array_equal(part.edge_index, first.edge_index)
            if not same:
                raise InputError(f"saw: the runs {first.runs[0]} and {part.runs[0]} are not of one model on one graph")
        clip_ids = tuple(sorted({clip for part in parts for clip in part.clip_ids}))
        place = {clip: row for row, clip in enumerate(clip_ids)}
        rows = [np.array([place[clip] for clip in part.clip_ids], np.int64) for part in parts]
        views = []
        for number, view in enumerate(first.views):
            total, count = (np.zeros((len(clip_ids), *view.values.shape[1:])) for _ in range(2))
            for part, own in zip(parts, rows, strict=True):
                values = part.views[number].values
                known = np.isfinite(values)
                total[own] += np.where(known, values, 0)
                count[own] += known
            runs = np.concatenate([part.views[number].runs for part in parts])
            views.append(replace(view, values=_divided(total, count), runs=runs))
        return replace(
            first,
            clip_ids=clip_ids,
            runs=tuple(run for part in parts for run in part.runs),
            edge_weight=np.concatenate([part.edge_weight for part in parts]),
            views=tuple(views),
        )

    def table(self, view: View) -> pd.DataFrame:
        """Return a view as a table: ``clip_id``, the node or its two ends (or ``y``, ``x``), and ``value``."""
        axes = AXES[view.over]
        if view.over == "edges":
            ends = [[self.node_names[node] for node in nodes] for nodes in self.edge_index]
        else:
            labels = [list(view.names) or range(size) for size in view.values.shape[1:]]
            ends = [values.ravel() for values in np.meshgrid(*map(np.array, labels), indexing="ij")]
        columns = {
            axis: np.tile(np.asarray(values), len(self.clip_ids)) for axis, values in zip(axes, ends, strict=True)
        }
        per_clip = view.values[:1].size if len(view.values) else 0
        clips = np.repeat(np.array(self.clip_ids, object), per_clip)
        return pd.DataFrame({"clip_id": clips} | columns | {"value": view.values.reshape(-1)})

    def save(self, path: str | Path) -> None:
        """Write one npz."""
        save_arrays(path, *self.parts())

    @classmethod
    def load(cls, path: str | Path) -> "Saw":
        """Read one npz."""
        return cls.of_parts(*load_arrays(path))

    def parts(self) -> tuple[dict[str, np.ndarray], dict]:
        """Return named arrays, and the rest as what json knows."""
        arrays = {"edge_index": self.edge_index, "edge_weight": self.edge_weight}
        for number, view in enumerate(self.views):
            arrays |= {f"view{number}.values": view.values, f"view{number}.runs": view.runs}
        about = {name: getattr(self, name) for name in ("clip_ids", "runs", "node_names")}
        return arrays, about | {"views": _outline(self)[1:]}

    @classmethod
    def of_parts(cls, arrays: dict[str, np.ndarray], about: dict) -> "Saw":
        """Put together what ``parts`` returned.

        Raises
        ------
        InputError
            Something is missing.
        """
        try:
            views = tuple(
                View(kind, layer, over, tuple(names), arrays[f"view{number}.values"], arrays[f"view{number}.runs"])
                for number, (kind, layer, over, names) in enumerate(about["views"])
            )
            runs = tuple((seed, repeat, fold) for seed, repeat, fold in about["runs"])
            names = tuple(about["clip_ids"]), runs, tuple(about["node_names"])
            return cls(*names, arrays["edge_index"], arrays["edge_weight"], views)
        except (KeyError, ValueError, TypeError) as error:
            raise InputError(f"saw: not as mmer writes it ({error!r}); run `dvc repro`") from error


def mean_over_clips(values: np.ndarray) -> np.ndarray:
    """Return the mean over the clips (n, ...) that have a value, NaN where none has: (...), float32."""
    known = np.isfinite(values)
    return _divided(np.where(known, values, 0).sum(0, dtype=np.float64), known.sum(0).astype(np.float64))


def _divided(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return means as float32, NaN where nothing was counted."""
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0).astype(np.float32)


def _outline(saw: Saw) -> list:
    """Return what runs of one model have in common: the names of the nodes, and what each view is."""
    views = [(view.kind, view.layer, view.over, view.names) for view in saw.views]
    return [saw.node_names, *views]
