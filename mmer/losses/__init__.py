"""Losses: one unbiased loss per file. An nn.Module built from the class counts of the fold's training clips.

For one class per clip:

    __init__(class_counts, **yaml keys)             class_counts: Tensor (K,), the fold's training clips
    forward(logits, target, weight) -> scalar       logits (B, K), target (B,) int64, weight (B,) with 0 for padding

For action unit detection:

    detection = True                                class attribute; losses without it are of the first kind
    __init__(class_counts, **yaml keys)             class_counts: Tensor (A, 2), training clips without and with a unit
    forward(logits, target, weight) -> scalar       logits (B, A), target (B, A) float, NaN: not annotated

Either is a mean, 0 where nothing counts, so that padding and the scale of the weights change nothing. A loss of one
kind need not know the other: training refuses it by ``detection``.

What only some losses have:

    reweights                   bool, False where it is missing: the loss corrects for the class frequencies. With a
                                sampler that does so too, rare classes are corrected for twice. May depend on a key,
                                so ask the object, not the class
    needs                       class attribute, names of what ``forward`` takes after ``weight``, in this order:
                                "features" (B, D), the input of the model's classifier; "units" (B, A), the action units
                                annotated for the batch's training clips (``Targets.action_units``; NaN: not annotated)
    numbers                     class attribute, names of attributes that are used in arithmetic only, never in an
                                ``if``: in a stack whose members differ in one it is a tensor. Losses that differ in
                                another number are not stacked together, which is only slower
    fit(targets)                called once, before the first step and before folds are stacked, with the Targets of the
                                fold's training clips; fills buffers
    progress                    scalar buffer, the share 0..1 of the epochs that is done; ``mmer.losses.progress`` sets
                                it. Losses without it are constant in time
    decide(logits) -> logits    what comes before the softmax when test clips are predicted; nothing where it is missing

Folds are stacked with ``torch.func``: what differs between folds or changes with time is a buffer, and no control flow
looks into a tensor. A class without a training clip weighs 0 where classes are weighed, and value and gradient stay
finite. tests/contracts/test_loss.py checks every conf/loss/*.yaml with batches of its kind.
"""
