"""Logit adjustment while training: the model must beat the class frequencies instead of learning them."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.losses.keys import check_number
from mmer.losses.weighing import ABSENT, log_prior, weighted_mean


class LogitAdjustment(nn.Module):
    """Cross-entropy of z + tau log pi, pi being the class frequencies of the fold's training clips.

    With tau 1 it is consistent for the balanced error, 1 - UAR: the best classifier under this loss is the one of
    highest unweighted average recall. So leave tau at 1; choosing it by test scores would be peeking. Test clips are
    predicted from the plain logits z.

    Parameters
    ----------
    class_counts : Tensor of shape (K,)
        Training clips of every class. A class without a clip takes no part, and ``decide`` rules it out: nothing has
        ever moved its logit.
    tau : float
        At least 0; 0 is cross-entropy.

    Raises
    ------
    InputError
        ``tau`` is out of its range.

    References
    ----------
    Menon, Jayasumana, Rawat, Jain, Veit, Kumar (2021). Long-tail learning via logit adjustment. ICLR, eq. 10.
    """

    reweights = True
    adjustment: Tensor
    present: Tensor

    def __init__(self, class_counts: Tensor, tau: float = 1.0) -> None:
        super().__init__()
        check_number("logit_adjustment", "tau", tau, 0)
        self.register_buffer("adjustment", tau * log_prior(class_counts))
        self.register_buffer("present", (class_counts > 0).to(torch.get_default_dtype()))

    def forward(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Return the mean over the batch.

        Parameters
        ----------
        logits : Tensor of shape (B, K)
        target : Tensor of shape (B,), int64
        weight : Tensor of shape (B,)
            Weight of every clip; 0 for padding.
        """
        losses = F.cross_entropy(logits + self.adjustment, target, reduction="none")
        return weighted_mean(losses, weight * self.present[target])

    def decide(self, logits: Tensor) -> Tensor:
        """Return the logits (B, K) of test clips, a class without training clips out of reach."""
        return logits + ABSENT * (1 - self.present)
