"""Flip: the face in the mirror."""

import torch
from torch import Tensor


def flip(values: Tensor, order: Tensor, sign: Tensor, which: Tensor) -> Tensor:
    """Return the mirror image of some clips.

    It has the same numbers in other places, those that point sideways with the other sign, so twice is exactly once.

    Parameters
    ----------
    values : Tensor of shape (K, B, ...)
        A stream, in its own units.
    order, sign : Tensor of shape (E,)
        See ``mmer.training.augment.layout.Layout``.
    which : Tensor of shape (K, B), bool
    """
    image = values.flatten(2).index_select(2, order).mul_(sign.to(values.dtype)).view(values.shape)
    return torch.where(which.view(*which.shape, *[1] * (values.ndim - 2)), image, values)
