"""Focal loss: clips that are already recognised count less."""

import torch
from torch import Tensor, nn

from mmer.losses.keys import check_choice, check_number
from mmer.losses.weighing import balanced, unweighted, weighted_mean

ALPHA = ("none", "balanced")


class Focal(nn.Module):
    """Mean of -alpha_y (1 - p_y)^gamma log p_y.

    Parameters
    ----------
    class_counts : Tensor of shape (K,)
        Training clips of every class.
    gamma : float
        At least 0; 0 is cross-entropy.
    alpha : str
        ``none``: focusing alone, the paper's formula without alpha. ``balanced``: alpha_y = n / (K n_y).

    Raises
    ------
    InputError
        A key is out of its range.

    References
    ----------
    Lin, Goyal, Girshick, He, Dollar (2017). Focal loss for dense object detection. ICCV, eq. 4 and 5. The paper has
    two classes and a sigmoid; this is the usual form for K classes with a softmax. The sum is divided by the summed
    alpha instead of the number of objects, as in weighted cross-entropy.
    """

    numbers = ("gamma",)
    class_weight: Tensor

    def __init__(self, class_counts: Tensor, gamma: float = 2.0, alpha: str = "none") -> None:
        super().__init__()
        check_number("focal", "gamma", gamma, 0)
        check_choice("focal", "alpha", alpha, ALPHA)
        self.gamma = gamma
        self.reweights = alpha == "balanced"
        self.register_buffer("class_weight", (balanced if self.reweights else unweighted)(class_counts))

    def forward(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Return the mean over the batch.

        Parameters
        ----------
        logits : Tensor of shape (B, K)
        target : Tensor of shape (B,), int64
        weight : Tensor of shape (B,)
            Weight of every clip; 0 for padding.
        """
        log_p = torch.log_softmax(logits, 1).gather(1, target[:, None])[:, 0]
        # Where p is 1, the slope of a power below 1 is infinite, and times 0 it would be NaN.
        miss = (-torch.expm1(log_p)).clamp_min(1e-12)
        return weighted_mean(-(miss**self.gamma) * log_p, weight * self.class_weight[target])
