"""Temporal neighbours: a clip as it would be with a frame beside the apex in its place."""

import torch
from torch import Tensor


def chosen(values: Tensor, siblings: Tensor, draws: Tensor) -> Tensor:
    """Take every clip as itself or as one of its siblings, each equally likely.

    Siblings lie in the row of their clip, so wherever a clip is, they are: no split can part them.

    Parameters
    ----------
    values : Tensor of shape (K, B, ...)
    siblings : Tensor of shape (K, B, M, ...)
    draws : Tensor of shape (K, B)
        Drawn evenly from 0..1; the same for all streams of a clip.
    """
    whole = torch.cat([values.unsqueeze(2), siblings], 2)
    which = (draws * whole.shape[2]).long().view(*draws.shape, *[1] * (whole.ndim - 2))
    return whole.take_along_dim(which, 2).squeeze(2)
