"""ReLU, batch normalisation and max pooling in three passes over memory: two forward, one backward."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mmer.models.kernels.compiled_images import channel_moments, pool_normalised, pool_normalised_backward, pooled_sums
from mmer.models.kernels.dropout import TYPES


def fits(x: Tensor) -> bool:
    """Say whether the kernel takes images: those (B, C, H, W) that have the channels of a pixel side by side."""
    if x.device.type != "cpu" or x.dtype not in TYPES or x.ndim != 4:
        return False
    channels, height, width = x.shape[1:]
    return x.stride() == (height * width * channels, 1, width * channels, channels)


class NormPool(torch.autograd.Function):
    """max_pool(batch_norm(relu(x))) with the statistics of the batch; differentiable once.

    Called with x (B, C, H, W), see ``fits``, weight and bias (C,), the rows that are real (B,), eps, size (and stride)
    and padding of the windows. Beside the pooled images it returns mean and variance of the batch, and how many numbers
    of a channel they are of. A window's number is chosen before the normalisation is carried out, which keeps or turns
    the order of a channel's numbers; the normalised images are never made.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, real: Tensor, *how: Any) -> tuple[Tensor, ...]:
        """Return (B, C, h, w) with the layout of ``x``, mean (C,), variance (C,) and n ()."""
        eps, size, padding = how
        pixels = _pixels(x.detach())
        rows, channels, height, width = x.shape
        mean, variance = x.new_empty(2, channels)
        real = real.detach().to(x.dtype).contiguous()
        n = channel_moments(pixels, real.numpy(), mean.numpy(), variance.numpy())
        inverse = (variance + eps).rsqrt()
        scale = weight.detach() * inverse
        shift = bias.detach() - mean * scale
        edges = ((length + 2 * padding - size) // size + 1 for length in (height, width))
        out = x.new_empty(rows, *edges, channels)
        picked, chosen = torch.empty_like(out), torch.empty(out.shape, dtype=torch.int32)
        arrays = (value.numpy() for value in (out, chosen, picked))
        pool_normalised(pixels, scale.numpy(), shift.numpy(), size, padding, *arrays)
        ctx.save_for_backward(x, real, mean, inverse, scale, chosen, picked)
        ctx.how = (n, size, padding)
        count = torch.tensor(n)
        ctx.mark_non_differentiable(mean, variance, count)
        return out.permute(0, 3, 1, 2), mean, variance, count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, above: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of x, weight and bias."""
        x, *kept = ctx.saved_tensors
        real, mean, inverse, scale, chosen, picked = (value.detach().numpy() for value in kept)
        given = above.permute(0, 2, 3, 1).contiguous().numpy()
        found = torch.empty_like(x)  # with the same layout
        of_weight, of_bias = torch.empty_like(kept[1]), torch.empty_like(kept[1])
        sums = (of_weight.numpy(), of_bias.numpy())
        flat = (len(given), -1, given.shape[-1])
        pooled_sums(given.reshape(flat), picked.reshape(flat), mean, inverse, *sums)
        arrays = (given, _pixels(x), chosen, real, mean, scale, *ctx.how, inverse, *sums)
        pool_normalised_backward(*arrays, _pixels(found))
        return found, of_weight, of_bias, *[None] * 4


def _pixels(x: Tensor) -> np.ndarray:
    """See images as (B, H, W * C), which is how they lie in memory."""
    return x.permute(0, 2, 3, 1).flatten(2).numpy()
