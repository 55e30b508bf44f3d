"""Dropout, with or without ReLU before it, in one pass; the masks are those of ``mmer.models.dropout``."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mmer.models.kernels.compiled import drop, gate

TYPES = (torch.float32, torch.float64)


def fits(x: Tensor) -> bool:
    """Say whether the kernels take a tensor."""
    return x.device.type == "cpu" and x.dtype in TYPES and x.is_contiguous()


class Dropped(torch.autograd.Function):
    """Set elements to zero and scale the others; differentiable once.

    Called with x (K, ...), seed (K,), step (K,), or without K; under ``torch.func.vmap`` too. ``clips`` is the
    dimension of one fold that counts clips, ``least`` the smallest word that keeps an element, ``scale`` the factor of
    what is kept (numbers, or tensors like ``seed``), ``relu`` whether elements below zero are zero as well.
    """

    @staticmethod
    def forward(
        x: Tensor, seed: Tensor, step: Tensor, clips: int, least: int | Tensor, scale: float | Tensor, relu: bool
    ) -> Tensor:
        """Return a tensor like ``x``."""
        out, folds = torch.empty_like(x), seed.numel()
        how = (each(least, folds), each(scale, folds))
        drop(_view(x, seed, clips), *_keys(seed, step), *how, relu, _view(out, seed, clips))
        return out

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Tensor) -> None:
        """Keep what the gradient needs: with ReLU the output says which elements were kept, else the mask is remade."""
        _, seed, step, *how = inputs
        ctx.how, ctx.folds = how, seed.numel()
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
            rows = (value.detach().numpy().reshape(ctx.folds, -1) for value in (gradient, out, found))
            arrived, given, into = rows
            gate(arrived, given, each(scale, ctx.folds), into)
        else:
            found = Dropped.forward(gradient, *ctx.saved_tensors, clips, least, scale, False)
        return found, None, None, None, None, None, None

    @staticmethod
    def vmap(info: Any, dims: tuple, x: Tensor, seed: Tensor, step: Tensor, *how: Any) -> tuple[Tensor, int]:
        """Take all folds at once; the masks are those of their seeds."""
        x, seed, step, *how = (
            together(value, at, info.batch_size) for value, at in zip((x, seed, step, *how), dims, strict=True)
        )
        return Dropped.apply(x.contiguous(), seed, step, *how), 0


def together(value: Any, at: int | None, folds: int) -> Any:
    """Return a tensor with the dimension of folds in front, which was ``at`` or nowhere; other values as they are."""
    if not isinstance(value, Tensor):
        return value
    return value.expand(folds, *value.shape) if at is None else value.movedim(at, 0)


def each(value: float | Tensor, folds: int) -> np.ndarray:
    """Return the number of every fold, (K,), from one for all or a tensor of them."""
    return value.contiguous().numpy().reshape(-1) if isinstance(value, Tensor) else np.full(folds, value)


def _view(x: Tensor, seed: Tensor, clips: int) -> np.ndarray:
    """See a tensor as (K, what is before the clips, clips, what is behind them)."""
    shape = x.shape[seed.ndim :]
    clips %= len(shape)
    return x.detach().numpy().reshape(seed.numel(), int(np.prod(shape[:clips])), shape[clips], -1)


def _keys(seed: Tensor, step: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return seeds and steps, (K,) each."""
    return seed.contiguous().numpy().reshape(-1), step.contiguous().numpy().reshape(-1)
