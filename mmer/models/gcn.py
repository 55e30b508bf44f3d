"""GCN: graph convolutions over facial nodes (Kipf & Welling, 2017, ICLR)."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from mmer.models.adjacency import AdaptiveAdjacency, LearnedAdjacency
from mmer.models.dropout import ReluDropout
from mmer.models.folded import GraphConvolution, Linear, dense_adjacency, graph_layers
from mmer.models.graph_input import check_choice, check_whole, graph_shape
from mmer.types.samples import Sizes

READOUTS = ("mean", "flatten")
ADJACENCIES = ("given", "learned", "adaptive")


class Gcn(nn.Module):
    """Graph convolutions with the fold's edge weights, then a linear classifier.

    12 nodes of 3 numbers (one moment), 32 channels, 3 classes:

    ==============================================  =======  ==========
    layer                                           output   parameters
    ==============================================  =======  ==========
    graph convolution, ReLU, dropout                12 x 32         128
    graph convolution, ReLU, dropout                12 x 32        1056
    linear                                          3              1155
    **all**                                                        2339
    ==============================================  =======  ==========

    With the same few nodes in every clip a dense convolution equals torch_geometric's ``GCNConv`` and is faster. It
    adds self loops and normalises symmetrically. Frames are features: node i sees its T * F values at once.

    The adjacency of the edges may be a start only, which is our addition to the paper: see ``adjacency``. It is the
    same in all layers.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``graph`` (T, N, F).
    hidden : int
        Channels of every layer.
    layers : int
        Number of graph convolutions.
    dropout : float
        After every convolution.
    readout : str
        ``mean``: nodes are averaged and exchangeable. ``flatten``: the classifier sees which node is which.
    adjacency : str
        ``given``: that of the edges. ``learned``: plus a change of any sign, which starts at 0 and is one for all clips
        (``mmer.models.adjacency.LearnedAdjacency``, free). ``adaptive``: for each clip, the mean of the given one and
        one made from the likeness of its nodes' features (``AdaptiveAdjacency``).

    Raises
    ------
    InputError
        There is no graph, or a value is out of its range.
    """

    streams = ("graph",)
    folded = True

    def __init__(
        self,
        sizes: Sizes,
        hidden: int = 32,
        layers: int = 2,
        dropout: float = 0.3,
        readout: str = "flatten",
        adjacency: str = "given",
    ) -> None:
        super().__init__()
        check_whole("gcn", hidden=hidden, layers=layers)
        check_choice("gcn", "readout", readout, READOUTS)
        check_choice("gcn", "adjacency", adjacency, ADJACENCIES)
        frames, self.nodes, features = graph_shape("gcn", sizes)
        self.readout, self.adjacency = readout, adjacency
        widths = [frames * features, *[hidden] * layers]
        self.convolutions = nn.ModuleList(GraphConvolution(width, next_width) for width, next_width in pairwise(widths))
        self.dropouts = nn.ModuleList(ReluDropout(dropout) for _ in range(layers))
        self.classifier = Linear(hidden if readout == "mean" else hidden * self.nodes, sizes.n_classes)
        if adjacency == "learned":
            self.learned = LearnedAdjacency(self.nodes, "free")
        elif adjacency == "adaptive":
            self.adaptive = AdaptiveAdjacency(frames * features)
        source, target = torch.from_numpy(sizes.edge_index.copy())
        self.register_buffer("place", target * self.nodes + source, persistent=False)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, C) of ``batch["graph"]`` (B, T, N, F) with ``edge_weight`` (E,); or all with (K, ...)."""
        x = batch["graph"].movedim(-2, -4).flatten(-2)  # (..., N, B, T * F)
        adjacency = dense_adjacency(self.place, edge_weight.to(x.dtype), self.nodes)
        if self.adjacency == "learned":
            adjacency = self.learned(adjacency, clips=x.shape[-2])
        elif self.adjacency == "adaptive":
            adjacency = (adjacency.unsqueeze(-3) + self.adaptive(x.movedim(-2, -3))) / 2
        if self.readout == "flatten":
            return graph_layers(x, adjacency, self.convolutions, self.dropouts, self.classifier)
        return self.classifier(graph_layers(x, adjacency, self.convolutions, self.dropouts).mean(-2))
