"""MER-GCN: a 3D ConvNet whose features become action units, joined by a GCN (Lo, Xie, Shuai & Cheng, 2020, IEEE MIPR).

The preprint is arXiv 2004.08915.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_geometric.nn import GCNConv

from mmer.models.dropout import Dropout
from mmer.models.graph_input import check_choice, check_flag, check_whole, graph_shape
from mmer.models.positive import check_positive
from mmer.models.probe import Probe
from mmer.models.residual3d import Residual3d
from mmer.models.unit_detection import UnitFeatures, UnitHead, check_unit_weight, units_of_nodes
from mmer.models.video_input import VideoInput
from mmer.types.samples import Sizes

READOUTS = ("mean", "flatten")
SLOPE = 0.2


class MerGcn(nn.Module):
    """A residual 3D ConvNet, a linear layer per action unit, graph convolutions over the units, a classifier.

    The graph gives the names of the units and the fold's weights of their edges; what it says of a clip is not read
    unless told. MER-GCN follows ML-GCN (Chen et al., 2019, CVPR): ``H' = LeakyReLU(D W D H Theta)``. ``W[t, s]`` is the
    weight of the edge from unit s to unit t, 1 on the diagonal; ``D`` is the sum of all that leaves a unit to the power
    of -1/2: ``(A D)^T D`` with ``A[s, t] = W[t, s] = P(t | s)``. Its ``A``, binarised and re-weighted, is a choice of
    ``edges: au_probability``, fitted inside the fold; the publication does not say from which clips theirs is.

    The abstract was read, not the full text, and no code was released. From the abstract: 3D ConvNets, GCN over units,
    trained end to end. From ML-GCN and the authors of FGRL: the adjacency, its normalisation, the slope. Ours: the
    backbone is the 18-layer network of Hara et al., and every width, the readout, the dropout. Whether annotated units
    enter the loss is not known; the same authors call that new in their next paper (AU-GACN), so the default is no.

    ===================================  ==============  ==========
    layer (16 frames, 112 px, 12 units)  output          parameters
    ===================================  ==============  ==========
    convolution 7 x 7 x 7, norm          64, 16, 56, 56      22,080
    max pooling 3 x 3 x 3                64, 8, 28, 28
    stage 1, 2 blocks                    64, 8, 28, 28      442,880
    stage 2, 2 blocks                    128, 4, 14, 14   1,557,760
    stage 3, 2 blocks                    256, 2, 7, 7     6,228,480
    stage 4, 2 blocks                    512, 1, 4, 4    24,908,800
    mean over time and space             512
    linear layer of each unit            12, 64             393,984
    2 x graph convolution                12, 64               8,192
    mean of the nodes                    64
    linear                               3                      195
    sum                                                  33,562,371
    ===================================  ==============  ==========

    Nothing was published to compare it with.

    Parameters
    ----------
    sizes : Sizes
        Needs ``video`` (1, frames, size, size) and ``graph``, whose nodes are action units.
    frames, size : int
        Of the video.
    width, stages, blocks : int
        Of the backbone, see ``mmer.models.residual3d``.
    unit_width : int
        Features of a node.
    hidden : int
        Channels of every graph convolution.
    layers : int
        Number of graph convolutions.
    self_loop : float
        Weight of a unit for itself; ML-GCN's paper has 1 - p.
    readout : str
        ``mean`` or ``flatten``.
    node_features : bool
        Whether a node also gets what the graph says of it, T * F values.
    unit_weight : float
        Weight of the loss of detected units; 0: there is no such head.
    onset_off : bool
        See ``mmer.models.video_input``.
    dropout : float
        On the features of the clip.

    Raises
    ------
    InputError
        There is no such stream, a node is no action unit, or a value is out of its range.
    """

    streams = ("graph", "video")
    numbers = ("self_loop",)
    permutation_invariant = False  # every unit has a linear layer of its own

    def __init__(
        self,
        sizes: Sizes,
        frames: int = 16,
        size: int = 112,
        width: int = 64,
        stages: int = 4,
        blocks: int = 2,
        unit_width: int = 64,
        hidden: int = 64,
        layers: int = 2,
        self_loop: float = 1.0,
        readout: str = "mean",
        node_features: bool = False,
        unit_weight: float = 0.0,
        onset_off: bool = False,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        check_whole("mer_gcn", unit_width=unit_width, hidden=hidden, layers=layers)
        check_positive("mer_gcn", self_loop=self_loop)
        check_choice("mer_gcn", "readout", readout, READOUTS)
        check_flag("mer_gcn", node_features=node_features)
        check_unit_weight("mer_gcn", unit_weight)
        self.unit_names = units_of_nodes("mer_gcn", sizes)
        moments, nodes, features = graph_shape("mer_gcn", sizes)
        self.readout, self.node_features, self.unit_weight = readout, node_features, float(unit_weight)
        self.self_loop = float(self_loop)
        self.input = VideoInput("mer_gcn", sizes, frames, size, onset_off)
        self.backbone = Residual3d("mer_gcn", width, stages, blocks)
        self.dropout = Dropout(dropout)
        self.units = UnitFeatures(self.backbone.channels, nodes, unit_width)
        self.unit_head = UnitHead(nodes, unit_width) if unit_weight > 0 else None
        widths = [unit_width + moments * features * node_features, *[hidden] * layers]
        self.convolutions = nn.ModuleList(
            GCNConv(a, b, normalize=False, add_self_loops=False, bias=False) for a, b in pairwise(widths)
        )
        self.adjacency = Probe("adjacency", "edges")
        self.classifier = nn.Linear(hidden if readout == "mean" else hidden * nodes, sizes.n_classes)
        loops = torch.arange(nodes).expand(2, -1)
        self.register_buffer("edges", torch.cat([torch.from_numpy(sizes.edge_index), loops], 1), persistent=False)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, C) of ``batch["video"]`` (B, 1, T, H, W) with ``edge_weight`` (E,)."""
        x = self.units(self.dropout(self.backbone(self.input(batch["video"]))))
        if self.unit_head is not None:
            self.unit_head(x)  # read by the trainer
        if self.node_features:
            x = torch.cat([x, batch["graph"].transpose(1, 2).flatten(2)], 2)
        weight = self.normalised(edge_weight.to(x.dtype))
        self.adjacency(weight[: -len(self.unit_names)].expand(len(x), -1))
        for convolution in self.convolutions:
            x = F.leaky_relu(convolution(x, self.edges, weight), SLOPE)
        return self.classifier(x.mean(1) if self.readout == "mean" else x.flatten(1))

    def normalised(self, edge_weight: Tensor) -> Tensor:
        """Return the weights of the edges and of the self loops behind them, divided by degrees: (E + A,)."""
        loops = edge_weight.new_ones(len(self.unit_names)) * self.self_loop
        weight = torch.cat([edge_weight, loops])
        source, target = self.edges
        scale = loops.new_zeros(len(loops)).scatter_add(0, source, weight).rsqrt()
        return weight * scale.index_select(0, source) * scale.index_select(0, target)
