"""Dual-branch GraphSAGE: sample and aggregate (Hamilton, Ying & Leskovec, 2017, NeurIPS) over facial nodes."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.branches import branch_sizes
from mmer.models.dropout import ReluDropout
from mmer.models.folded import Linear, linear
from mmer.models.graph_input import check_choice, check_flag, check_whole, graph_shape
from mmer.models.neighbour_mean import neighbour_mean
from mmer.types.samples import Sizes

READOUTS = ("mean", "flatten")


class SageConvolution(nn.Module):
    """W1 (mean over the neighbours) + W2 x, for one fold or K.

    Equal to ``torch_geometric.nn.SAGEConv`` where all edges have weight 1 and named like it; with other weights the
    mean is the weighted one. Activations have the nodes first, as in ``mmer.models.folded.GraphConvolution``.

    Parameters
    ----------
    in_channels, out_channels : int
    normalize : bool
        Whether a node's output is scaled to length 1.
    """

    def __init__(self, in_channels: int, out_channels: int, normalize: bool) -> None:
        super().__init__()
        self.lin_l = nn.Linear(in_channels, out_channels)
        self.lin_r = nn.Linear(in_channels, out_channels, bias=False)
        self.normalize = normalize

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """Return (..., N, B, D) of nodes ``x`` (..., N, B, C) and ``adjacency`` (..., N, N), rows summing to 1."""
        mean = torch.matmul(adjacency, x.flatten(-2)).unflatten(-1, x.shape[-2:])
        y = linear(mean, self.lin_l.weight, self.lin_l.bias) + linear(x, self.lin_r.weight)
        return F.normalize(y, dim=-1) if self.normalize else y


class Branch(nn.Module):
    """Convolutions, each with ReLU and dropout."""

    def __init__(self, channels: int, hidden: int, layers: int, dropout: float, normalize: bool) -> None:
        super().__init__()
        widths = [channels, *[hidden] * layers]
        self.convolutions = nn.ModuleList(SageConvolution(a, b, normalize) for a, b in pairwise(widths))
        self.dropouts = nn.ModuleList(ReluDropout(dropout) for _ in range(layers))

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """Return (..., N, B, hidden) of ``x`` (..., N, B, channels)."""
        for convolution, dropout in zip(self.convolutions, self.dropouts, strict=True):
            x = dropout(convolution(x, adjacency), clips=1)
        return x


class Graphsage(nn.Module):
    """Two branches of GraphSAGE on two groups of node features over one graph, put together and classified.

    =================================================  ========  ==========
    layer (68 nodes, 2 + 98 features, 3 classes)       output    parameters
    =================================================  ========  ==========
    branch 1: GraphSAGE, ReLU, dropout                 68, 32           160
    branch 1: GraphSAGE, ReLU, dropout                 68, 32          2080
    branch 2: GraphSAGE, ReLU, dropout                 68, 32          6304
    branch 2: GraphSAGE, ReLU, dropout                 68, 32          2080
    both flattened, linear                             3              13059
    **all**                                                           23683
    =================================================  ========  ==========

    That a dual-branch GraphSAGE for micro-expressions is published is known to us from surveys only; its paper was
    not at hand, so there is no published figure here. From Hamilton et al.: the mean aggregator, its two weight
    matrices and the normalisation, which is off by default (ours): it takes away how strong a motion is. All
    neighbours take part, a face has few. Ours too: one graph for both branches, the fold's edge weights in the mean,
    putting together by concatenation, and the readout. Frames are features: node i sees its T values of each feature
    at once.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``graph`` (T, N, F).
    split : int or None
        The first ``split`` features of a node go into the first branch, the others into the second: 2 with the node
        features [displacement, flow_patch] is geometry beside motion. None: half of them. 0: one branch.
    hidden : int
        Channels of every layer.
    layers : int
        Convolutions of a branch.
    dropout : float
        After every convolution.
    normalize : bool
        Whether the output of a node has length 1 after every convolution.
    readout : str
        ``mean``: nodes are averaged and exchangeable. ``flatten``: the classifier sees which node is which.

    Raises
    ------
    InputError
        There is no graph, a branch has no feature, or a value is out of its range.
    """

    streams = ("graph",)
    folded = True
    permutation_invariant = False  # with the readout mean it is

    def __init__(
        self,
        sizes: Sizes,
        split: int | None = None,
        hidden: int = 32,
        layers: int = 2,
        dropout: float = 0.3,
        normalize: bool = False,
        readout: str = "flatten",
    ) -> None:
        super().__init__()
        check_whole("graphsage", hidden=hidden, layers=layers)
        check_choice("graphsage", "readout", readout, READOUTS)
        check_flag("graphsage", normalize=normalize)
        frames, self.nodes, features = graph_shape("graphsage", sizes)
        self.split, self.readout = branch_sizes("graphsage", features, split), readout
        self.branches = nn.ModuleList(Branch(frames * f, hidden, layers, dropout, normalize) for f in self.split)
        places = 1 if readout == "mean" else self.nodes
        self.classifier = Linear(hidden * places * len(self.split), sizes.n_classes)
        source, target = torch.from_numpy(sizes.edge_index.copy())
        self.register_buffer("place", target * self.nodes + source, persistent=False)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, C) of ``batch["graph"]`` (B, T, N, F) with ``edge_weight`` (E,); or all with (K, ...)."""
        x = batch["graph"].movedim(-2, -4)  # (..., N, B, T, F)
        adjacency = neighbour_mean(self.place, edge_weight.to(x.dtype), self.nodes, own="none")
        parts = x.split(self.split, -1)
        seen = [branch(part.flatten(-2), adjacency) for branch, part in zip(self.branches, parts, strict=True)]
        x = torch.cat(seen, -1).movedim(-2, -3)  # (..., B, N, channels)
        return self.classifier(x.mean(-2) if self.readout == "mean" else x.flatten(-2))
