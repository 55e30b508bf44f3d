"""Binary cross-entropy of action units, in which a rare unit's presence counts as much as its absence."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.losses.weighing import weighted_mean
from mmer.types.errors import InputError


class WeightedBce(nn.Module):
    """Mean binary cross-entropy over the annotated (clip, unit) pairs of a batch, presence weighted per unit.

    The weight of a present unit is absent / present, counted on the fold's training clips, so that clips with and
    without the unit sum to the same; kept within 1 / ``max_weight`` .. ``max_weight``, because a unit that three clips
    show would make each of them outweigh hundreds. Weighting by inverse frequency is that of King & Zeng (2001,
    Political Analysis 9(2)); it is torch's ``pos_weight``. Plain binary cross-entropy (Varanka et al., 2023, for the
    protocol CD6ME) is ``max_weight`` 1. Units that were not annotated take no part, and no gradient comes from them.

    Parameters
    ----------
    class_counts : Tensor of shape (A, 2)
        Annotated training clips without and with each unit. A unit without either gets weight 1.
    max_weight : float
        At least 1 and finite.

    Raises
    ------
    InputError
        The counts are of classes instead of units, or ``max_weight`` is out of its range.
    """

    detection = True
    reweights = True
    present_weight: Tensor

    def __init__(self, class_counts: Tensor, max_weight: float = 10.0) -> None:
        super().__init__()
        if class_counts.ndim != 2 or class_counts.shape[1] != 2:
            raise InputError(
                "the loss weighted_bce is for action unit detection, but the label scheme asks for one class per clip; "
                f"choose e.g. `cross_entropy` (it needs counts of shape (A, 2), got {tuple(class_counts.shape)})"
            )
        if not (math.isfinite(max_weight) and max_weight >= 1):
            raise InputError(f"weighted_bce: max_weight must be finite and at least 1, got {max_weight}")
        absent, present = class_counts.to(torch.float64).unbind(1)
        ratio = torch.where(absent + present > 0, absent / present, 1.0)  # x / 0 is inf, and then the greatest weight
        weight = ratio.clamp(1 / max_weight, max_weight)
        self.register_buffer("present_weight", weight.to(torch.get_default_dtype()))

    def forward(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Return the mean over the annotated pairs, weighted by their clips; 0 where there is none.

        Parameters
        ----------
        logits : Tensor of shape (B, A)
        target : Tensor of shape (B, A)
            1 present, 0 absent, NaN not annotated.
        weight : Tensor of shape (B,)
            Weight of every clip; 0 for padding.
        """
        known = ~target.isnan()
        truth = torch.where(known, target, 0).to(logits.dtype)  # before the logarithms: NaN times 0 is NaN
        losses = F.binary_cross_entropy_with_logits(logits, truth, reduction="none", pos_weight=self.present_weight)
        return weighted_mean(losses, weight[:, None] * known)
