"""Dropout, with or without ReLU before it, in one pass; the masks are those of ``mmer.models.dropout``."""

from typing import Any

import numba
import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

I32 = np.int32
SPREAD, FIRST, SECOND = I32(0x9E3779B1 - 2**32), I32(0x21F0AAAD), I32(0x735A2D97)
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
        _drop(_view(x, seed, clips), *_keys(seed, step), I32(least), scale, relu, _view(out, seed, clips))
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


# numba widens int32 to int64 in every operation, so each is cut back; the compiler turns that into 32-bit operations.
@numba.njit(inline="always")
def _mix(word):
    word = I32(I32(word ^ (word >> I32(16))) * FIRST)
    return I32(I32(word ^ (word >> I32(15))) * SECOND)


@numba.njit(inline="always")
def keys(seed, step):
    """Return the two keys of the masks of a fold in a step."""
    first = _mix(I32(_mix(I32(I32(step) * SPREAD)) ^ I32(seed)))
    return first, _mix(I32(first ^ I32(seed >> 32)))


@numba.njit(inline="always")
def scrambled(element, first, second):
    """Return the word of an element, which decides whether it is kept."""
    word = I32(I32(element * SPREAD) + first)
    word = I32(I32(word ^ (word >> I32(16))) * FIRST)
    word = I32(word ^ second)
    return I32(I32(word ^ (word >> I32(15))) * SECOND)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _drop(x, seed, step, least, scale, relu, out):
    scale = x.dtype.type(scale)
    for k in range(x.shape[0]):
        first, second = keys(seed[k], step[k])
        for o in range(x.shape[1]):
            for c in range(x.shape[2]):
                start = I32((c * x.shape[1] + o) * x.shape[3])
                row, into = x[k, o, c], out[k, o, c]
                for i in range(row.size):
                    kept = (scrambled(I32(start + I32(i)), first, second) >= least) & ((not relu) | (row[i] > 0))
                    into[i] = row[i] * scale if kept else row[i] * 0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def gate(gradient, out, scale, found):
    """Pass the gradient where the output of ReLU and dropout is above zero; all of shape (n,)."""
    scale = gradient.dtype.type(scale)
    for i in range(out.size):
        found[i] = gradient[i] * scale if out[i] > 0 else gradient[i] * 0
