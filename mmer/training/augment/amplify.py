"""Amplification: the same expression, stronger or weaker."""

import math

import torch
from torch import Tensor

from mmer.training.augment.layout import Layout


def drawn_factor(draws: Tensor, low: float, high: float) -> Tensor:
    """Turn numbers drawn evenly from 0..1 into factors: half as much is as likely as twice as much."""
    return torch.exp(math.log(low) + (math.log(high) - math.log(low)) * draws)


def amplify(values: Tensor, layout: Layout, factor: Tensor) -> Tensor:
    """Multiply what is proportional to motion, and the change of positions since the first moment.

    Parameters
    ----------
    values : Tensor of shape (K, B, ...)
        A stream, in its own units.
    layout : Layout
    factor : Tensor of shape (K, B)
    """
    if layout.motion is None:
        return values
    more = (factor - 1).view(*factor.shape, *[1] * (values.ndim - 2)).to(values.dtype)
    change = values * layout.motion.to(values.dtype)
    if layout.since_start:
        columns = torch.tensor(layout.since_start, device=values.device)
        now = values.index_select(4, columns)
        change = change.index_copy(4, columns, now - now[:, :, :1])
    return values + more * change
