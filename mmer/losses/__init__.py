"""Losses: one unbiased loss per file. An nn.Module built from the class counts of the fold's training clips.

    __init__(class_counts, **yaml keys)             class_counts: Tensor (K,), the fold's training clips
    forward(logits, target, weight) -> scalar       logits (B, K), target (B,) int64, weight (B,) with 0 for padding

tests/contracts/test_loss.py checks every conf/loss/*.yaml.
"""
