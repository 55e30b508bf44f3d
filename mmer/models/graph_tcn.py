"""Graph-TCN: node and edge sequences of facial landmarks (Lei, Li, Chen & Li, 2020, ACM Multimedia, p. 2237)."""

import torch
from torch import Tensor, nn
from torch_geometric.nn import MessagePassing

from mmer.models.graph_input import check_choice, check_flag, check_whole, graph_shape
from mmer.models.tcn import Tcn
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

EDGES = ("consecutive", "graph")
READOUTS = ("flatten", "mean", "last")


class EdgeFeatures(MessagePassing):
    """A learned feature of every edge: a linear map of (source, target), times the weight of the edge.

    On consecutive nodes with weight 1 this is a convolution with kernel 2 along the node sequence.

    Parameters
    ----------
    channels : int
        Features of a node.
    width : int
        Features of an edge.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__(node_dim=-2)
        self.pair = nn.Linear(2 * channels, width)

    def forward(self, x: Tensor, edge_index: Tensor, edge_weight: Tensor) -> Tensor:
        """Return (B, E, width) of nodes ``x`` (B, N, channels)."""
        return self.edge_updater(edge_index, x=x, edge_weight=edge_weight)

    def edge_update(self, x_j: Tensor, x_i: Tensor, edge_weight: Tensor) -> Tensor:
        """Describe every edge by its source ``x_j`` and target ``x_i``, both (B, E, channels)."""
        return self.pair(torch.cat([x_j, x_i], -1)) * edge_weight.to(x_i.dtype)[:, None]


class GraphTcn(nn.Module):
    """A node channel and an edge channel, a TCN along each, put together and classified.

    =====================================  ============  ==========
    layer (28 nodes, 49 features,          output        parameters
    3 classes)
    =====================================  ============  ==========
    nodes: linear (kernel 1)               (B, 32, 28)        1,600
    nodes: TCN, 3 blocks of 2 x kernel 3   (B, 32, 28)       18,816
    edges: linear of pairs (kernel 2)      (B, 32, 27)        3,168
    edges: TCN, 3 blocks of 2 x kernel 3   (B, 32, 27)       18,816
    classifier of all nodes and edges      (B, 3)             5,283
    sum                                                      47,683
    =====================================  ============  ==========

    No published number of parameters was found. From the paper's abstract: a graph of facial landmarks, a channel of
    nodes and a channel of edges with a TCN block each, both put together and classified. From the survey and from code
    of the same authors: 28 landmarks with 7 x 7 patches of the shape representation of a learned magnification, from
    onset and apex. From memory, not checked: nodes come in with kernel 1 and edges with kernel 2. Ours: all widths, the
    number of blocks, the readout and the training. Each of them is an option.

    The sequence is the order of the nodes. Edge features are torch_geometric message passing; it has no TCN, so
    ``mmer.models.tcn`` is ours. A node has whatever features the graph has; the recipe ``graph_tcn_paper`` chooses
    those of the paper. Frames are features: node i sees its T * F values at once.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``graph`` (T, N, F) with at least two nodes.
    width : int
        Channels of both TCNs.
    blocks : int
        Residual blocks of each TCN.
    node_kernel, edge_kernel : int
        Kernel along the node and the edge sequence in the TCN; with 1 the elements of a sequence stay apart.
    edges : str
        ``consecutive``: edge i joins node i to node i + 1, and edge weights are not used. ``graph``: the edges of the
        samples with the fold's weights, in their order.
    causal : bool
        As in Bai et al.; false centres the kernels, since landmarks have no before and after.
    weight_norm : bool
        As in Bai et al.
    readout : str
        ``last`` element of the sequence (Bai et al.), ``mean`` over it, or ``flatten``: all of it.
    dropout : float

    Raises
    ------
    InputError
        There is no graph, it has too few nodes or edges, or a value is out of its range.
    """

    streams = ("graph",)
    permutation_invariant = False  # the nodes are a sequence

    def __init__(
        self,
        sizes: Sizes,
        width: int = 32,
        blocks: int = 3,
        node_kernel: int = 3,
        edge_kernel: int = 3,
        edges: str = "consecutive",
        causal: bool = True,
        weight_norm: bool = True,
        readout: str = "flatten",
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        check_whole("graph_tcn", width=width, blocks=blocks, node_kernel=node_kernel, edge_kernel=edge_kernel)
        check_choice("graph_tcn", "edges", edges, EDGES)
        check_choice("graph_tcn", "readout", readout, READOUTS)
        check_flag("graph_tcn", causal=causal, weight_norm=weight_norm)
        frames, nodes, features = graph_shape("graph_tcn", sizes)
        if nodes < 2:
            raise InputError(f"graph_tcn: needs at least two nodes, the graph has {nodes}; choose other `nodes`")
        self.edges, self.readout = edges, readout
        if edges == "graph":
            edge_index = torch.from_numpy(sizes.edge_index.copy())
            if edge_index.shape[1] == 0:
                raise InputError("graph_tcn: edges is 'graph', but the graph has no edge; choose an edge rule that has")
        else:
            edge_index = torch.stack([torch.arange(nodes - 1), torch.arange(1, nodes)])
        self.register_buffer("edge_index", edge_index, persistent=False)
        channels = frames * features
        self.node_features = nn.Linear(channels, width)
        self.edge_features = EdgeFeatures(channels, width)
        self.node_tcn = Tcn(width, blocks, node_kernel, dropout, causal, weight_norm)
        self.edge_tcn = Tcn(width, blocks, edge_kernel, dropout, causal, weight_norm)
        places = nodes + edge_index.shape[1] if readout == "flatten" else 2
        self.classifier = nn.Linear(width * places, sizes.n_classes)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, K) of ``batch["graph"]`` (B, T, N, F) with ``edge_weight`` (E,)."""
        x = batch["graph"].transpose(1, 2).flatten(2)
        if self.edges == "consecutive":
            edge_weight = x.new_ones(self.edge_index.shape[-1])
        along_nodes = self.node_tcn(self.node_features(x).transpose(1, 2))
        along_edges = self.edge_tcn(self.edge_features(x, self.edge_index, edge_weight).transpose(1, 2))
        return self.classifier(torch.cat([self._read(along_nodes), self._read(along_edges)], 1))

    def _read(self, sequence: Tensor) -> Tensor:
        """Turn a sequence (B, width, L) into one vector per clip."""
        if self.readout == "mean":
            return sequence.mean(2)
        return sequence[:, :, -1] if self.readout == "last" else sequence.flatten(1)
