"""Layers that take one fold or K stacked folds at once.

A layer of torch knows one weight matrix. In a stack every fold has its own, so a linear map of all folds is one batched
matrix product: the weight is (K, out, in) and the input (K, ..., in). Which of the two a layer is given, it sees from
its weight. A model whose layers are all of this kind says ``folded = True`` and is called with K folds as it is; others
are lifted by ``torch.func.vmap``, which costs more where operations are small.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.dropout import ReluDropout
from mmer.models.kernels.dropout import fits
from mmer.models.kernels.graph_convolution import GraphLayers


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
    return _Maps.apply(x.flatten(1, -2), weight, bias).view(*x.shape[:-1], -1)


class _Maps(torch.autograd.Function):
    """The linear maps of K folds: x (K, R, C) by weight (K, D, C), plus bias (K, D).

    The gradient of the weight is made as it lies in memory, (K, D, C). Autograd's own formula makes its transpose,
    which takes six times as long for a classifier: many C, few D.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Return (K, R, D)."""
        turned = weight.transpose(1, 2)
        return torch.bmm(x, turned) if bias is None else torch.baddbmm(bias[:, None], x, turned)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor | None], output: Tensor) -> None:
        """Keep what the gradient needs."""
        ctx.save_for_backward(*inputs[:2])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of x, weight and bias."""
        # Under autocast the map was of a narrower type than its inputs; so are its gradients, which autograd widens.
        x, weight = (value.to(gradient.dtype) for value in ctx.saved_tensors)
        needed = ctx.needs_input_grad
        return (
            torch.bmm(gradient, weight) if needed[0] else None,
            torch.bmm(gradient.transpose(1, 2), x) if needed[1] else None,
            gradient.sum(1) if needed[2] else None,
        )


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
        if self.in_channels < self.out_channels:
            return linear(_collect(x, adjacency), self.lin.weight, self.bias)
        return _collect(linear(x, self.lin.weight), adjacency) + self.bias[..., None, None, :]


def graph_layers(
    x: Tensor,
    adjacency: Tensor,
    convolutions: Sequence[GraphConvolution],
    dropouts: Sequence[ReluDropout],
    classifier: Linear | None = None,
) -> Tensor:
    """Return dropout(relu(convolution(x))) of layer after layer, of one fold or K, and of a classifier after them.

    Parameters
    ----------
    x : Tensor of shape (..., N, B, C)
    adjacency : Tensor of shape (..., N, N), or (..., B, N, N)
        Normalised; one for all clips, or for each.
    convolutions : sequence of GraphConvolution
    dropouts : sequence of ReluDropout
        After each of them.
    classifier : Linear, optional
        Of all nodes of a clip, side by side.

    Returns
    -------
    Tensor of shape (..., B, N, D), or with a classifier (..., B, M)
    """
    if classifier is not None and (type(classifier) is not Linear or classifier._forward_pre_hooks):
        # It is something else, or somebody looks at what goes into it.
        return classifier(graph_layers(x, adjacency, convolutions, dropouts).flatten(-2))
    x = x.contiguous()
    weights, biases = (
        [*values] for values in zip(*((part.lin.weight, part.bias) for part in convolutions), strict=True)
    )
    head = () if classifier is None else (classifier.weight, classifier.bias)
    shared = adjacency.ndim < x.ndim and not adjacency.requires_grad
    if not (
        shared and all(fits(value) and value.dtype == x.dtype for value in (x, adjacency, *weights, *biases, *head))
    ):
        for convolution, dropout in zip(convolutions, dropouts, strict=True):
            x = dropout(convolution(x, adjacency), clips=1)
        x = x.movedim(-3, -2)
        return x if classifier is None else classifier(x.flatten(-2))
    kept = tuple(zip(*(dropout.kept() for dropout in dropouts), strict=True))
    parts = (*weights, *biases, *(dropout.seed for dropout in dropouts), *(dropout.step for dropout in dropouts), *head)
    if weights[0].ndim > 2:
        return GraphLayers.apply(x, adjacency, *kept, *parts)[0]
    x, adjacency, *parts = (value.unsqueeze(0) for value in (x, adjacency, *parts))
    kept = (tuple(v.unsqueeze(0) if isinstance(v, Tensor) else v for v in values) for values in kept)
    return GraphLayers.apply(x, adjacency, *kept, *parts)[0].squeeze(0)


def _collect(x: Tensor, adjacency: Tensor) -> Tensor:
    """Sum over the neighbours of every node."""
    if adjacency.ndim == x.ndim:  # one for each clip
        return torch.matmul(adjacency, x.movedim(-2, -3)).movedim(-3, -2)
    return torch.matmul(adjacency, x.flatten(-2)).unflatten(-1, x.shape[-2:])
