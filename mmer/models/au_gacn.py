"""AU-GACN: a pseudo-3D ConvNet, action units as nodes, graph attention (Xie, Lo, Shuai & Cheng, 2020, ACM MM)."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from mmer.models.dense_attention import DenseGat, DenseSagPool, adjacency_matrix
from mmer.models.dropout import Dropout
from mmer.models.graph_input import check_flag, check_whole, graph_shape
from mmer.models.p3d import P3d
from mmer.models.positive import check_positive
from mmer.models.unit_detection import UnitFeatures, UnitHead, check_unit_weight, units_of_nodes
from mmer.models.video_input import VideoInput
from mmer.types.errors import InputError
from mmer.types.samples import Sizes


class AuGacn(nn.Module):
    """P3D-63; nodes from its features, which detect their units; graph attention, pooling; nodes and clip together.

    The graph gives the names of the units and the fold's weights of their edges; what it says of a clip is not read
    unless told. An edge's weight multiplies its share of the attention.

    The abstract, the survey's description and the tables the authors released were read, not the full text; no code was
    released. From these: pseudo-3D ConvNet, nodes of action units, relations learned between them, action units
    recognised beside the emotion (``unit_weight``). From memory: attention with self-attention pooling, and the pooled
    graph beside the clip's features. Ours: how the weights enter, all sizes of the graph part. The paper's other half,
    AU-ICGAN, which draws further training clips, is not here: their tables give what they score without it
    (``AU-GACN``), which is what this model stands beside.

    ===================================  ===============  ==========
    layer (16 frames, 160 px, 12 units)  output           parameters
    ===================================  ===============  ==========
    convolution 1 x 7 x 7, norm          64, 16, 80, 80        3,264
    max pooling 2 x 3 x 3                64, 8, 40, 40
    stage 1, 3 blocks, pooling           256, 4, 40, 40      253,056
    stage 2, 4 blocks, pooling           512, 2, 20, 20    1,417,216
    stage 3, 6 blocks, pooling           1024, 1, 10, 10   8,281,088
    stage 4, 3 blocks in space           2048, 5, 5       14,964,736
    mean over space                      2048
    linear layer of each unit            12, 64            1,573,632
    detection                            12                      780
    2 x attention, 4 heads of 16         12, 64                8,576
    pooling to 6 nodes, mean and max     128                     129
    linear of nodes and clip             3                     6,531
    sum                                                   26,509,008
    ===================================  ===============  ==========

    Nothing was published to compare it with.

    Parameters
    ----------
    sizes : Sizes
        Needs ``video`` (1, frames, size, size) and ``graph``, whose nodes are action units.
    frames, size : int
        Of the video.
    width : int
    stages : tuple of int
        Of the backbone, see ``mmer.models.p3d``.
    unit_width : int
        Features of a node.
    heads, head_width, layers : int
        Of the attention.
    kept : float
        Share of the nodes that the pooling keeps.
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
    permutation_invariant = False  # every unit has a linear layer of its own

    def __init__(
        self,
        sizes: Sizes,
        frames: int = 16,
        size: int = 160,
        width: int = 64,
        stages: tuple[int, ...] = (3, 4, 6, 3),
        unit_width: int = 64,
        heads: int = 4,
        head_width: int = 16,
        layers: int = 2,
        kept: float = 0.5,
        node_features: bool = False,
        unit_weight: float = 1.0,
        onset_off: bool = False,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        check_whole("au_gacn", unit_width=unit_width, heads=heads, head_width=head_width, layers=layers)
        check_positive("au_gacn", kept=kept)
        if kept > 1:
            raise InputError(f"au_gacn: kept is a share of the nodes, at most 1, got {kept}")
        check_flag("au_gacn", node_features=node_features)
        check_unit_weight("au_gacn", unit_weight)
        self.unit_names = units_of_nodes("au_gacn", sizes)
        moments, nodes, features = graph_shape("au_gacn", sizes)
        self.node_features, self.unit_weight = node_features, float(unit_weight)
        self.input = VideoInput("au_gacn", sizes, frames, size, onset_off)
        self.backbone = P3d("au_gacn", width, stages)
        self.dropout = Dropout(dropout)
        self.units = UnitFeatures(self.backbone.channels, nodes, unit_width)
        self.unit_head = UnitHead(nodes, unit_width) if unit_weight > 0 else None
        widths = [unit_width + moments * features * node_features, *[heads * head_width] * layers]
        self.attention = nn.ModuleList(DenseGat(a, head_width, heads) for a, _ in pairwise(widths))
        self.pool = DenseSagPool(widths[-1], nodes, kept)
        self.classifier = nn.Linear(2 * widths[-1] + self.backbone.channels, sizes.n_classes)
        self.register_buffer("edges", torch.from_numpy(sizes.edge_index.copy()), persistent=False)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, C) of ``batch["video"]`` (B, 1, T, H, W) with ``edge_weight`` (E,)."""
        clip = self.dropout(self.backbone(self.input(batch["video"])))
        x = self.units(clip)
        if self.unit_head is not None:
            self.unit_head(x)  # read by the trainer
        if self.node_features:
            x = torch.cat([x, batch["graph"].transpose(1, 2).flatten(2)], 2)
        adjacency = adjacency_matrix(self.edges, edge_weight.to(x.dtype), len(self.unit_names))
        for layer in self.attention:
            x = torch.relu(layer(x, adjacency))
        x = self.pool(x, adjacency)
        return self.classifier(torch.cat([x.mean(1), x.amax(1), clip], 1))
