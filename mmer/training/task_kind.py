"""What differs between naming a clip's class and detecting its action units: how logits are read."""

import torch
from torch import Tensor


def probabilities(logits: Tensor, detection: bool) -> Tensor:
    """Turn logits into probabilities: over the classes (B, K), rows sum to 1; or of each unit's presence (B, A)."""
    return torch.sigmoid(logits) if detection else torch.softmax(logits, -1)


def right(logits: Tensor, answer: Tensor, detection: bool) -> Tensor:
    """Say how far each clip is right, (..., B): 1 or 0; in detection the share of its annotated units.

    Parameters
    ----------
    logits : Tensor of shape (..., B, K)
    answer : Tensor
        See ``mmer.types.targets.Targets.answer``.
    detection : bool
    """
    if not detection:
        return (logits.argmax(-1) == answer).to(logits.dtype)
    known = ~answer.isnan()
    hits = ((logits > 0) == (answer > 0.5)) & known
    return hits.sum(-1) / known.sum(-1).clamp_min(1)
