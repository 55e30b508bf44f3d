"""Balanced softmax: the softmax counts every class as often as the fold's training clips do."""

from torch import Tensor

from mmer.losses.logit_adjustment import LogitAdjustment


class BalancedSoftmax(LogitAdjustment):
    """Mean of -log(n_y e^z_y / sum_j n_j e^z_j), n_j being the fold's training clips of class j.

    The same as logit adjustment with tau 1, derived another way: from the label shift between training and a balanced
    test. It has no key.

    Parameters
    ----------
    class_counts : Tensor of shape (K,)
        Training clips of every class. A class without a clip takes no part.

    References
    ----------
    Ren, Yu, Sheng, Ma, Zhao, Yi, Li (2020). Balanced meta-softmax for long-tailed visual recognition. NeurIPS,
    theorem 1. Without the paper's meta-learned sampler, which needs many more clips.
    """

    def __init__(self, class_counts: Tensor) -> None:
        super().__init__(class_counts, tau=1.0)
