"""Soft labels from action units: a clip is asked to be as ambiguous as the units it shows."""

import numpy as np
import torch
from torch import Tensor, nn

from mmer.losses.keys import check_flag, check_number
from mmer.losses.weighing import balanced, log_prior, unweighted, weighted_mean
from mmer.types.errors import InputError
from mmer.types.targets import Targets


class AuSoftLabels(nn.Module):
    """Cross-entropy with the target (1 - share) on the class and share P(class | annotated units).

    In CASME II the same units lead to different classes: AU 4 to disgust and others, AU 14 to repression and happiness.
    P is the naive Bayes classifier (``BernoulliNB(alpha=1)`` of scikit-learn) fitted on the fold's training clips, as
    in the baseline ``au_prior``: a unit that a clip is not annotated for takes no part, nor does a unit that every
    training clip shows, or none. A clip without annotation (SMIC) keeps its hard label. The units of test clips are
    never used.

    Parameters
    ----------
    class_counts : Tensor of shape (K,)
        Training clips of every class.
    share : float
        Of the units in the label, 0..1. 0 is (weighted) cross-entropy.
    weighted : bool
        Each class's term weighs n / (K n_y). A soft label is weighed in each of its parts, which makes P the one of a
        balanced training set.

    Raises
    ------
    InputError
        A key is out of its range; in ``fit``, that no training clip has annotated units.

    References
    ----------
    Soft targets as in Szegedy et al. (2016), CVPR, section 7, with P(class | units) in place of the uniform
    distribution. No published loss is followed; the share is a choice, not tuned.
    """

    needs = ("units",)
    numbers = ("share",)
    class_weight: Tensor
    log_prior: Tensor
    log_shown: Tensor
    log_hidden: Tensor

    def __init__(self, class_counts: Tensor, share: float = 0.3, weighted: bool = True) -> None:
        super().__init__()
        check_number("au_soft_labels", "share", share, 0, 1)
        check_flag("au_soft_labels", "weighted", weighted)
        self.share, self.reweights = share, weighted
        self.register_buffer("class_weight", (balanced if weighted else unweighted)(class_counts))
        self.register_buffer("log_prior", log_prior(class_counts))

    def fit(self, targets: Targets) -> None:
        """Count how often the training clips of each class show each unit.

        Parameters
        ----------
        targets : Targets
            Of the fold's training clips; the clips that the class counts are of.

        Raises
        ------
        InputError
            No clip has annotated action units.
        """
        units = targets.action_units
        known, shown = np.isfinite(units), units == 1
        if not known.any():
            raise InputError(
                "au_soft_labels: no training clip has annotated action units, so there are no soft labels; choose "
                "another loss, e.g. `label_smoothing`, or corpora that annotate action units"
            )
        member = np.eye(len(targets.classes))[targets.index]
        varies = shown.any(0) & (known & ~shown).any(0)
        share = (member.T @ shown + 1) / (member.T @ known + 2)
        for name, value in (("log_shown", np.log(share)), ("log_hidden", np.log1p(-share))):
            buffer = torch.from_numpy(np.where(varies, value, 0)).to(self.log_prior)
            self.register_buffer(name, buffer)

    def soft_labels(self, units: Tensor) -> Tensor:
        """Return P(class | units), (B, K), of annotated units (B, A): 1 shown, 0 not, NaN not annotated."""
        known = ~units.isnan()
        shown = (known & (units == 1)).to(self.log_prior.dtype)
        hidden = (known & (units != 1)).to(self.log_prior.dtype)
        evidence = shown @ self.log_shown.T + hidden @ self.log_hidden.T
        return torch.softmax(evidence + self.log_prior, 1)

    def forward(self, logits: Tensor, target: Tensor, weight: Tensor, units: Tensor) -> Tensor:
        """Return the mean over the batch.

        Parameters
        ----------
        logits : Tensor of shape (B, K)
        target : Tensor of shape (B,), int64
        weight : Tensor of shape (B,)
            Weight of every clip; 0 for padding.
        units : Tensor of shape (B, A)
            Annotated action units: 1 shown, 0 not, NaN not annotated.
        """
        hard = (target[:, None] == torch.arange(logits.shape[1], device=logits.device)).to(logits.dtype)
        share = self.share * (~units.isnan()).any(1, keepdim=True)
        label = (1 - share) * hard + share * self.soft_labels(units)
        share_of_class = weight[:, None] * (self.class_weight[target] > 0)[:, None] * self.class_weight * label
        return weighted_mean(-torch.log_softmax(logits, 1), share_of_class)
