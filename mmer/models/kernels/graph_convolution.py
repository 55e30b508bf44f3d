"""A graph convolution with ReLU and dropout, fold after fold: what a fold works on stays in the cache of the core."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mmer.models.kernels.compiled import I32, graph_backward, graph_forward


class GraphLayer(torch.autograd.Function):
    """dropout(relu(A X W' + b)) of K folds; differentiable once, and not by A.

    Called with x (K, N, B, C), adjacency (K, N, N), weight (K, D, C), bias (K, D), seed (K,), step (K,), the smallest
    word that ``mmer.models.dropout`` keeps, the factor of what is kept, and whether clips come before nodes in what is
    returned: (K, N, B, D) or (K, B, N, D). Beside it A X is returned, which only the gradient needs, where the product
    with A comes first. Products are those of SciPy's BLAS, which numba calls.
    """

    @staticmethod
    def forward(*inputs: Any) -> tuple[Tensor, Tensor]:
        """Return the layer's output, and what is kept for the gradient."""
        x, adjacency, weight, bias, seed, step, least, scale, turned = inputs
        folds, nodes, clips, channels = x.shape
        width = weight.shape[1]
        out = x.new_empty(folds, *((clips, nodes) if turned else (nodes, clips)), width)
        # The product with A costs as much as its channels are many: it comes before or after the map, by width.
        first = channels <= width
        collected = torch.empty_like(x) if first else x.new_empty(folds, 0, clips, channels)
        arrays = (value.detach().numpy() for value in (x, adjacency, weight, bias, seed, step))
        graph_forward(*arrays, I32(least), scale, turned, first, collected.numpy(), out.numpy())
        return out, collected

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple[Tensor, Tensor]) -> None:
        """Keep what the gradient needs."""
        x, adjacency, weight, *_, ctx.scale, ctx.turned = inputs
        out, collected = output
        ctx.mark_non_differentiable(collected)
        ctx.first = collected.shape[1] > 0
        ctx.save_for_backward(collected if ctx.first else x, adjacency, weight, out)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of x, weight and bias."""
        kept, adjacency, weight, out = ctx.saved_tensors
        wanted = ctx.needs_input_grad[0]
        found = torch.empty_like(kept) if wanted else kept.new_empty(0, *kept.shape[1:])
        of_weight, of_bias = torch.empty_like(weight), weight.new_empty(weight.shape[:2])
        arrays = (value.numpy() for value in (gradient.contiguous(), kept, adjacency, weight, out))
        graph_backward(*arrays, ctx.scale, ctx.turned, ctx.first, found.numpy(), of_weight.numpy(), of_bias.numpy())
        return (found if wanted else None, None, of_weight, of_bias, *[None] * 5)

    @staticmethod
    def vmap(info: Any, dims: tuple, *inputs: Any) -> tuple[tuple[Tensor, Tensor], tuple[int, int]]:
        """Take all folds at once, each of which comes as a stack of one."""
        tensors = (
            value.expand(info.batch_size, *value.shape) if at is None else value.movedim(at, 0)
            for value, at in zip(inputs[:6], dims, strict=False)
        )
        found = GraphLayer.apply(*(value.flatten(0, 1).contiguous() for value in tensors), *inputs[6:])
        return tuple(value.unsqueeze(1) for value in found), (0, 0)
