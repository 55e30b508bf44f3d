"""Logit adjustment after training: plain cross-entropy, and the class frequencies taken off the test logits."""

import torch
from torch import Tensor

from mmer.losses.cross_entropy import CrossEntropy
from mmer.losses.keys import check_number
from mmer.losses.weighing import ABSENT, log_prior


class LogitAdjustmentPosthoc(CrossEntropy):
    """Cross-entropy in training; test clips are decided by z - tau log pi.

    pi are the class frequencies of the fold's training clips, so nothing of the test clips is used. The model is the
    one of ``cross_entropy``, bit for bit; only its predictions differ.

    Parameters
    ----------
    class_counts : Tensor of shape (K,)
        Training clips of every class. A class without a clip is never predicted.
    tau : float
        At least 0; 0 is cross-entropy. 1 is right for the balanced error if the model's probabilities are; choosing it
        by test scores would be peeking.

    Raises
    ------
    InputError
        ``tau`` is out of its range.

    References
    ----------
    Menon, Jayasumana, Rawat, Jain, Veit, Kumar (2021). Long-tail learning via logit adjustment. ICLR, eq. 9.
    """

    reweights = True
    correction: Tensor

    def __init__(self, class_counts: Tensor, tau: float = 1.0) -> None:
        super().__init__(class_counts)
        check_number("logit_adjustment_posthoc", "tau", tau, 0)
        self.register_buffer("correction", torch.where(class_counts > 0, -tau * log_prior(class_counts), ABSENT))

    def decide(self, logits: Tensor) -> Tensor:
        """Return the adjusted logits (B, K) of test clips."""
        return logits + self.correction
