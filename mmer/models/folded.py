"""Layers that take one fold or K stacked folds at once.

A layer of torch knows one weight matrix. In a stack every fold has its own, so a linear map of all folds is one batched
matrix product: the weight is (K, out, in) and the input (K, ..., in). Which of the two a layer is given, it sees from
its weight. A model whose layers are all of this kind says ``folded = True`` and is called with K folds as it is; others
are lifted by ``torch.func.vmap``, which costs more where operations are small.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.dropout import ReluDropout
from mmer.models.kernels.dropout import fits
from mmer.models.kernels.graph_convolution import GraphLayer


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Map the last dimension.

    Parameters
    ----------
    x : Tensor of shape (..., C), or (K, ..., C)
    weight : Tensor of shape (D, C), or (K, D, C)
    bias : Tensor of shape (D,), or (K, D), optional

    Returns
    -------
    Tensor of shape (..., D), or (K, ..., D)
    """
    if weight.ndim == 2:
        return F.linear(x, weight, bias)
    rows, turned = x.flatten(1, -2), weight.transpose(1, 2)
    y = torch.bmm(rows, turned) if bias is None else torch.baddbmm(bias[:, None], rows, turned)
    return y.view(*x.shape[:-1], -1)


class Linear(nn.Linear):
    """``torch.nn.Linear`` for one fold or K."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (..., D) of ``x`` (..., C)."""
        return linear(x, self.weight, self.bias)


def dense_adjacency(place: Tensor, edge_weight: Tensor, nodes: int) -> Tensor:
    """Return the symmetrically normalised adjacency with self loops (Kipf & Welling, 2017, ICLR).

    Parameters
    ----------
    place : Tensor of shape (E,), or (K, E), int64
        target * nodes + source of every edge: row = target, so that a node collects from its sources.
    edge_weight : Tensor of the same shape
    nodes : int

    Returns
    -------
    Tensor of shape (N, N), or (K, N, N)
    """
    flat = edge_weight.new_zeros(*edge_weight.shape[:-1], nodes**2).scatter_add(-1, place, edge_weight)
    loops = torch.eye(nodes, dtype=flat.dtype, device=flat.device)
    adjacency = flat.unflatten(-1, (nodes, nodes)) * (1 - loops) + loops
    scale = adjacency.sum(-1).clamp(min=1).rsqrt()
    return scale[..., None] * adjacency * scale[..., None, :]


class GraphConvolution(nn.Module):
    """Graph convolution on a fixed dense graph, for one fold or K: A X W + b.

    Equal to ``torch_geometric.nn.DenseGCNConv`` and started like it. Activations have the nodes first, (N, B, C), so
    that the product with A is one of two matrices (N, N) and (N, B C) instead of one per clip.

    Parameters
    ----------
    in_channels, out_channels : int
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.in_channels, self.out_channels = in_channels, out_channels
        self.lin = nn.Linear(in_channels, out_channels, bias=False)
        nn.init.xavier_uniform_(self.lin.weight)
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """Return (..., N, B, D) of nodes ``x`` (..., N, B, C) and ``adjacency`` (..., N, N) or (..., B, N, N)."""
        # The product with A costs as much as its channels are many: it comes before or after the map, by width.
        if self.in_channels <= self.out_channels:
            return linear(_collect(x, adjacency), self.lin.weight, self.bias)
        return _collect(linear(x, self.lin.weight), adjacency) + self.bias[..., None, None, :]


def graph_layer(
    x: Tensor, adjacency: Tensor, convolution: GraphConvolution, dropout: ReluDropout, clips_first: bool = False
) -> Tensor:
    """Return dropout(relu(convolution(x))), of one fold or K.

    Parameters
    ----------
    x : Tensor of shape (..., N, B, C)
    adjacency : Tensor of shape (..., N, N), or (..., B, N, N)
        Normalised; one for all clips, or for each.
    convolution : GraphConvolution
    dropout : ReluDropout
    clips_first : bool
        Whether the result has clips before nodes.

    Returns
    -------
    Tensor of shape (..., N, B, D), or (..., B, N, D)
    """
    x, weight, bias = x.contiguous(), convolution.lin.weight, convolution.bias
    shared = adjacency.ndim < x.ndim and not adjacency.requires_grad
    if not (shared and fits(x) and fits(weight) and fits(bias) and fits(adjacency)):
        y = dropout(convolution(x, adjacency), clips=1)
        return y.movedim(-3, -2) if clips_first else y
    inputs = (x, adjacency, weight, bias, dropout.seed, dropout.step)
    alone = weight.ndim == 2
    y, _ = GraphLayer.apply(*(value.unsqueeze(0) if alone else value for value in inputs), *dropout.kept(), clips_first)
    return y.squeeze(0) if alone else y


def _collect(x: Tensor, adjacency: Tensor) -> Tensor:
    """Sum over the neighbours of every node."""
    if adjacency.ndim == x.ndim:  # one for each clip
        return torch.matmul(adjacency, x.movedim(-2, -3)).movedim(-3, -2)
    return torch.matmul(adjacency, x.flatten(-2)).unflatten(-1, x.shape[-2:])
