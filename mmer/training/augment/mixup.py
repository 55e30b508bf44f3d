"""Mixup: the mean of two clips, and of their losses (Zhang, Cisse, Dauphin, Lopez-Paz, mixup, ICLR 2018)."""

from dataclasses import replace

import torch
from scipy.special import betaincinv
from torch import Tensor

from mmer.training.presence import PREFIX
from mmer.training.stack import Batch


def drawn_share(draws: Tensor, alpha: float) -> Tensor:
    """Turn numbers drawn evenly from 0..1 into draws from Beta(alpha, alpha), by its inverse distribution function."""
    return torch.from_numpy(betaincinv(alpha, alpha, draws.numpy()))


def mix(batch: Batch, share: Tensor, turn: Tensor, sizes: Tensor) -> Batch:
    """Mix every clip with another of its member's batch: share * clip + (1 - share) * partner.

    As in the paper one share serves a whole batch of one member. Partners are the rows ``turn`` places further on,
    counted round the real rows; clips are shown in random order, so that is a random partner, and never the clip itself
    unless it is alone. Padding is its own partner. Where one of the two lacks a stream, the other's is taken as it is.

    Parameters
    ----------
    batch : Batch
        (K, B, ...), scaled.
    share : Tensor of shape (K,)
        0..1.
    turn : Tensor of shape (K,)
        Drawn evenly from 0..1.
    sizes : Tensor of shape (K,), int64
        Real rows of every member; they come first.

    Returns
    -------
    Batch
        With the partners' answers in ``partner``, for the loss. The answers stay the clips' own: the accuracy of the
        training curve is that of the mixed clips against these.
    """
    k, b = batch.weight.shape
    row = torch.arange(b, device=batch.weight.device).expand(k, b)
    sizes = sizes[:, None]
    step = 1 + (turn[:, None] * (sizes - 1)).long()
    partner = torch.where(row < sizes, (row + step) % sizes, row)
    flat = (partner + torch.arange(k, device=row.device)[:, None] * b).flatten()
    others = batch.map(lambda values: values.flatten(0, 1).index_select(0, flat).view(values.shape))
    streams = {}
    for name, values in batch.streams.items():
        own = share.view(-1, *[1] * (values.ndim - 1)).to(values.dtype)
        there = batch.streams.get(PREFIX + name)
        if name.startswith(PREFIX):
            streams[name] = torch.maximum(values, others.streams[name])
        elif there is None:
            streams[name] = own * values + (1 - own) * others.streams[name]
        else:
            streams[name] = _of_those_there(values, others.streams[name], own, there, others.streams[PREFIX + name])
    return replace(batch, streams=streams, partner=replace(others, streams={}), share=share.to(batch.weight.dtype))


def _of_those_there(values: Tensor, other: Tensor, own: Tensor, there: Tensor, other_there: Tensor) -> Tensor:
    """Mix (K, B, ...) where both are there, else take the one that is."""
    has, has_other = (part.view(*part.shape, *[1] * (values.ndim - 2)) > 0 for part in (there, other_there))
    mixed = own * values + (1 - own) * other
    return torch.where(has, torch.where(has_other, mixed, values), other)
