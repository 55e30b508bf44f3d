"""Samples: what a model eats, for n clips at once. It holds no label."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmer.types.arrays import load_arrays, save_arrays
from mmer.types.errors import InputError, listing
from mmer.types.signal_window import SignalLayout
from mmer.types.view import facts, number

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True)
class Sizes:
    """What a model's constructor must know about its input.

    Parameters
    ----------
    n_classes : int
    streams : dict of str to tuple of int
        Shape of one clip in each stream, e.g. ``{"graph": (T, N, F), "flow": (C, H, W)}``.
    node_names : tuple of N str
    edge_index : ndarray of shape (2, E), int64
        Source and target of every edge.
    signals : dict of str to SignalLayout
        Of the streams that are signals.
    """

    n_classes: int
    streams: dict[str, tuple[int, ...]]
    node_names: tuple[str, ...]
    edge_index: np.ndarray
    signals: dict[str, SignalLayout] = field(default_factory=dict)


@dataclass(frozen=True)
class Samples:
    """Streams of n clips.

    Parameters
    ----------
    clip_ids : tuple of n str
    streams : dict of str to ndarray, float32
        ``graph`` (n, T, N, F), ``flow`` (n, C, H, W), ``eeg`` (n, C, S) or (n, C, F) ...; zeros where absent.
    present : dict of str to ndarray of shape (n,), bool
        Whether a clip has the stream.
    node_names : tuple of N str
    feature_names : tuple of F str
    edge_index : ndarray of shape (2, E), int64
        The fixed edges of the graph, source and target.
    positions : ndarray of shape (n, N, 2), float32, pixels of the aligned face
        Where each node lies at onset; NaN where unknown. For drawing, not an input.
    excluded : dict of clip_id to reason
        Clips left out by a stated policy before this table was made.
    about : dict of str to str
        What must agree before corpora are mixed, e.g. ``au_scale`` and ``backend``.
    siblings : dict of str to ndarray of shape (n, M, ...), float32
        Variants of each clip, per stream: the same clip described at M frames beside its apex, to train on instead of
        itself. They lie in the row of their clip, so no split can part them. Empty unless the corpus's motion has
        neighbours (``set.datasets.NAME.motion.neighbours: 2`` in params.yaml makes M = 4) and the experiment asks for
        them (``augment``). Zeros where the clip lacks the stream.
    signals : dict of str to SignalLayout
        What the axes of the streams mean that come from recordings, or from what a track measures over time.
    """

    clip_ids: tuple[str, ...]
    streams: dict[str, np.ndarray]
    present: dict[str, np.ndarray]
    node_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    edge_index: np.ndarray = field(default_factory=lambda: np.zeros((2, 0), np.int64))
    positions: np.ndarray | None = None
    excluded: dict[str, str] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)
    siblings: dict[str, np.ndarray] = field(default_factory=dict)
    signals: dict[str, SignalLayout] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n, nodes = len(self.clip_ids), len(self.node_names)
        if len(set(self.clip_ids)) != n:
            raise InputError("samples: a clip is named twice")
        if set(self.streams) != set(self.present):
            raise InputError(f"samples: streams {sorted(self.streams)} but presence of {sorted(self.present)}")
        for name, values in self.streams.items():
            if len(values) != n or self.present[name].shape != (n,):
                raise InputError(f"samples: stream {name!r} has {len(values)} clips, expected {n}")
            if not np.isfinite(values).all():
                bad = ~np.isfinite(values.reshape(n, -1)).all(1)
                raise InputError(f"samples: stream {name!r} is not finite for {listing(np.array(self.clip_ids)[bad])}")
        self._check_siblings()
        self._check_signals()
        if "graph" in self.streams and self.streams["graph"].shape[2:] != (nodes, len(self.feature_names)):
            raise InputError(
                f"samples: stream 'graph' must have shape (n, T, N, F) with N = {nodes} and "
                f"F = {len(self.feature_names)}, got {self.streams['graph'].shape}"
            )
        if self.edge_index.ndim != 2 or len(self.edge_index) != 2:
            raise InputError(f"samples: edge_index must have shape (2, E), got {self.edge_index.shape}")
        if self.edge_index.size and not (self.edge_index.min() >= 0 and self.edge_index.max() < nodes):
            raise InputError(f"samples: edge_index points outside 0..{nodes - 1}")

    def _check_siblings(self) -> None:
        """Refuse siblings that do not fit their streams, or differ in number between streams."""
        for name, values in self.siblings.items():
            if name not in self.streams:
                raise InputError(f"samples: siblings of a stream {name!r} that is not there")
            own = self.streams[name].shape
            if values.ndim < 2 or values.shape[1] < 1 or (values.shape[0], *values.shape[2:]) != own:
                raise InputError(f"samples: siblings of {name!r} must have shape (n, M, ...) of {own}: {values.shape}")
            if not np.isfinite(values).all():
                bad = ~np.isfinite(values.reshape(len(values), -1)).all(1)
                raise InputError(
                    f"samples: siblings in {name!r} are not finite: {listing(np.array(self.clip_ids)[bad])}"
                )
        if len({values.shape[1] for values in self.siblings.values()}) > 1:
            raise InputError(f"samples: streams differ in their number of siblings: {_counts(self.siblings)}")

    def _check_signals(self) -> None:
        """Refuse a layout that does not fit its stream."""
        for name, layout in self.signals.items():
            if name not in self.streams:
                raise InputError(f"samples: a layout of a stream {name!r} that is not there")
            shape = self.streams[name].shape
            fits = len(shape) == 3 and shape[1] == len(layout.channels)
            if not fits or (layout.features and shape[2] != len(layout.features)):
                raise InputError(
                    f"samples: stream {name!r} has shape {shape}, but {len(layout.channels)} channels and "
                    f"{len(layout.features) or 'no'} features"
                )

    def subset(self, clip_ids: Sequence[str]) -> "Samples":
        """Return these clips, in this order."""
        place = {name: row for row, name in enumerate(self.clip_ids)}
        if missing := [name for name in clip_ids if name not in place]:
            raise InputError(f"samples: no sample of {listing(missing)}")
        rows = [place[name] for name in clip_ids]
        return Samples(
            clip_ids=tuple(clip_ids),
            streams={name: values[rows] for name, values in self.streams.items()},
            present={name: there[rows] for name, there in self.present.items()},
            node_names=self.node_names,
            feature_names=self.feature_names,
            edge_index=self.edge_index,
            positions=None if self.positions is None else self.positions[rows],
            excluded=self.excluded,
            about=self.about,
            siblings={name: values[rows] for name, values in self.siblings.items()},
            signals=self.signals,
        )

    @classmethod
    def concatenate(cls, parts: Sequence["Samples"]) -> "Samples":
        """Put the samples of several corpora together, sorted by clip id.

        Raises
        ------
        InputError
            Streams, nodes, features, edges, what made them (backend, AU scale) or the number of siblings differ.
        """
        first = parts[0]
        for part in parts[1:]:
            for name in ("node_names", "feature_names", "about"):
                if getattr(part, name) != getattr(first, name):
                    raise InputError(
                        f"corpora cannot be mixed: {name} is {getattr(first, name)} in one and "
                        f"{getattr(part, name)} in another; use one face backend for all corpora of an "
                        "experiment, or say `mix_backends: true`"
                    )
            if set(part.streams) != set(first.streams) or not np.array_equal(part.edge_index, first.edge_index):
                raise InputError("corpora cannot be mixed: their streams or edges differ")
            for name, values in part.streams.items():
                if values.shape[1:] != first.streams[name].shape[1:]:
                    raise InputError(
                        f"corpora cannot be mixed: stream {name!r} has shape {first.streams[name].shape[1:]} "
                        f"in one and {values.shape[1:]} in another"
                    )
            for name, layout in part.signals.items():
                if layout != first.signals.get(name):
                    raise InputError(
                        f"corpora cannot be mixed: the signal {name!r} has other channels, another sampling rate or "
                        f"window in one than in another ({_said(layout)}; {_said(first.signals.get(name))}); pick the "
                        "channels that both have (`channels` of the signal), and one `sfreq`"
                    )
            if _counts(part.siblings) != _counts(first.siblings):
                raise InputError(
                    f"corpora cannot be mixed: a clip has the siblings {_counts(first.siblings)} in one and "
                    f"{_counts(part.siblings)} in another; give their `motion` the same `neighbours`"
                )
        positions = None
        if all(part.positions is not None for part in parts):
            positions = np.concatenate([part.positions for part in parts])
        whole = cls(
            clip_ids=tuple(name for part in parts for name in part.clip_ids),
            streams={name: np.concatenate([part.streams[name] for part in parts]) for name in first.streams},
            present={name: np.concatenate([part.present[name] for part in parts]) for name in first.present},
            node_names=first.node_names,
            feature_names=first.feature_names,
            edge_index=first.edge_index,
            positions=positions,
            excluded={name: reason for part in parts for name, reason in part.excluded.items()},
            about=first.about,
            siblings={name: np.concatenate([part.siblings[name] for part in parts]) for name in first.siblings},
            signals=first.signals,
        )
        return whole.subset(sorted(whole.clip_ids))

    def _repr_html_(self) -> str:
        streams = {
            f"stream {name}": f"{' x '.join(map(str, values.shape[1:]))}, of {int(self.present[name].sum())} clips"
            for name, values in self.streams.items()
        }
        return facts(
            f"Samples of {number(len(self.clip_ids), 'clip')}",
            streams
            | {
                "nodes": f"{len(self.node_names)}: {', '.join(self.node_names)}" if self.node_names else None,
                "features": ", ".join(self.feature_names) or None,
                "edges": self.edge_index.shape[1] if self.node_names else None,
                "excluded": len(self.excluded),
                **self.about,
            },
        )

    def sizes(self, n_classes: int) -> Sizes:
        """Say what a model must know about these samples."""
        shapes = {name: tuple(values.shape[1:]) for name, values in self.streams.items()}
        return Sizes(n_classes, shapes, self.node_names, self.edge_index, self.signals)

    def to_data(self, clip_id: str) -> "Data":
        """Export the graph of one clip to ``torch_geometric.data.Data``.

        Returns
        -------
        Data
            ``x`` (N, T * F), ``edge_index`` (2, E), ``pos`` (N, 2) in pixels of the aligned face where known,
            ``clip_id`` and ``node_names``. It has no ``y``: a class is looked up by clip id.

        Raises
        ------
        InputError
            There is no such clip, no stream ``graph``, or the clip lacks it.
        """
        import torch
        from torch_geometric.data import Data

        one = self.subset([clip_id])
        if "graph" not in one.streams or not one.present["graph"][0]:
            raise InputError(f"samples: clip {clip_id} has no graph")
        x = one.streams["graph"][0]
        data = Data(
            x=torch.from_numpy(np.ascontiguousarray(x.transpose(1, 0, 2)).reshape(x.shape[1], -1)),
            edge_index=torch.from_numpy(self.edge_index.copy()),
            clip_id=clip_id,
            node_names=list(self.node_names),
        )
        if one.positions is not None:
            data.pos = torch.from_numpy(one.positions[0].copy())
        return data

    def save(self, path: str | Path) -> None:
        """Write one npz."""
        arrays = {f"stream.{name}": values for name, values in self.streams.items()}
        arrays |= {f"present.{name}": there for name, there in self.present.items()}
        arrays |= {f"siblings.{name}": values for name, values in self.siblings.items()}
        arrays["edge_index"] = self.edge_index
        if self.positions is not None:
            arrays["positions"] = self.positions
        about = {name: getattr(self, name) for name in ("clip_ids", "node_names", "feature_names", "excluded", "about")}
        if self.signals:
            about["signals"] = {name: asdict(layout) for name, layout in self.signals.items()}
        save_arrays(path, arrays, about)

    @classmethod
    def load(cls, path: str | Path) -> "Samples":
        """Read one npz."""
        arrays, about = load_arrays(path)
        for name in ("clip_ids", "node_names", "feature_names"):
            about[name] = tuple(about[name])
        about["signals"] = {name: SignalLayout.of(layout) for name, layout in about.get("signals", {}).items()}
        return cls(
            streams={name[7:]: values for name, values in arrays.items() if name.startswith("stream.")},
            present={name[8:]: values for name, values in arrays.items() if name.startswith("present.")},
            edge_index=arrays["edge_index"],
            positions=arrays.get("positions"),
            siblings={name[9:]: values for name, values in arrays.items() if name.startswith("siblings.")},
            **about,
        )


def _counts(siblings: dict[str, np.ndarray]) -> dict[str, int]:
    """Count the siblings of a clip, per stream."""
    return {name: values.shape[1] for name, values in sorted(siblings.items())}


def _said(layout: SignalLayout | None) -> str:
    """Say what a signal looks like."""
    if layout is None:
        return "none"
    return (
        f"{len(layout.channels)} channels, {len(layout.features)} features, {layout.sfreq:g} Hz from {layout.start:g} s"
    )
