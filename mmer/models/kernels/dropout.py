"""Dropout, with or without ReLU before it, in one pass; the masks are those of ``mmer.models.dropout``."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mmer.models.kernels.compiled import I32, drop, gate

TYPES = (torch.float32, torch.float64)


def fits(x: Tensor) -> bool:
    """Say whether the kernels take a tensor."""
    return x.device.type == "cpu" and x.dtype in TYPES and x.is_contiguous()


class Dropped(torch.autograd.Function):
    """Set elements to zero and scale the others; differentiable once.

    Called with x (K, ...), seed (K,), step (K,), or without K; under ``torch.func.vmap`` too. ``clips`` is the
    dimension of one fold that counts clips, ``least`` the smallest word that keeps an element, ``relu`` whether
    elements below zero are zero as well.
    """

    @staticmethod
    def forward(x: Tensor, seed: Tensor, step: Tensor, clips: int, least: int, scale: float, relu: bool) -> Tensor:
        """Return a tensor like ``x``."""
        out = torch.empty_like(x)
        drop(_view(x, seed, clips), *_keys(seed, step), I32(least), scale, relu, _view(out, seed, clips))
        return out

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Tensor) -> None:
        """Keep what the gradient needs: with ReLU the output says which elements were kept, else the mask is remade."""
        _, seed, step, *how = inputs
        ctx.how = how
        ctx.save_for_backward(*((output,) if how[-1] else (seed, step)))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradient of ``x``."""
        clips, least, scale, relu = ctx.how
        gradient = gradient.contiguous()
        if relu:
            (out,) = ctx.saved_tensors
            found = torch.empty_like(gradient)
            gate(gradient.detach().numpy().reshape(-1), out.numpy().reshape(-1), scale, found.numpy().reshape(-1))
        else:
            found = Dropped.forward(gradient, *ctx.saved_tensors, clips, least, scale, False)
        return found, None, None, None, None, None, None

    @staticmethod
    def vmap(info: Any, dims: tuple, x: Tensor, seed: Tensor, step: Tensor, *how: Any) -> tuple[Tensor, int]:
        """Take all folds at once; the masks are those of their seeds."""
        x, seed, step = (
            value.expand(info.batch_size, *value.shape) if at is None else value.movedim(at, 0)
            for value, at in zip((x, seed, step), dims, strict=False)
        )
        return Dropped.apply(x.contiguous(), seed, step, *how), 0


def _view(x: Tensor, seed: Tensor, clips: int) -> np.ndarray:
    """See a tensor as (K, what is before the clips, clips, what is behind them)."""
    shape = x.shape[seed.ndim :]
    clips %= len(shape)
    return x.detach().numpy().reshape(seed.numel(), int(np.prod(shape[:clips])), shape[clips], -1)


def _keys(seed: Tensor, step: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return seeds and steps, (K,) each."""
    return seed.contiguous().numpy().reshape(-1), step.contiguous().numpy().reshape(-1)
