"""LDAM with deferred re-weighting: rare classes must be right by a wider margin, and weigh more towards the end."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.losses.keys import check_number
from mmer.losses.weighing import effective_number, unweighted, weighted_mean


class Ldam(nn.Module):
    """Cross-entropy of logits whose true class is lowered by ``scale`` times a margin proportional to n_y^(-1/4).

    The paper's classifier is a cosine, and its loss is cross-entropy of 30 (cos - margin): logits within +-30 and a
    margin of up to 15. The models here give plain logits of a few units, which take the place of 30 cos and are not
    scaled, so that initial weights, learning rates and the softmax of test clips keep their meaning. A margin of 15
    would be out of their reach and the loss nearly linear, worse than plain cross-entropy; therefore ``scale``, the
    units of logits per unit of margin, is 1. A plain logit has no upper bound, so that a margin can also be won by
    growing weights: this LDAM is a weaker one than the paper's.

    In the last part of the epochs classes are weighed by their effective number of clips besides (DRW): from the start
    on, this would make the first features worse.

    Parameters
    ----------
    class_counts : Tensor of shape (K,)
        Training clips of every class.
    max_margin : float
        Margin of the rarest class, above 0.
    scale : float
        Units of logits per unit of margin, above 0; see above.
    start : float
        Share of the epochs, 0..1, after which classes are weighed; 1: never.
    beta : float
        Of the weights, 0 <= beta < 1; see ``class_balanced``.

    Raises
    ------
    InputError
        A key is out of its range.

    References
    ----------
    Cao, Wei, Gaidon, Arechiga, Ma (2019). Learning imbalanced datasets with label-distribution-aware margin loss.
    NeurIPS, "LDAM loss" and algorithm 1. Changed besides: the sum is divided by the summed weights.
    """

    numbers = ("start",)
    margin: Tensor
    early_weight: Tensor
    late_weight: Tensor
    progress: Tensor

    def __init__(
        self,
        class_counts: Tensor,
        max_margin: float = 0.5,
        scale: float = 1.0,
        start: float = 0.8,
        beta: float = 0.9999,
    ) -> None:
        super().__init__()
        check_number("ldam", "max_margin", max_margin, 0, ends="(]")
        check_number("ldam", "scale", scale, 0, ends="(]")
        check_number("ldam", "start", start, 0, 1)
        check_number("ldam", "beta", beta, 0, 1, "[)")
        self.start = start
        self.reweights = start < 1
        counts = class_counts.to(torch.float64)
        margin = (counts > 0) * counts.clamp_min(1) ** -0.25
        margin = scale * max_margin * margin / margin.amax().clamp_min(1e-12)
        self.register_buffer("margin", margin.to(torch.get_default_dtype()))
        self.register_buffer("early_weight", unweighted(class_counts))
        self.register_buffer("late_weight", effective_number(class_counts, beta))
        self.register_buffer("progress", torch.zeros(()))

    def forward(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Return the mean over the batch.

        Parameters
        ----------
        logits : Tensor of shape (B, K)
        target : Tensor of shape (B,), int64
        weight : Tensor of shape (B,)
            Weight of every clip; 0 for padding.
        """
        own = target[:, None] == torch.arange(logits.shape[1], device=logits.device)
        losses = F.cross_entropy(logits - own * self.margin, target, reduction="none")
        class_weight = torch.where(self.progress >= self.start, self.late_weight, self.early_weight)
        return weighted_mean(losses, weight * class_weight[target])
