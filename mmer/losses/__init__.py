"""Losses: one unbiased loss per file. An nn.Module built from the class counts of the fold's training clips.

For one class per clip:

    __init__(class_counts, **yaml keys)             class_counts: Tensor (K,), the fold's training clips
    forward(logits, target, weight) -> scalar       logits (B, K), target (B,) int64, weight (B,) with 0 for padding

For action unit detection:

    detection = True                                class attribute; losses without it are of the first kind
    __init__(class_counts, **yaml keys)             class_counts: Tensor (A, 2), training clips without and with a unit
    forward(logits, target, weight) -> scalar       logits (B, A), target (B, A) float, NaN: not annotated

Either is a mean, 0 where nothing counts, so that padding and the scale of the weights change nothing. A loss of one
kind need not know the other: training refuses it by ``detection``. tests/contracts/test_loss.py checks every
conf/loss/*.yaml with batches of its kind.
"""
