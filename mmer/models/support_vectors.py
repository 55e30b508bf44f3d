"""A support vector machine on block means, whatever its kernel."""

from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.svm import SVC

from mmer.models.block_means import BlockMeans
from mmer.models.class_balance import CHOICES, clip_weight
from mmer.models.graph_input import check_choice
from mmer.models.positive import check_positive
from mmer.types.samples import Sizes


class SupportVectors:
    """scikit-learn's SVC (LIBSVM, one against one) on block means of motion.

    Probabilities are the softmax of the decision values: their order and their largest are the machine's own, their
    size is not calibrated. Platt's scaling would be, but it fits on an inner cross-validation that knows no subjects.

    Parameters
    ----------
    model : str
        Name of the model, for error messages.
    sizes : Sizes
    grid : int
    C : float
    class_weight : str
        ``balanced`` or ``none``.
    **kernel
        ``kernel`` and its parameters, as SVC takes them.
    """

    def __init__(self, model: str, sizes: Sizes, grid: int, C: float, class_weight: str, **kernel: Any) -> None:
        check_positive(model, C=C)
        check_choice(model, "class_weight", class_weight, CHOICES)
        self.n_classes = sizes.n_classes
        self.blocks = BlockMeans(model, sizes, grid)
        self.class_weight = class_weight
        # break_ties: the class of the largest decision value; otherwise a tie of votes goes to the first class
        self.machine = SVC(C=C, break_ties=True, decision_function_shape="ovr", **kernel)
        self.only: int | None = None  # where all training clips are of one class, there is nothing to separate

    def fit(self, streams: dict[str, np.ndarray], classes: np.ndarray, weight: np.ndarray, seed: int) -> None:
        """Fit on training clips; clips of weight 0 have no part. Nothing here is random, so ``seed`` is not used."""
        there = weight > 0
        x = self.blocks.fit(streams["flow"][there])
        classes = classes[there]
        self.only = int(classes[0]) if len(set(classes.tolist())) == 1 else None
        if self.only is None:
            self.machine.fit(x, classes, clip_weight(classes, weight[there], self.class_weight))

    def probabilities(self, streams: dict[str, np.ndarray]) -> np.ndarray:
        """Return (n, K), rows sum to 1; 0 for a class without a training clip."""
        x = self.blocks(streams["flow"])
        p = np.zeros((len(x), self.n_classes))
        if self.only is not None:
            p[:, self.only] = 1
            return p
        decision = self.machine.decision_function(x)
        if decision.ndim == 1:  # two classes: one value, positive for the second
            decision = np.stack([-decision / 2, decision / 2], 1)
        p[:, self.machine.classes_] = softmax(decision, 1)
        return p

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays that were fitted."""
        if self.only is not None:
            return {**self.blocks.state(), "only": np.array(self.only)}
        names = {"vectors": "support_vectors_", "rows": "support_", "dual": "dual_coef_", "intercept": "intercept_"}
        return {**self.blocks.state(), **{name: getattr(self.machine, key) for name, key in names.items()}}
