"""The order in which a training shows its clips in an epoch."""

import torch
from torch import Tensor

from mmer.training.seeds import Key


def draw_order(key: Key, n: int, epoch: int, chances: Tensor | None = None) -> Tensor:
    """Return n rows: each of 0..n-1 once, or drawn with replacement where there are chances.

    Parameters
    ----------
    key : Key
        Names of the training; with the epoch all that the draw depends on.
    n : int
        Number of clips.
    epoch : int
    chances : Tensor of shape (n,), float64, optional
        Probability of each row in each draw.
    """
    generator = torch.Generator().manual_seed(key.derive("batches", epoch))
    if chances is None:
        return torch.randperm(n, generator=generator)
    return torch.multinomial(chances, n, replacement=True, generator=generator)
