"""Kernel ridge regression on block means of motion: a baseline that a network has to beat."""

import numpy as np
from sklearn.kernel_ridge import KernelRidge as Regression

from mmer.models.block_means import BlockMeans
from mmer.models.class_balance import CHOICES, clip_weight
from mmer.models.graph_input import check_choice
from mmer.models.positive import check_positive
from mmer.types.samples import Sizes

KERNELS = ("linear", "rbf")


class KernelRidge:
    """Ridge regression on the membership (0 or 1) of every class, in the space of a kernel.

    After Saunders, Gammerman & Vovk, Ridge regression learning algorithm in dual variables, ICML 1998. The regression
    is on what differs from the weighted share of each class, so that far from all training clips the shares are
    predicted. Its values estimate P(class | clip) and sum to 1; probabilities are the values, those below 0 set to 0,
    over their sum. The largest stays the largest.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``flow`` (C, H, W).
    grid : int
        Motion is averaged over grid x grid blocks.
    alpha : float
        Ridge: a clip's weight over alpha is what its squared error costs.
    kernel : str
        ``rbf`` or ``linear``.
    gamma : float
        Of the RBF kernel exp(-gamma d^2); d^2 of two training clips is 2 in the mean.
    class_weight : str
        ``balanced``: every class of the fold's training clips counts the same; ``none``: every clip does.

    Raises
    ------
    InputError
        There is no motion, or a value is out of its range.
    """

    streams = ("flow",)
    classical = True

    def __init__(
        self,
        sizes: Sizes,
        grid: int = 8,
        alpha: float = 0.1,
        kernel: str = "rbf",
        gamma: float = 1.0,
        class_weight: str = "balanced",
    ) -> None:
        check_positive("kernel_ridge", alpha=alpha, gamma=gamma)
        check_choice("kernel_ridge", "kernel", kernel, KERNELS)
        check_choice("kernel_ridge", "class_weight", class_weight, CHOICES)
        self.n_classes = sizes.n_classes
        self.blocks = BlockMeans("kernel_ridge", sizes, grid)
        self.class_weight = class_weight
        self.regression = Regression(alpha=alpha, kernel=kernel, gamma=gamma)
        self.share = np.zeros(sizes.n_classes)

    def fit(self, streams: dict[str, np.ndarray], classes: np.ndarray, weight: np.ndarray, seed: int) -> None:
        """Fit on training clips; clips of weight 0 have no part. Nothing here is random, so ``seed`` is not used."""
        there = weight > 0
        classes = classes[there]
        weight = clip_weight(classes, weight[there], self.class_weight)
        member = np.eye(self.n_classes)[classes]
        self.share = weight @ member / weight.sum()
        self.regression.fit(self.blocks.fit(streams["flow"][there]), member - self.share, weight)

    def probabilities(self, streams: dict[str, np.ndarray]) -> np.ndarray:
        """Return (n, K), rows sum to 1; 0 for a class without a training clip."""
        values = self.share + self.regression.predict(self.blocks(streams["flow"]))
        p = values.clip(0)
        return p / p.sum(1, keepdims=True)

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays that were fitted."""
        fitted = {"share": self.share, "dual": self.regression.dual_coef_, "clips": self.regression.X_fit_}
        return {**self.blocks.state(), **fitted}
