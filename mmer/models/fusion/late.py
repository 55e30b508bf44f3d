"""Late fusion: every stream votes by itself."""

import math

import torch
from torch import Tensor, nn

from mmer.models.fusion.widths import check_widths
from mmer.models.graph_input import check_choice
from mmer.types.samples import Sizes

WEIGHTS = ("equal", "entropy", "learned")
OVER = ("logits", "probabilities")


class Late(nn.Module):
    """A linear classifier for each stream; what they say is averaged over the streams that a clip has.

    ``p = sum over m of w_m p_m`` (Kittler, Hatef, Duin & Matas, On combining classifiers, 1998, IEEE TPAMI 20(3)), or
    the same of logits, which is the normalised product of the probabilities. What is said of a clip that has no stream
    is learned from such clips; where there were none, all classes are equally likely.

    Parameters
    ----------
    sizes : Sizes
    widths : dict of str to int
        Features of every stream.
    weights : str
        ``equal``. ``learned``: the softmax of one number per stream, over those that are present. ``entropy``: for each
        clip, how sure a stream is, ``1 - H(p_m) / log K``; no gradient goes through it, so that no stream can gain
        weight by being surer than it is right.
    over : str
        ``logits``, or ``probabilities``, for one class per clip.

    Raises
    ------
    InputError
        A value is none of these words.
    """

    reads_nulls = False

    def __init__(self, sizes: Sizes, widths: dict[str, int], weights: str = "equal", over: str = "logits") -> None:
        super().__init__()
        check_widths("late", widths)
        self.classifier = Votes(widths, sizes.n_classes, weights, over)
        self.classes_only = over == "probabilities" or weights == "entropy"

    def forward(
        self, features: dict[str, Tensor], there: dict[str, Tensor], batch: dict[str, Tensor], edge_weight: Tensor
    ) -> Tensor:
        """Return logits (B, C) of ``features`` (B, D) by stream."""
        return self.classifier(torch.cat([*features.values()], 1), torch.stack([*there.values()], 1))


class Votes(nn.Module):
    """A linear classifier for each part of the features, and the mean of what they say.

    Parameters
    ----------
    widths : dict of str to int
    classes : int
    weights, over : str
        See ``Late``.
    """

    def __init__(self, widths: dict[str, int], classes: int, weights: str, over: str) -> None:
        super().__init__()
        check_choice("late", "weights", weights, WEIGHTS)
        check_choice("late", "over", over, OVER)
        self.widths, self.weights, self.over = list(widths.values()), weights, over
        self.heads = nn.ModuleDict({name: nn.Linear(width, classes) for name, width in widths.items()})
        self.nothing = nn.Parameter(torch.zeros(classes))
        if weights == "learned":
            self.score = nn.Parameter(torch.zeros(len(widths)))

    def forward(self, features: Tensor, there: Tensor) -> Tensor:
        """Return logits (B, C) of ``features`` (B, sum of widths), side by side, and ``there`` (B, M)."""
        parts = features.split(self.widths, 1)
        logits = torch.stack([head(part) for head, part in zip(self.heads.values(), parts, strict=True)], 1)
        weight = self._weight(logits, there.to(logits.dtype))[..., None]
        if self.over == "logits":
            mean = (weight * logits).sum(1)
        else:
            p = (weight * logits.softmax(2)).sum(1)
            mean = p.clamp_min(torch.finfo(p.dtype).tiny).log()
        return torch.where(there.amax(1, keepdim=True) > 0, mean, self.nothing.to(mean.dtype))

    def _weight(self, logits: Tensor, there: Tensor) -> Tensor:
        """Return the share of every stream (B, M), 0 where it is absent."""
        if self.weights == "learned":
            raw = there * torch.exp(self.score - self.score.amax())
        elif self.weights == "entropy":
            log_p = logits.detach().log_softmax(2)
            sure = 1 + (log_p.exp() * log_p).sum(2) / math.log(logits.shape[2])
            raw = there * sure.clamp_min(1e-6)  # where nobody is sure, all count the same
        else:
            raw = there
        return raw / raw.sum(1, keepdim=True).clamp_min(torch.finfo(raw.dtype).tiny)
