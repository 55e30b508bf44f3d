"""LR-GACN: landmark relations over a triplet of frames by graph attention (Kumar & Bhanu, 2021, CVPRW, p. 1511)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.branches import branch_sizes
from mmer.models.dropout import Dropout
from mmer.models.edge_attention import SharedEdges
from mmer.models.graph_attention import GraphAttention
from mmer.models.graph_input import check_choice, check_whole, graph_shape
from mmer.models.probe import Probe
from mmer.models.temporal_edges import TemporalEdges
from mmer.types.samples import Sizes

READOUTS = ("mean", "flatten")


class Relations(nn.Module):
    """One stream: graph attention layers over the landmarks of all moments, then one vector.

    Parameters
    ----------
    channels : int
        Features of a node.
    width, heads, layers : int
    dropout : float
    readout : str
    edges : int
        Edges within a moment.
    """

    def __init__(
        self, channels: int, width: int, heads: int, layers: int, dropout: float, readout: str, edges: int
    ) -> None:
        super().__init__()
        self.readout, self.edges = readout, edges
        self.layers = nn.ModuleList(
            GraphAttention(heads * width if i else channels, width, heads) for i in range(layers)
        )
        self.dropouts = nn.ModuleList(Dropout(dropout) for _ in range(layers))
        self.probes = nn.ModuleList(Probe("attention", "edges") for _ in range(layers))

    def forward(self, x: Tensor, weight: Tensor, graph: SharedEdges, over_time: TemporalEdges) -> Tensor:
        """Return (B, D) of ``x`` (B, T * N, channels) and ``weight`` of edges and self loops."""
        for layer, dropout, probe in zip(self.layers, self.dropouts, self.probes, strict=True):
            x, share = layer(x, weight, graph)
            probe(self._within(share, over_time))
            x = dropout(F.elu(x))
        return x.mean(1) if self.readout == "mean" else x.flatten(1)

    def _within(self, share: Tensor, over_time: TemporalEdges) -> Tensor:
        """Return the mean over moments of the shares of the edges within each, (B, E), of all shares (B, M + T * N)."""
        of = over_time.of.expand(len(share), -1)
        total = share.new_zeros(len(share), self.edges + 1).scatter_add(1, of, share[:, : of.shape[1]])
        return total[:, : self.edges] / over_time.frames


class LrGacn(nn.Module):
    """Graph attention over landmarks of a triplet of frames; a stream of their places, and one of flow around them.

    A node is a landmark in one frame. It attends to the landmarks that it is joined to in its frame (the experiment's
    edges, with the fold's weights) and to itself in the other frames. Both streams have the same graph; what they see
    is put together and classified. (A linear classifier of both is the sum of the scores of one for each.)

    =========================================  ===========  ==========
    layer (68 landmarks, 3 frames,             output       parameters
    2 + 242 features, 3 classes)
    =========================================  ===========  ==========
    places: attention, 8 heads, ELU, dropout   204 x 64            320
    places: attention, 8 heads, ELU, dropout   204 x 64          4,288
    places: mean over the nodes                64
    flow: attention, 8 heads, ELU, dropout     204 x 64         15,680
    flow: attention, 8 heads, ELU, dropout     204 x 64          4,288
    flow: mean over the nodes                  64
    classifier                                 3                   387
    sum                                                         24,963
    =========================================  ===========  ==========

    No published number of parameters was found. From the paper's abstract: two streams (landmark locations, patches of
    optical flow), a graph from a triplet of frames, graph attention, fusion. From memory, not checked: the triplet is
    onset, apex, offset; edges between spatial neighbours and between a landmark and itself in all three frames; patches
    of 10 x 10. Ours: the layers' widths (those of the graph attention paper), the readout, the training. There is no
    code to compare with, and the published 88 % on SAMM cannot be audited.

    The flow of a frame is that since onset: the first frame's patch is zero.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``graph`` (T, N, F), any T. For the triplet set ``moments: triplet`` and ``n_frames: 3`` of the
        nodes, and ``features: [position, flow_patch]``.
    split : int
        How many of a node's features, the first ones, are its place; 2: position, 4: position and displacement.
    width, heads, layers : int
        Channels of a head, heads and attention layers of each stream.
    reach : int or None
        How many moments apart a landmark is joined to itself; None: all.
    readout : str
        ``mean`` over the nodes, which are then exchangeable, or ``flatten``: all of them.
    dropout : float
        After every layer.

    Raises
    ------
    InputError
        There is no graph, a stream has no feature, or a value is out of its range.
    """

    streams = ("graph",)
    permutation_invariant = True  # with readout mean, the default

    def __init__(
        self,
        sizes: Sizes,
        split: int = 2,
        width: int = 8,
        heads: int = 8,
        layers: int = 2,
        reach: int | None = None,
        readout: str = "mean",
        dropout: float = 0.6,
    ) -> None:
        super().__init__()
        check_whole("lr_gacn", split=split, width=width, heads=heads, layers=layers)
        check_whole("lr_gacn", reach=1 if reach is None else reach)
        check_choice("lr_gacn", "readout", readout, READOUTS)
        frames, nodes, features = graph_shape("lr_gacn", sizes)
        self.sizes = branch_sizes("lr_gacn", features, split)
        self.over_time = TemporalEdges(sizes.edge_index, nodes, frames, reach or max(frames - 1, 1))
        self.graph = SharedEdges(self.over_time.edge_index.numpy(), frames * nodes)
        self.relations = nn.ModuleList(
            Relations(channels, width, heads, layers, dropout, readout, sizes.edge_index.shape[1])
            for channels in self.sizes
        )
        places = frames * nodes if readout == "flatten" else 1
        self.classifier = nn.Linear(len(self.sizes) * heads * width * places, sizes.n_classes)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, C) of ``batch["graph"]`` (B, T, N, F) with ``edge_weight`` (E,)."""
        x = batch["graph"].flatten(1, 2)
        weight = self.over_time.weight(edge_weight.to(x.dtype))
        weight = torch.cat([weight, weight.new_ones(x.shape[1])])
        parts = x.split(self.sizes, 2)
        seen = [
            stream(part, weight, self.graph, self.over_time) for stream, part in zip(self.relations, parts, strict=True)
        ]
        return self.classifier(torch.cat(seen, 1))
