"""Tell a loss how far the training is."""

from torch import nn


def set_progress(loss: nn.Module, value: float) -> None:
    """Set the buffer ``progress`` of a loss that changes with time; do nothing to others.

    Parameters
    ----------
    loss : nn.Module
    value : float
        Share of the epochs that is done, 0..1: in epoch e of E (from 0) it is e / E. Of stacked folds, fill the stacked
        buffer ``progress`` instead.
    """
    if "progress" in dict(loss.named_buffers(recurse=False)):
        loss.get_buffer("progress").fill_(value)
