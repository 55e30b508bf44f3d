"""Edges over space and time, from the edges within a moment."""

import numpy as np
import torch
from torch import Tensor, nn

from mmer.models.graph_input import check_flag, check_whole


class TemporalEdges(nn.Module):
    """The graph of N nodes at T moments: T * N nodes, of which node i at moment t is number ``t * N + i``.

    Within each moment there are the experiment's edges (``edges: temporal`` or any other rule) with the fold's weights.
    Between moments each node is joined to itself, both ways, with weight 1. That is the graph of LR-GACN's triplet and,
    written out, of ST-GCN. A model flattens ``batch["graph"]`` (B, T, N, F) to (B, T * N, F). It gives ``place`` and
    ``weight(edge_weight)`` to ``mmer.models.folded.dense_adjacency``, or ``edge_index`` and the weights to a layer of
    torch_geometric; one that adds self loops of its own (``add_self_loops``) cannot be stacked. There are no self
    loops, as in ``mmer.graphs.edges``.

    Parameters
    ----------
    edge_index : ndarray of shape (2, E), int64
        ``Sizes.edge_index``.
    nodes, frames : int
        N and T.
    reach : int
        How many moments apart are joined: 1: t and t + 1; T - 1: each with each, onset and offset too.
    neighbours : bool
        Whether the edges within a moment also lead to the moments in reach, with the weights they have.

    Attributes
    ----------
    edge_index : Tensor of shape (2, M), int64
        Sorted by source, then target.
    """

    edge_index: Tensor
    of: Tensor

    def __init__(
        self, edge_index: np.ndarray, nodes: int, frames: int, reach: int = 1, neighbours: bool = False
    ) -> None:
        super().__init__()
        check_whole("temporal edges", nodes=nodes, frames=frames, reach=reach)
        check_flag("temporal edges", neighbours=neighbours)
        self.nodes, self.frames = nodes, frames
        within = list(enumerate(map(tuple, edge_index.T.tolist())))
        own = [(len(within), (node, node)) for node in range(nodes)]  # the weight behind the last one is 1
        edges = []
        for t in range(frames):
            for other in range(max(t - reach, 0), min(t + reach, frames - 1) + 1):
                pairs = within if other == t else own + within * neighbours
                edges += [(t * nodes + a, other * nodes + b, weight) for weight, (a, b) in pairs]
        source, target, of = torch.tensor(sorted(edges), dtype=torch.int64).reshape(-1, 3).T
        self.register_buffer("edge_index", torch.stack([source, target]), persistent=False)
        self.register_buffer("of", of.contiguous(), persistent=False)

    @property
    def place(self) -> Tensor:
        """Where an edge lies in the flattened dense adjacency: target * T * N + source, (M,)."""
        source, target = self.edge_index.unbind(-2)
        return target * (self.frames * self.nodes) + source

    def weight(self, edge_weight: Tensor) -> Tensor:
        """Return the weights (M,) from those within a moment (E,)."""
        return torch.cat([edge_weight, edge_weight.new_ones(*edge_weight.shape[:-1], 1)], -1).gather(-1, self.of)

    def names(self, node_names: tuple[str, ...]) -> tuple[str, ...]:
        """Name the T * N nodes, for a ``Probe``: ``lm17@0``, the moments counted from 0."""
        return tuple(f"{name}@{t}" for t in range(self.frames) for name in node_names)

    def extra_repr(self) -> str:
        """Show the size when the model is printed."""
        return f"{self.frames} x {self.nodes} nodes, {self.edge_index.shape[-1]} edges"
