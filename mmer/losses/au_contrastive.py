"""Supervised contrast by action units: clips that show the same units shall lie close together."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.losses.keys import check_flag, check_number
from mmer.losses.weighing import balanced, unweighted, weighted_mean


class AuContrastive(nn.Module):
    """(1 - share) cross-entropy + share contrast, over features of unit length.

    The contrast of clip i is the mean over the other clips j, weighted by their similarity s_ij, of
    -log(exp(f_i f_j / T) / sum over a other than i of exp(f_i f_a / T)). s_ij is the Jaccard index of the units that
    the clips show: units that both show, by units that either shows. Where one of the two is not annotated (SMIC), s_ij
    is 1 for clips of the same class and 0 for others: plain supervised contrast. A clip that is similar to no other of
    its batch takes no part in the contrast.

    Parameters
    ----------
    class_counts : Tensor of shape (K,)
        Training clips of every class.
    share : float
        Of the contrast in the loss, 0..1; 0 is (weighted) cross-entropy.
    temperature : float
        T above 0.
    weighted : bool
        Classes weigh n / (K n_y), in the cross-entropy and as anchors of the contrast.

    Raises
    ------
    InputError
        A key is out of its range.

    References
    ----------
    Khosla, Teterwak, Wang, et al. (2020). Supervised contrastive learning. NeurIPS, eq. 2. The weighting by units, T
    and the share are those of Ruan et al. (2022), Mimicking the annotation process for recognizing the micro
    expressions, ACM Multimedia. Changed: the features are the input of the classifier, as a loss has no projection of
    its own; clips without annotation; weighing of classes as anchors.
    """

    needs = ("features", "units")
    numbers = ("share", "temperature")
    class_weight: Tensor

    def __init__(
        self, class_counts: Tensor, share: float = 0.3, temperature: float = 0.1, weighted: bool = True
    ) -> None:
        super().__init__()
        check_number("au_contrastive", "share", share, 0, 1)
        check_number("au_contrastive", "temperature", temperature, 0, ends="(]")
        check_flag("au_contrastive", "weighted", weighted)
        self.share, self.temperature, self.reweights = share, temperature, weighted
        self.register_buffer("class_weight", (balanced if weighted else unweighted)(class_counts))

    def forward(self, logits: Tensor, target: Tensor, weight: Tensor, features: Tensor, units: Tensor) -> Tensor:
        """Return the weighted sum of both means over the batch.

        Parameters
        ----------
        logits : Tensor of shape (B, K)
        target : Tensor of shape (B,), int64
        weight : Tensor of shape (B,)
            Weight of every clip; 0 for padding, which is no one's neighbour.
        features : Tensor of shape (B, D)
            Input of the model's classifier.
        units : Tensor of shape (B, A)
            Annotated action units: 1 shown, 0 not, NaN not annotated.
        """
        row = weight * self.class_weight[target]
        entropy = weighted_mean(F.cross_entropy(logits, target, reduction="none"), row)
        real = (weight > 0).to(features.dtype)
        others = real[:, None] * real * (1 - torch.eye(len(weight), dtype=real.dtype, device=real.device))
        similarity = others * unit_similarity(units.to(features.dtype), target)
        unit_length = F.normalize(features, dim=1)
        closeness = unit_length @ unit_length.T / self.temperature
        # Finite instead of -inf: a clip without others would have a NaN gradient, in spite of its share 0.
        among = torch.logsumexp(torch.where(others > 0, closeness, -1e9), 1, keepdim=True)
        total = similarity.sum(1)
        contrast = (similarity * (among - closeness)).sum(1) / total.clamp_min(1e-12)
        return (1 - self.share) * entropy + self.share * weighted_mean(contrast, row * (total > 0))


def unit_similarity(units: Tensor, target: Tensor) -> Tensor:
    """Return how alike clips are, (B, B) in 0..1: Jaccard index of units, or equality of class; see the class above."""
    known = ~units.isnan()
    shown, known = torch.where(known, units, 0), known.to(units.dtype)
    both = shown @ shown.T
    either = shown @ known.T + known @ shown.T - both  # of the units that are annotated in both clips
    same_class = (target[:, None] == target).to(units.dtype)
    return torch.where(known @ known.T > 0, both / either.clamp_min(1), same_class)
