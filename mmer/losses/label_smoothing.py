"""Cross-entropy with smoothed labels: no clip is asked to be certain."""

import torch
from torch import Tensor, nn

from mmer.losses.keys import check_flag, check_number
from mmer.losses.weighing import balanced, unweighted, weighted_mean


class LabelSmoothing(nn.Module):
    """Cross-entropy with the target (1 - epsilon) on the class and epsilon / K on every class.

    Parameters
    ----------
    class_counts : Tensor of shape (K,)
        Training clips of every class.
    epsilon : float
        0 <= epsilon < 1; 0 is (weighted) cross-entropy.
    weighted : bool
        Each class's term weighs n / (K n_y), in the label and in what is spread: torch's ``F.cross_entropy`` with
        ``weight`` and ``label_smoothing``.

    Raises
    ------
    InputError
        A key is out of its range.

    References
    ----------
    Szegedy, Vanhoucke, Ioffe, Shlens, Wojna (2016). Rethinking the Inception architecture for computer vision. CVPR,
    section 7. With weights and epsilon .1 it is the loss of Ruan et al. (2022), ACM Multimedia.
    """

    numbers = ("epsilon",)
    class_weight: Tensor

    def __init__(self, class_counts: Tensor, epsilon: float = 0.1, weighted: bool = True) -> None:
        super().__init__()
        check_number("label_smoothing", "epsilon", epsilon, 0, 1, "[)")
        check_flag("label_smoothing", "weighted", weighted)
        self.epsilon = epsilon
        self.reweights = weighted
        self.register_buffer("class_weight", (balanced if weighted else unweighted)(class_counts))

    def forward(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Return the mean over the batch.

        Parameters
        ----------
        logits : Tensor of shape (B, K)
        target : Tensor of shape (B,), int64
        weight : Tensor of shape (B,)
            Weight of every clip; 0 for padding.
        """
        surprise = -torch.log_softmax(logits, 1)
        own = self.class_weight[target]
        spread = (surprise * self.class_weight).mean(1) / own.clamp_min(1e-12)
        losses = (1 - self.epsilon) * surprise.gather(1, target[:, None])[:, 0] + self.epsilon * spread
        return weighted_mean(losses, weight * own)
