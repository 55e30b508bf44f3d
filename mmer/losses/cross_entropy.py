"""Plain cross-entropy: every clip counts the same, so a rare class hardly counts."""

import torch.nn.functional as F
from torch import Tensor, nn

from mmer.losses.weighing import weighted_mean


class CrossEntropy(nn.Module):
    """Mean negative log-likelihood over the clips of a batch. Here to be compared with.

    Parameters
    ----------
    class_counts : Tensor of shape (K,)
        Not used.
    """

    def __init__(self, class_counts: Tensor) -> None:
        super().__init__()

    def forward(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Return the mean over the batch.

        Parameters
        ----------
        logits : Tensor of shape (B, K)
        target : Tensor of shape (B,), int64
        weight : Tensor of shape (B,)
            Weight of every clip; 0 for padding.
        """
        return weighted_mean(F.cross_entropy(logits, target, reduction="none"), weight)
