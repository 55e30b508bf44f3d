"""Recipe: how a model is trained. Its fields are keys of conf/model/*.yaml, beside those of the model."""

import math
from dataclasses import dataclass

from mmer.types.errors import InputError, nearest

OPTIMIZERS = ("adam", "adamw", "sgd")
STANDARDISE = ("feature", "node", "none")


@dataclass(frozen=True)
class Recipe:
    """How a model is trained. The number of epochs is fixed, so no clip has to be held back to choose one.

    Parameters
    ----------
    epochs : int
    batch_size : int
        Most clips per step; the batches of an epoch are of equal size, give or take one clip.
    lr : float
        Learning rate.
    weight_decay : float
        L2 penalty of ``adam`` and ``sgd``, decoupled decay of ``adamw`` (Loshchilov & Hutter, 2019, ICLR).
    optimizer : str
        ``adam``, ``adamw`` or ``sgd`` (with momentum).
    momentum : float
        Of ``sgd``; the others ignore it.
    standardise : str
        ``feature``: mean 0 and standard deviation 1 of each feature, over training clips, frames and nodes.
        ``node``: of each feature of each node. ``none``: streams as they are.

    Raises
    ------
    InputError
        A value is out of its range; the message names the key.
    """

    epochs: int
    batch_size: int
    lr: float
    weight_decay: float = 0.0
    optimizer: str = "adam"
    momentum: float = 0.9
    standardise: str = "feature"

    def __post_init__(self) -> None:
        for key in ("epochs", "batch_size"):
            if getattr(self, key) < 1:
                raise InputError(f"recipe: {key} must be at least 1, got {getattr(self, key)}")
        if not (math.isfinite(self.lr) and self.lr > 0):
            raise InputError(f"recipe: lr must be a number above 0, got {self.lr}")
        if not (math.isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise InputError(f"recipe: weight_decay must be a number of at least 0, got {self.weight_decay}")
        if not 0 <= self.momentum < 1:
            raise InputError(f"recipe: momentum must be in 0 <= momentum < 1, got {self.momentum}")
        for key, valid in (("optimizer", OPTIMIZERS), ("standardise", STANDARDISE)):
            if getattr(self, key) not in valid:
                raise InputError(f"recipe: {key} is {getattr(self, key)!r}; {nearest(getattr(self, key), valid)}")
