"""Graph fusion: each stream is a node beside the nodes of the face."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.dense_attention import DenseGat, adjacency_matrix
from mmer.models.dropout import Dropout
from mmer.models.fusion.widths import check_heads, check_widths
from mmer.models.graph_input import check_whole, graph_shape
from mmer.types.samples import Sizes


class GraphFusion(nn.Module):
    """Graph attention over the nodes of the face and one node for each stream, then a linear classifier.

    The nodes of the stream ``graph`` (action units or landmarks) keep their edges and the fold's weights; a stream's
    node starts from the features of its branch and is joined to every other node, both ways, with weight 1. A node that
    a clip lacks (all of the face's, where the face is absent) is nobody's neighbour and no part of the means.
    Layers: graph attention (``mmer.models.dense_attention.DenseGat``: Velickovic et al., 2018), ELU, dropout, and what
    went in is added. The classifier sees the mean of the face's nodes beside that of the streams' nodes, zeros where
    there is none.

    torch_geometric's ``DenseGATConv`` would do under ``torch.func.vmap`` as well, but knows edges without weights only;
    tests/models/test_fusion_layers.py compares the two where all weights are 1.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``graph`` where the face is fused.
    widths : dict of str to int
        Features of every stream.
    width : int
        Numbers of a node.
    heads : int
        They share the width.
    layers : int
    dropout : float
        After every layer.

    Raises
    ------
    InputError
        There is no graph, or a value is out of its range.
    """

    streams = ("graph",)
    reads_nulls = False

    def __init__(
        self,
        sizes: Sizes,
        widths: dict[str, int],
        width: int = 16,
        heads: int = 2,
        layers: int = 2,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        check_widths("graph_fusion", widths)
        check_whole("graph_fusion", width=width, heads=heads, layers=layers)
        check_heads("graph_fusion", width, heads)
        self.maps = nn.ModuleDict({name: nn.Linear(own, width) for name, own in widths.items()})
        self.nodes = 0
        if "face" in widths:
            frames, self.nodes, features = graph_shape("graph_fusion", sizes)
            self.start = nn.Linear(frames * features, width)
            self.register_buffer("edges", torch.from_numpy(sizes.edge_index.copy()), persistent=False)
        else:
            self.streams = ()
        names = (*(sizes.node_names if self.nodes else ()), *widths)
        self.layers = nn.ModuleList(DenseGat(width, width // heads, heads, names) for _ in range(layers))
        self.dropouts = nn.ModuleList(Dropout(dropout) for _ in range(layers))
        self.classifier = nn.Linear(2 * width if self.nodes else width, sizes.n_classes)

    def forward(
        self, features: dict[str, Tensor], there: dict[str, Tensor], batch: dict[str, Tensor], edge_weight: Tensor
    ) -> Tensor:
        """Return logits (B, C) of ``features`` (B, D) by stream and ``batch["graph"]`` (B, T, N, F)."""
        x = torch.stack([self.maps[name](values) for name, values in features.items()], 1)
        present = torch.stack([*there.values()], 1).to(x.dtype)
        if self.nodes:
            x = torch.cat([self.start(batch["graph"].transpose(1, 2).flatten(2)), x], 1)
            present = torch.cat([there["face"].to(x.dtype)[:, None].expand(-1, self.nodes), present], 1)
        # An absent stream's features are zeros, but the map adds its bias.
        x = x * present[..., None]
        adjacency = self._adjacency(edge_weight.to(x.dtype), x.shape[1]) * present[:, :, None] * present[:, None]
        for layer, dropout in zip(self.layers, self.dropouts, strict=True):
            x = x + dropout(F.elu(layer(x, adjacency)))
        parts = [(x[:, self.nodes :], present[:, self.nodes :])]
        if self.nodes:
            parts.insert(0, (x[:, : self.nodes], present[:, : self.nodes]))
        return self.classifier(torch.cat([_mean(*part) for part in parts], 1))

    def _adjacency(self, edge_weight: Tensor, nodes: int) -> Tensor:
        """Return the weights between all nodes (N + M, N + M), target before source."""
        joined = torch.ones(nodes, nodes, dtype=edge_weight.dtype, device=edge_weight.device)
        if not self.nodes:
            return joined
        face = adjacency_matrix(self.edges, edge_weight, self.nodes)
        above = torch.cat([face, joined[: self.nodes, self.nodes :]], 1)
        return torch.cat([above, joined[self.nodes :]], 0)


def _mean(x: Tensor, present: Tensor) -> Tensor:
    """Return the mean (B, width) over the nodes (B, n, width) that are present (B, n); 0 where none is."""
    return (x * present[..., None]).sum(1) / present.sum(1, keepdim=True).clamp_min(1)
