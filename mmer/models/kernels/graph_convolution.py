"""Graph convolutions with ReLU and dropout, fold after fold: what a fold works on stays in the cache of the core."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mmer.models.kernels.compiled import graph_backward, graph_forward
from mmer.models.kernels.dropout import each, together


class GraphLayers(torch.autograd.Function):
    """dropout(relu(A X W' + b)), layer after layer, of K folds; differentiable once, and not by A.

    Called with x (K, N, B, C), adjacency (K, N, N), of every layer the smallest word that ``mmer.models.dropout`` keeps
    and the factor of what is kept (numbers, or tensors (K,)), and then, each for all layers, weights (K, D, C), biases
    (K, D), seeds (K,) and steps (K,); if all nodes of a clip go into a classifier, at last its weight (K, M, N * D) and
    bias (K, M).

    Returned are the classifier's logits (K, B, M), or what the last layer gives, (K, B, N, D); and beside them what
    only the gradient needs: outputs of layers, (K, N, B, D) of all but the last, and of every layer A X, (K, N, B, C),
    where the product with A comes first, else nothing, (K, 0, B, C).

    Products are those of SciPy's BLAS, which numba calls.
    """

    @staticmethod
    def forward(*inputs: Any) -> tuple[Tensor, ...]:
        """Return the output of the last layer, and what is kept for the gradient."""
        x, adjacency, least, scale, *parts = inputs
        weights, biases, seeds, steps, head = _by_layer(parts, len(least))
        folds, nodes, clips, _ = x.shape
        outs = [x.new_empty(folds, nodes, clips, weight.shape[1]) for weight in weights]
        outs[-1] = outs[-1].view(folds, clips, nodes, -1)
        # The product with A costs as much as its channels are many: it comes before or after the map, by width.
        collected = [
            x.new_empty(folds, nodes if weight.shape[2] < weight.shape[1] else 0, clips, weight.shape[2])
            for weight in weights
        ]
        logits = x.new_empty(folds, clips, head[0].shape[1]) if head else x.new_empty(0, 0, 0)
        graph_forward(
            *_arrays(x, adjacency),
            *(_arrays(*group) for group in (weights, biases, seeds, steps)),
            _each(least, folds),
            _each(scale, folds),
            _head(head, x),
            _arrays(*collected),
            _arrays(*outs),
            *_arrays(logits),
        )
        return (logits, *outs, *collected) if head else (outs[-1], *outs[:-1], *collected)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple[Tensor, ...]) -> None:
        """Keep what the gradient needs."""
        x, adjacency, _, ctx.scale, *parts = inputs
        ctx.mark_non_differentiable(*output[1:])
        ctx.set_materialize_grads(False)
        layers = len(ctx.scale)
        weights, *_, head = _by_layer(parts, layers)
        outs = output[1 : layers + 1] if head else (*output[1:layers], output[0])
        ctx.save_for_backward(x, adjacency, *weights, *outs, *output[-layers:], *head)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: Any) -> tuple[Tensor | None, ...]:
        """Return the gradients of x, weights, biases and classifier."""
        x, adjacency, *saved = ctx.saved_tensors
        layers = len(ctx.scale)
        weights, outs, collected = (saved[start : start + layers] for start in range(0, 3 * layers, layers))
        head = saved[3 * layers :]
        found = torch.empty_like(x) if ctx.needs_input_grad[0] else x.new_empty(0, *x.shape[1:])
        of_weights = [torch.empty_like(weight) for weight in weights]
        of_biases = [weight.new_empty(weight.shape[:2]) for weight in weights]
        of_head = [torch.empty_like(value) for value in head]
        empty = x.new_empty(0, 0, 0)
        graph_backward(
            *_arrays(*((empty[..., None], gradient) if head else (gradient, empty)), x, adjacency),
            _arrays(*weights),
            _each(ctx.scale, len(x)),
            _head(head, x),
            _arrays(*collected),
            _arrays(*outs),
            *_arrays(found),
            _arrays(*of_weights),
            _arrays(*of_biases),
            _head(of_head, x),
        )
        first = found if ctx.needs_input_grad[0] else None
        return (first, None, None, None, *of_weights, *of_biases, *[None] * (2 * layers), *of_head)

    @staticmethod
    def vmap(info: Any, dims: tuple, *inputs: Any) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """Take all folds at once, each of which comes as a stack of one."""

        def whole(value: Any, at: int | None) -> Any:
            value = together(value, at, info.batch_size)
            return value.flatten(0, 1).contiguous() if isinstance(value, Tensor) else value

        def layers(values: tuple, at: tuple | None) -> tuple:
            return tuple(whole(*pair) for pair in zip(values, at or (None,) * len(values), strict=True))

        x, adjacency, least, scale, *parts = inputs
        found = GraphLayers.apply(
            *layers((x, adjacency), dims[:2]), layers(least, dims[2]), layers(scale, dims[3]), *layers(parts, dims[4:])
        )
        return tuple(value.unsqueeze(1) for value in found), (0,) * len(found)


def _by_layer(parts: list[Tensor], layers: int) -> list[list[Tensor]]:
    """Return weights, biases, seeds, steps and what there is of a classifier."""
    return [parts[start : start + layers] for start in range(0, 4 * layers, layers)] + [parts[4 * layers :]]


def _each(values: tuple, folds: int) -> np.ndarray:
    """Return the numbers of every layer and fold, (layers, K)."""
    return np.stack([each(value, folds) for value in values])


def _head(values: list[Tensor], x: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return weight and bias as arrays, empty ones where there is no classifier."""
    weight, bias = values or (x.new_empty(0, 0, 0), x.new_empty(0, 0))
    return weight.detach().numpy(), bias.detach().numpy()


def _arrays(*values: Tensor) -> tuple[np.ndarray, ...]:
    """See tensors as arrays."""
    return tuple(value.detach().contiguous().numpy() for value in values)
