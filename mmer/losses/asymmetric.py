"""Asymmetric loss of action units: the many easy absences fade, the few presences stay."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.losses.keys import check_number
from mmer.losses.weighing import weighted_mean


class Asymmetric(nn.Module):
    """Mean over the annotated (clip, unit) pairs of a focal loss that treats presence and absence differently.

    Present: -(1 - p)^gamma_present log p. Absent: -q^gamma_absent log(1 - q) with q = max(p - margin, 0), so that an
    absence of which the model is sure beyond the margin has no gradient at all. Units that were not annotated take no
    part. No class counts are used, so it may be combined with a sampler.

    Parameters
    ----------
    class_counts : Tensor of shape (A, 2)
        Not used.
    gamma_present, gamma_absent : float
        Focusing, at least 0. Both 0 and ``margin`` 0 is binary cross-entropy.
    margin : float
        Probability, 0 <= margin < 1.

    Raises
    ------
    InputError
        A key is out of its range.

    References
    ----------
    Ridnik, Ben-Baruch, Zamir, Noy, Friedman, Protter, Zelnik-Manor (2021). Asymmetric loss for multi-label
    classification. ICCV, eq. 4 to 7. Changed: a mean instead of a sum.
    """

    detection = True
    numbers = ("gamma_present", "gamma_absent")  # not the margin: the formula is another where it is 0

    def __init__(
        self, class_counts: Tensor, gamma_present: float = 0.0, gamma_absent: float = 4.0, margin: float = 0.05
    ) -> None:
        super().__init__()
        check_number("asymmetric", "gamma_present", gamma_present, 0)
        check_number("asymmetric", "gamma_absent", gamma_absent, 0)
        check_number("asymmetric", "margin", margin, 0, 1, "[)")
        self.gamma_present, self.gamma_absent, self.margin = gamma_present, gamma_absent, margin

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
        truth = torch.where(known, target, 0).to(logits.dtype)  # NaN times 0 is NaN
        p, miss = torch.sigmoid(logits), torch.sigmoid(-logits)  # 1 - p would lose the digits of a small rest
        if self.margin == 0:
            log_absent = F.logsigmoid(-logits)  # the form below has no finite value at p = 1
        else:
            log_absent = (miss + self.margin).clamp_max(1).log()
        # Away from 0: the slope of a power below 1 is infinite there, and times 0 it would be NaN.
        present = miss.clamp_min(1e-12) ** self.gamma_present * F.logsigmoid(logits)
        absent = (p - self.margin).clamp_min(1e-12) ** self.gamma_absent * log_absent
        return weighted_mean(-(truth * present + (1 - truth) * absent), weight[:, None] * known)
