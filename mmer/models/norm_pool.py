"""ReLU, batch normalisation and max pooling as one step."""

import torch
import torch.nn.functional as F
from torch import Tensor

from mmer.models.batch_norm import BatchNorm2d
from mmer.models.kernels.norm_pool import NormPool, fits


def relu_norm_pool(x: Tensor, norm: BatchNorm2d, size: int, padding: int) -> Tensor:
    """Return max_pool(norm(relu(x))) with windows that lie side by side.

    Parameters
    ----------
    x : Tensor of shape (B, C, H, W)
    norm : BatchNorm2d
        Its running statistics follow while it trains.
    size : int
        Edge of a window, and the way to the next one.
    padding : int

    Returns
    -------
    Tensor of shape (B, C, h, w)
    """
    if not (norm.training and fits(x)):
        return F.max_pool2d(norm(torch.relu(x)), size, size, padding)
    real = norm.mask.expand(len(x)) if norm.mask.ndim == 0 else norm.mask
    pooled, mean, variance, n = NormPool.apply(x, norm.weight, norm.bias, real, norm.eps, size, padding)
    norm.follow(mean, variance * n / (n - 1).clamp_min(1), n)
    return pooled
