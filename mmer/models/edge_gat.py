"""Edge-node graph attention: a network after Kumar & Bhanu, Relational edge-node graph attention, 2023."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.branches import branch_sizes
from mmer.models.dense_attention import DenseSagPool, adjacency_matrix
from mmer.models.dropout import Dropout
from mmer.models.edge_attention import EdgeAttention, SharedEdges
from mmer.models.graph_input import check_flag, check_whole, graph_shape
from mmer.models.positive import check_positive
from mmer.types.errors import InputError, nearest
from mmer.types.samples import Sizes

EDGE_FEATURES = ("difference", "rbf", "jaccard", "weight")


def jaccard(edge_index: np.ndarray, nodes: int) -> np.ndarray:
    """Return for every edge, and after them for every self loop, how alike the neighbours of its ends are: (E + N,).

    The share of common ones among the neighbours of both ends (Jaccard index), in either direction of an edge; a node
    is its own neighbour.
    """
    near = np.eye(nodes)
    near[edge_index[0], edge_index[1]] = near[edge_index[1], edge_index[0]] = 1
    both = near @ near.T
    count = near.sum(1)
    index = both / (count[:, None] + count[None] - both)
    return np.concatenate([index[edge_index[0], edge_index[1]], np.ones(nodes)])


class Stream(nn.Module):
    """Attention layers over one group of node features, and self-attention pooling.

    Parameters
    ----------
    channels : int
        Features of a node, all moments together.
    nodes, width, heads, layers : int
    edge_features : tuple of str
    rbf_width, keep, dropout : float
    update_edges : bool
    """

    numbers = ("rbf_width",)

    def __init__(
        self,
        channels: int,
        nodes: int,
        width: int,
        heads: int,
        layers: int,
        edge_features: tuple[str, ...],
        rbf_width: float,
        update_edges: bool,
        keep: float,
        dropout: float,
    ) -> None:
        super().__init__()
        self.edge_features, self.rbf_width, self.update_edges = edge_features, rbf_width, update_edges
        out = heads * width
        raw = len(edge_features) + ("difference" in edge_features) * (channels - 1)
        self.layers = nn.ModuleList(
            EdgeAttention(out if i else channels, out if i and update_edges else raw, width, heads)
            for i in range(layers)
        )
        self.dropouts = nn.ModuleList(Dropout(dropout) for _ in range(layers))
        self.pool = DenseSagPool(out, nodes, keep)

    def forward(self, x: Tensor, weight: Tensor, jaccard: Tensor, adjacency: Tensor, graph: SharedEdges) -> Tensor:
        """Return (B, 2 * heads * width) of ``x`` (B, N, channels): mean and greatest value over the nodes kept."""
        edge = self._edges(x, weight, jaccard, graph)
        for layer, dropout in zip(self.layers, self.dropouts, strict=True):
            x, hidden = layer(x, edge, weight, graph)
            x = dropout(F.elu(x))
            edge = hidden if self.update_edges else edge
        kept = self.pool(x, adjacency)
        return torch.cat([kept.mean(1), kept.amax(1)], 1)

    def _edges(self, x: Tensor, weight: Tensor, jaccard: Tensor, graph: SharedEdges) -> Tensor:
        """Return the features of edges and self loops, (B, E + N, ...)."""
        difference = x[:, graph.source] - x[:, graph.target]
        found = {
            "difference": lambda: difference,
            "rbf": lambda: torch.exp(-difference.square().mean(2, keepdim=True) / (2 * self.rbf_width**2)),
            "jaccard": lambda: jaccard[:, None].expand(len(x), -1, 1),
            "weight": lambda: weight[:, None].expand(len(x), -1, 1),
        }
        return torch.cat([found[name]() for name in self.edge_features], 2)


class EdgeGat(nn.Module):
    """Two streams of graph attention with edge features, each with self-attention pooling, put together and classified.

    =====================================================  ==========  ==========
    layer (68 nodes, 368 edges, 4 + 98 features,           output      parameters
    edge features rbf and jaccard, 3 classes)
    =====================================================  ==========  ==========
    stream 1: edge features                                436 x 2
    stream 1: attention, 4 heads, ELU, dropout             68 x 32            448
    stream 1: attention, 4 heads, ELU, dropout             68 x 32           3200
    stream 1: pooling of the best half, mean and greatest  64                  65
    stream 2: edge features                                436 x 2
    stream 2: attention, 4 heads, ELU, dropout             68 x 32           6464
    stream 2: attention, 4 heads, ELU, dropout             68 x 32           3200
    stream 2: pooling of the best half, mean and greatest  64                  65
    linear                                                 3                  387
    **all**                                                                 13829
    =====================================================  ==========  ==========

    With all four edge features, the default, there are 3328 more. No number was published.

    What of the paper was at hand is its abstract, which gives no sizes. From there: two streams, of node locations
    and of patches of optical flow; edge features from the Jaccard index and a radial basis function; self-attention
    pooling that keeps the top k nodes; fusion. From torch_geometric and the papers of the layers: GATv2 with edge
    features, whose hidden state is the next layer's edge features (EGAT), pooling after Lee et al. (2019). Ours: that
    the Jaccard index is that of the neighbours in the graph and the radial basis function that of node features, the
    differences of node features and the fold's edge weights as further edge features, all sizes, one pooling after
    the last layer, mean and greatest value of what it keeps. The paper chooses frames of high intensity; here moments
    are features, and a node sees its T values of each feature at once.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``graph`` (T, N, F). Nodes are told apart by their features only: positions help.
    split : int or None
        The first ``split`` features of a node go into the first stream, the others into the second: 4 with the node
        features [position, displacement, flow_patch]. None: half of them. 0: one stream.
    width : int
        Channels of a head.
    heads, layers : int
    edge_features : tuple of str
        At least one of ``difference`` (source minus target), ``rbf`` (1 where nodes are alike, towards 0 where they
        differ), ``jaccard``, ``weight``.
    rbf_width : float
        Difference, root mean square over features, at which the radial basis function is exp(-1/2).
    update_edges : bool
        Whether a layer hands its hidden state of edges to the next; else all layers read the same edge features.
    keep : float
        Share of the nodes that pooling keeps, above 0 and at most 1.
    dropout : float
        After every layer.

    Raises
    ------
    InputError
        There is no graph, a stream has no feature, or a value is out of its range.
    """

    streams = ("graph",)
    permutation_invariant = True

    def __init__(
        self,
        sizes: Sizes,
        split: int | None = None,
        width: int = 8,
        heads: int = 4,
        layers: int = 2,
        edge_features: tuple[str, ...] = EDGE_FEATURES,
        rbf_width: float = 1.0,
        update_edges: bool = True,
        keep: float = 0.5,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        check_whole("edge_gat", width=width, heads=heads, layers=layers)
        check_flag("edge_gat", update_edges=update_edges)
        check_positive("edge_gat", rbf_width=rbf_width, keep=keep)
        if keep > 1:
            raise InputError(f"edge_gat: keep is the share of nodes that pooling keeps, at most 1, got {keep}")
        if not edge_features or len(set(edge_features)) != len(edge_features):
            raise InputError(f"edge_gat: edge_features must name at least one, each once, got {edge_features!r}")
        for name in edge_features:
            if name not in EDGE_FEATURES:
                raise InputError(f"edge_gat: there is no edge feature {name!r}; {nearest(str(name), EDGE_FEATURES)}")
        frames, self.nodes, features = graph_shape("edge_gat", sizes)
        self.split = branch_sizes("edge_gat", features, split)
        self.graph = SharedEdges(sizes.edge_index, self.nodes)
        index = torch.from_numpy(jaccard(sizes.edge_index, self.nodes)).to(torch.get_default_dtype())
        self.register_buffer("jaccard", index, persistent=False)
        options = (width, heads, layers, tuple(edge_features), rbf_width, update_edges, keep, dropout)
        self.branches = nn.ModuleList(Stream(frames * part, self.nodes, *options) for part in self.split)
        self.classifier = nn.Linear(2 * heads * width * len(self.split), sizes.n_classes)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, C) of ``batch["graph"]`` (B, T, N, F) with ``edge_weight`` (E,)."""
        x = batch["graph"].transpose(1, 2)  # (B, N, T, F)
        given = edge_weight.to(x.dtype)
        weight = torch.cat([given, given.new_ones(self.nodes)])
        edges = len(given)
        pairs = torch.stack([self.graph.source[:edges], self.graph.target[:edges]])
        adjacency = adjacency_matrix(pairs, given, self.nodes)
        parts = x.split(self.split, 3)
        seen = [
            branch(part.flatten(2), weight, self.jaccard, adjacency, self.graph)
            for branch, part in zip(self.branches, parts, strict=True)
        ]
        return self.classifier(torch.cat(seen, 1))
