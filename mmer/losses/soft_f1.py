"""Soft F1: the score that is reported, made differentiable."""

import torch
from torch import Tensor, nn

from mmer.losses.keys import check_flag


class SoftF1(nn.Module):
    """1 minus the macro-F1 of a batch, with probabilities instead of decisions.

    For each class 1 - 2 sum(p t) / (sum(p^2) + sum(t^2)), t being 1 for clips of the class and 0 for others; averaged
    over the classes that the batch has. The F1 of a batch is no mean over clips: in a batch below 64 clips a class has
    a handful of them, the value is noisy, and its mean over batches is not the F1 of all clips. Use batches as large as
    memory allows.

    Parameters
    ----------
    class_counts : Tensor of shape (K,)
        Not used: F1 knows the frequencies from the batch.
    squared : bool
        ``true``: the Dice loss above. ``false``: p and t instead of their squares, the soft F1 proper; its gradient
        hardly tells a clip of p = .4 from one of p = .6. With certain predictions both are 1 - F1.

    Raises
    ------
    InputError
        ``squared`` is no truth value.

    References
    ----------
    Milletari, Navab, Ahmadi (2016). V-Net. 3DV, section 3 (Dice, squared). Changed: classes that the batch lacks take
    no part, instead of a constant that keeps 0 / 0 away; a false alarm for them costs the recall of the clip's own
    class.
    """

    def __init__(self, class_counts: Tensor, squared: bool = True) -> None:
        super().__init__()
        check_flag("soft_f1", "squared", squared)
        self.squared = squared

    def forward(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Return the mean over the classes of the batch.

        Parameters
        ----------
        logits : Tensor of shape (B, K)
        target : Tensor of shape (B,), int64
        weight : Tensor of shape (B,)
            Weight of every clip; 0 for padding.
        """
        share = (weight / weight.sum().clamp_min(1e-12))[:, None]
        p = torch.softmax(logits, 1)
        member = (target[:, None] == torch.arange(logits.shape[1], device=logits.device)).to(p.dtype)
        hits, truth = (share * p * member).sum(0), (share * member).sum(0)
        found = (share * (p * p if self.squared else p)).sum(0)
        there = (truth > 0).to(p.dtype)
        f1 = 2 * hits / (found + truth).clamp_min(1e-12)
        return (there * (1 - f1)).sum() / there.sum().clamp_min(1)
