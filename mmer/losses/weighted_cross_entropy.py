"""Cross-entropy in which every class of the fold counts the same."""

import torch.nn.functional as F
from torch import Tensor, nn

from mmer.losses.weighing import balanced, weighted_mean


class WeightedCrossEntropy(nn.Module):
    """Cross-entropy with class weights n / (K n_y), n_y being the fold's training clips of class y.

    Also called "balanced": scikit-learn's ``class_weight="balanced"`` is the same formula (King & Zeng, 2001, Political
    Analysis 9(2)). The sum is divided by the summed weights, so padding does not change it.

    Parameters
    ----------
    class_counts : Tensor of shape (K,)
        Training clips of every class. A class without a clip gets weight 0; training refuses such a fold before.
    """

    reweights = True
    class_weight: Tensor

    def __init__(self, class_counts: Tensor) -> None:
        super().__init__()
        self.register_buffer("class_weight", balanced(class_counts))

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
