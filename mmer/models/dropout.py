"""Dropout whose mask is computed from names and counts instead of drawn from a running generator.

A generator shared by stacked folds would give fold 7 another mask in a stack than alone. Here a mask is a hash of
(seed, step, element), so a fold has the same masks whatever is trained beside it.
"""

import hashlib

import torch
from torch import Tensor, nn

from mmer.types.errors import InputError

WORD = 0xFFFFFFFF
FACTOR = 0x45D9F3B


def _mix(word: Tensor) -> Tensor:
    """Scramble 32-bit words held in int64 (T. Mueller's integer hash; its products stay below 2^63)."""
    word = ((word >> 16) ^ word) * FACTOR & WORD
    word = ((word >> 16) ^ word) * FACTOR & WORD
    return (word >> 16) ^ word


class Dropout(nn.Module):
    """Set elements to zero with probability ``p`` and scale the others by 1 / (1 - p), while training.

    The only source of randomness of a model. ``seed`` and ``step`` are buffers: ``torch.func.stack_module_state`` gives
    them a fold dimension as it does to parameters, and the layer works under ``torch.func.vmap`` without its
    ``randomness`` argument. Layers of libraries run with their own dropout at 0.

    Parameters
    ----------
    p : float
        Probability of zero, 0 <= p < 1.

    Attributes
    ----------
    seed : Tensor of shape (), int64
        Set once per fold by ``seed_dropout``; differs between the layers of a model.
    step : Tensor of shape (), int64
        Number of the optimiser step, set by ``set_step`` before each forward pass.

    Raises
    ------
    InputError
        ``p`` is not in 0 <= p < 1.
    """

    seed: Tensor
    step: Tensor

    def __init__(self, p: float) -> None:
        super().__init__()
        if isinstance(p, bool) or not isinstance(p, int | float) or not 0 <= p < 1:
            raise InputError(f"dropout must be a number in 0 <= p < 1, got {p!r}")
        self.p = float(p)
        self.register_buffer("seed", torch.zeros((), dtype=torch.int64))
        self.register_buffer("step", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` with elements dropped; ``x`` itself when evaluating or when ``p`` is 0.

        An element is known by its place in ``x``, so padding must come after the real rows of a batch.
        """
        if not self.training or self.p == 0:
            return x
        low, high = self.seed & WORD, (self.seed >> 32) & WORD
        # Two keys, one before and one after the scrambling: with the first alone, every mask would be a stretch of the
        # same long sequence. A comparison looks at the high bits, so a product is enough at the end.
        first = _mix(low ^ _mix(self.step & WORD))
        second = _mix(high ^ _mix(first))
        element = torch.arange(x.numel(), device=x.device).view(x.shape)
        word = (_mix((element + first) & WORD) ^ second) * FACTOR & WORD
        return torch.where(word < int(self.p * 2**32), x.new_zeros(()), x / (1 - self.p))

    def extra_repr(self) -> str:
        """Show ``p`` when the model is printed."""
        return f"p={self.p}"


def seed_dropout(model: nn.Module, seed: int) -> None:
    """Give every dropout layer of a model a seed of its own, derived from ``seed`` and the layer's name."""
    for name, layer in model.named_modules():
        if isinstance(layer, Dropout):
            digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
            layer.seed.fill_(int.from_bytes(digest[:8], "big") >> 1)


def set_step(model: nn.Module, step: int) -> None:
    """Tell every dropout layer of a model which optimiser step comes next."""
    for layer in model.modules():
        if isinstance(layer, Dropout):
            layer.step.fill_(step)
