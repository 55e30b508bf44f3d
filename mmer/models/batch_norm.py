"""Batch normalisation that does not see the rows that pad a batch (Ioffe & Szegedy, 2015, ICML).

Folds differ in size, so a stack of folds has batches in which some rows are padding. A weight of 0 keeps them out of
the loss, but the mean and variance of torch's layer would still count them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class _MaskedBatchNorm(_BatchNorm):
    """Normalise by the mean and variance of the real rows of the batch.

    Parameters, running statistics and the saved state are those of torch's layer, and so is the computation while no
    mask is set or when evaluating.

    Parameters
    ----------
    num_features : int
        Channels.
    eps, momentum : float
        As torch has them; ``momentum`` must be a number.

    Attributes
    ----------
    mask : Tensor of shape (B,) or ()
        1 for a real row and 0 for padding, set by ``set_mask`` before each forward pass. Shape () stands for no
        padding. It is a buffer that is replaced, so it may have another length in every batch, and
        ``torch.func.stack_module_state`` gives it a fold dimension. It is not saved.
    """

    mask: Tensor

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, **factory: Any) -> None:
        super().__init__(num_features, eps, momentum, **factory)
        self.register_buffer("mask", torch.ones((), device=factory.get("device")), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` (B, C, ...) normalised per channel; the padded rows too, by the same numbers."""
        if not self.training or self.mask.dim() == 0:
            return super().forward(x)
        self._check_input_dim(x)
        within = tuple(range(2, x.dim()))
        wide = (slice(None), *[None] * len(within))  # (C,) -> (C, 1, 1)
        x = x.to(self.weight.dtype)  # another one in mixed precision, in which counts would not be exact
        mask = self.mask.to(x.dtype)
        # Sums within a clip first: the mask then weighs B x C numbers instead of the whole tensor.
        n = mask.sum() * x[0, 0].numel()
        some = n.clamp_min(1)
        mean = _weighed(mask, _sum(x, within)) / some
        centred = x - mean[wide]
        variance = _weighed(mask, _sum(centred.square(), within)) / some
        self.follow(mean.detach(), (variance * some / (some - 1).clamp_min(1)).detach(), n)
        scale = self.weight * (variance + self.eps).rsqrt()
        return torch.addcmul(self.bias[wide], centred, scale[wide])

    def follow(self, mean: Tensor, variance: Tensor, n: Tensor) -> None:
        """Move the running statistics; a batch of padding only moves nothing."""
        step = self.momentum * (n > 0).to(mean.dtype)
        self.running_mean.add_(step * (mean - self.running_mean))
        self.running_var.add_(step * (variance - self.running_var))
        self.num_batches_tracked.add_((n > 0).long())


def _weighed(mask: Tensor, sums: Tensor) -> Tensor:
    """Sum (B, C) over the real rows; a product of matrices would round its factors in mixed precision."""
    return (mask[:, None] * sums).sum(0)


def _sum(x: Tensor, within: tuple[int, ...]) -> Tensor:
    """Sum over the places within a clip: (B, C)."""
    return x.sum(within) if within else x


class BatchNorm1d(_MaskedBatchNorm, nn.BatchNorm1d):
    """``torch.nn.BatchNorm1d`` on (B, C) or (B, C, L) that ignores padded rows."""


class BatchNorm2d(_MaskedBatchNorm, nn.BatchNorm2d):
    """``torch.nn.BatchNorm2d`` on (B, C, H, W) that ignores padded rows."""


class BatchNorm3d(_MaskedBatchNorm, nn.BatchNorm3d):
    """``torch.nn.BatchNorm3d`` on (B, C, T, H, W) that ignores padded rows."""


def set_mask(model: nn.Module, mask: Tensor | None) -> None:
    """Tell every batch normalisation of a model which rows of the next batch are real.

    Parameters
    ----------
    model : nn.Module
    mask : Tensor of shape (B,), or None
        1 for a real row, 0 for padding; None where there is no padding, which is faster.
    """
    for layer in model.modules():
        if isinstance(layer, _MaskedBatchNorm):
            # A view for each: torch lists a buffer that two layers share only once.
            layer.mask = torch.ones((), device=layer.mask.device) if mask is None else mask.view_as(mask)


@contextmanager
def only_rows(model: nn.Module, there: Tensor) -> Iterator[None]:
    """Let no batch normalisation of a model count other rows, inside; what it was told of padding still holds.

    Parameters
    ----------
    model : nn.Module
        Part of a model whose clips may lack what this part reads.
    there : Tensor of shape (B,)
        1 for a row that counts, else 0.
    """
    layers = [layer for layer in model.modules() if isinstance(layer, _MaskedBatchNorm)]
    before = [layer.mask for layer in layers]
    try:
        for layer, mask in zip(layers, before, strict=True):
            layer.mask = mask * there
        yield
    finally:
        for layer, mask in zip(layers, before, strict=True):
            layer.mask = mask


def mask_names(model: nn.Module) -> tuple[str, ...]:
    """Name the mask buffers of a model, for a stack that passes its buffers by name."""
    layers = [name for name, layer in model.named_modules() if isinstance(layer, _MaskedBatchNorm)]
    return tuple(f"{name}.mask" if name else "mask" for name in layers)
