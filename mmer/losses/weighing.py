"""How classes and clips are weighed: weights and priors from class counts, and the mean that every loss returns."""

import torch
from torch import Tensor

# Log prior of a class without a clip. Finite, because infinity times weight 0 is NaN; its exponential is 0.
ABSENT = -1e9


def weighted_mean(losses: Tensor, share: Tensor) -> Tensor:
    """Return the mean of ``losses`` weighted by ``share`` (same shape); 0 where all shares are 0."""
    return (losses * share).sum() / share.sum().clamp_min(1e-12)


def balanced(class_counts: Tensor) -> Tensor:
    """Return n / (K n_y) of each class (K,), 0 of a class without a clip: the classes then sum to the same."""
    counts = class_counts.to(torch.float64)
    weight = counts.sum() / (len(counts) * counts.clamp_min(1)) * (counts > 0)
    return weight.to(torch.get_default_dtype())


def unweighted(class_counts: Tensor) -> Tensor:
    """Return 1 of each class (K,), 0 of a class without a clip."""
    return (class_counts > 0).to(torch.get_default_dtype())


def effective_number(class_counts: Tensor, beta: float) -> Tensor:
    """Return (1 - beta) / (1 - beta^n_y) of each class, scaled to sum K; 0 of a class without a clip.

    Parameters
    ----------
    class_counts : Tensor of shape (K,)
    beta : float
        0 <= beta < 1: from every class alike to inverse frequency.

    References
    ----------
    Cui, Jia, Lin, Song, Belongie (2019). Class-balanced loss based on effective number of samples. CVPR, section 4.
    """
    counts = class_counts.to(torch.float64)
    # expm1 keeps the digits that 1 - beta^n loses when beta is near 1; log 0 = -inf is right for beta 0.
    number = -torch.expm1(counts.clamp_min(1) * torch.tensor(beta, dtype=torch.float64).log())
    weight = (counts > 0) / number
    return (weight * (len(counts) / weight.sum().clamp_min(1e-12))).to(torch.get_default_dtype())


def log_prior(class_counts: Tensor) -> Tensor:
    """Return the logarithm of each class's share of the clips (K,); ``ABSENT`` of a class without a clip."""
    counts = class_counts.to(torch.float64)
    share = (counts / counts.sum().clamp_min(1)).clamp_min(torch.finfo(torch.float64).tiny)
    return torch.where(counts > 0, share.log(), ABSENT).to(torch.get_default_dtype())
