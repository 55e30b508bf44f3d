"""Graph attention that reads edge features and hands them on, over a graph that all clips share."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.probe import Probe

SLOPE = 0.2
PADDING = -1e9  # finite instead of -inf, so that no gradient becomes NaN


class SharedEdges(nn.Module):
    """The edges of a graph with a self loop for every node, and which of them lead into which node.

    A softmax over the edges into a node needs them side by side: ``into`` lists them, as many places as the node with
    most edges has. Nothing is counted while a model runs, so folds can be stacked.

    Parameters
    ----------
    edge_index : ndarray of shape (2, E), int64
    nodes : int

    Attributes
    ----------
    source, target : Tensor of shape (E + N,), int64
        The self loops come after the edges.
    into : Tensor of shape (N, D), int64
        Edges into each node; places that are left over repeat edge 0.
    filled : Tensor of shape (N, D), bool
    slot : Tensor of shape (E + N,), int64
        Where an edge stands in ``into``, flattened.
    """

    source: Tensor
    target: Tensor
    into: Tensor
    filled: Tensor
    slot: Tensor

    def __init__(self, edge_index: np.ndarray, nodes: int) -> None:
        super().__init__()
        edges = np.concatenate([edge_index, np.tile(np.arange(nodes), (2, 1))], 1)
        lists = [np.flatnonzero(edges[1] == node) for node in range(nodes)]
        width = max(map(len, lists))
        into, filled = np.zeros((nodes, width), np.int64), np.zeros((nodes, width), bool)
        slot = np.zeros(edges.shape[1], np.int64)
        for node, found in enumerate(lists):
            into[node, : len(found)], filled[node, : len(found)] = found, True
            slot[found] = node * width + np.arange(len(found))
        for name, values in {"into": into, "filled": filled, "slot": slot}.items():
            self.register_buffer(name, torch.from_numpy(values), persistent=False)
        for name, values in zip(("source", "target"), edges, strict=True):
            self.register_buffer(name, torch.from_numpy(values.copy()), persistent=False)


class EdgeAttention(nn.Module):
    """GATv2 with edge features (Brody, Alon & Yahav, 2022, ICLR), whose hidden state of an edge is its new features.

    ``f(t, s) = LeakyReLU(W_l x_s + W_r x_t + W_e e(t, s))`` scores an edge by ``a . f`` and is handed on, as in EGAT
    (Kaminski et al., 2022, Bioinformatics). The weight of an edge multiplies its share before shares into a node are
    made to sum to 1. Where all weights are 1 the nodes are those of ``torch_geometric.nn.GATv2Conv`` with
    ``edge_dim``, whose names are kept.

    Parameters
    ----------
    channels, edge_channels, width : int
        Features of a node and of an edge, and of each out of each head.
    heads : int
        Put side by side.
    """

    def __init__(self, channels: int, edge_channels: int, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.lin_l = nn.Linear(channels, heads * width)
        self.lin_r = nn.Linear(channels, heads * width)
        self.lin_edge = nn.Linear(edge_channels, heads * width, bias=False)
        self.att = nn.Parameter(torch.empty(1, heads, width))
        self.bias = nn.Parameter(torch.zeros(heads * width))
        for value in (self.lin_l.weight, self.lin_r.weight, self.lin_edge.weight, self.att):
            nn.init.xavier_uniform_(value)
        for layer in (self.lin_l, self.lin_r):
            nn.init.zeros_(layer.bias)
        self.attention = Probe("attention", "edges")

    def forward(self, x: Tensor, edge: Tensor, weight: Tensor, graph: SharedEdges) -> tuple[Tensor, Tensor]:
        """Return nodes (B, N, D) and edges (B, E + N, D), where D = heads * width.

        Parameters
        ----------
        x : Tensor of shape (B, N, channels)
        edge : Tensor of shape (B, E + N, edge_channels)
        weight : Tensor of shape (E + N,)
            At least 0; 0 takes an edge out.
        graph : SharedEdges
        """
        sent = self.lin_l(x)
        hidden = sent[:, graph.source] + self.lin_r(x)[:, graph.target] + self.lin_edge(edge)
        hidden = F.leaky_relu(hidden, SLOPE)
        score = (hidden.unflatten(2, (self.heads, -1)) * self.att).sum(3)  # (B, E + N, heads)
        prior = torch.where(weight > 0, weight.clamp_min(torch.finfo(weight.dtype).tiny).log(), PADDING)
        into = (score + prior[:, None])[:, graph.into]  # (B, N, places, heads)
        share = torch.softmax(torch.where(graph.filled[..., None], into, PADDING), 2)
        own = graph.source.shape[0] - x.shape[1]
        self.attention(share.flatten(1, 2)[:, graph.slot[:own]].mean(2))
        message = sent[:, graph.source[graph.into]].unflatten(3, (self.heads, -1))
        return (share[..., None] * message).sum(2).flatten(2) + self.bias, hidden
