"""A graph convolution with ReLU and dropout, fold after fold: what a fold works on stays in the cache of the core."""

from typing import Any

import numba
import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mmer.models.kernels.dropout import I32, keys, scrambled


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
        _forward(*arrays, I32(least), scale, turned, first, collected.numpy(), out.numpy())
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
        _backward(*arrays, ctx.scale, ctx.turned, ctx.first, found.numpy(), of_weight.numpy(), of_bias.numpy())
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


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _forward(x, adjacency, weight, bias, seed, step, least, scale, turned, first, collected, out):
    folds, nodes, clips, channels = x.shape
    width = weight.shape[1]
    scale = x.dtype.type(scale)
    mapped = np.empty((nodes * clips, width), x.dtype)
    spread = np.empty((nodes, clips * width), x.dtype)
    for k in range(folds):
        if first:
            np.dot(adjacency[k], x[k].reshape(nodes, clips * channels), collected[k].reshape(nodes, clips * channels))
            np.dot(collected[k].reshape(nodes * clips, channels), weight[k].T, mapped)
            found = mapped
        else:
            np.dot(x[k].reshape(nodes * clips, channels), weight[k].T, mapped)
            np.dot(adjacency[k], mapped.reshape(nodes, clips * width), spread)
            found = spread.reshape(nodes * clips, width)
        low, high = keys(seed[k], step[k])
        for n in range(nodes):
            for c in range(clips):
                start = I32((c * nodes + n) * width)  # see mmer.models.dropout: clips count first
                row, added = found[n * clips + c], bias[k]
                into = out[k, c, n] if turned else out[k, n, c]
                for i in range(width):
                    value = row[i] + added[i]
                    kept = (scrambled(I32(start + I32(i)), low, high) >= least) & (value > 0)
                    into[i] = value * scale if kept else value * 0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _backward(gradient, kept, adjacency, weight, out, scale, turned, first, found, of_weight, of_bias):
    folds, nodes, clips, channels = kept.shape
    width = weight.shape[1]
    scale = gradient.dtype.type(scale)
    inner = np.empty((nodes * clips, width), gradient.dtype)
    spread = np.empty((nodes * clips, channels if first else width), gradient.dtype)
    for k in range(folds):
        total = of_bias[k]
        total[:] = 0
        for n in range(nodes):
            for c in range(clips):
                row = inner[n * clips + c]
                above = gradient[k, c, n] if turned else gradient[k, n, c]
                value = out[k, c, n] if turned else out[k, n, c]
                for i in range(width):
                    row[i] = above[i] * scale if value[i] > 0 else above[i] * 0
                for i in range(width):
                    total[i] += row[i]
        own = kept[k].reshape(nodes * clips, channels)
        if first:
            np.dot(inner.T, own, of_weight[k])
            if len(found):
                np.dot(inner, weight[k], spread)
                shape = (nodes, clips * channels)
                np.dot(adjacency[k].T, spread.reshape(shape), found[k].reshape(shape))
        else:
            shape = (nodes, clips * width)
            np.dot(adjacency[k].T, inner.reshape(shape), spread.reshape(shape))
            np.dot(spread.T, own, of_weight[k])
            if len(found):
                np.dot(spread, weight[k], found[k].reshape(nodes * clips, channels))
