"""Class-balanced loss: a class weighs by the inverse of its effective number of clips."""

import torch.nn.functional as F
from torch import Tensor, nn

from mmer.losses.keys import check_number
from mmer.losses.weighing import effective_number, weighted_mean


class ClassBalanced(nn.Module):
    """Cross-entropy with class weights (1 - beta) / (1 - beta^n_y), scaled to sum K.

    Between plain cross-entropy (beta 0) and inverse frequency (beta towards 1). Micro-expression classes have tens of
    clips, so beta .9 to .99 lies in between; the paper's .9999 is inverse frequency here.

    Parameters
    ----------
    class_counts : Tensor of shape (K,)
        Training clips of every class. A class without a clip gets weight 0, and the others sum K.
    beta : float
        0 <= beta < 1.

    Raises
    ------
    InputError
        ``beta`` is out of its range.

    References
    ----------
    Cui, Jia, Lin, Song, Belongie (2019). Class-balanced loss based on effective number of samples. CVPR, section 4.1
    (softmax cross-entropy). Here the sum is divided by the summed weights instead of the number of clips, so
    that a batch of rare classes has no larger gradient.
    """

    reweights = True
    class_weight: Tensor

    def __init__(self, class_counts: Tensor, beta: float = 0.99) -> None:
        super().__init__()
        check_number("class_balanced", "beta", beta, 0, 1, "[)")
        self.register_buffer("class_weight", effective_number(class_counts, beta))

    def forward(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Return the weighted mean over the batch.

        Parameters
        ----------
        logits : Tensor of shape (B, K)
        target : Tensor of shape (B,), int64
        weight : Tensor of shape (B,)
            Weight of every clip; 0 for padding.
        """
        return weighted_mean(F.cross_entropy(logits, target, reduction="none"), weight * self.class_weight[target])
