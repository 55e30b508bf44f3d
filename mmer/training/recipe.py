"""Recipe: how a model is trained. Its fields are keys of conf/model/*.yaml, beside those of the model."""

import math
from dataclasses import dataclass, replace

from mmer.training.precision import PRECISIONS
from mmer.types.errors import InputError, nearest

OPTIMIZERS = ("adam", "adamw", "sgd")
STANDARDISE = ("feature", "node", "none")
SCHEDULES = ("constant", "cosine", "step")
CUDA_GRAPH = ("auto", "on", "off")


@dataclass(frozen=True)
class Recipe:
    """How a model is trained. The number of epochs is fixed, unless ``patience`` holds clips back to choose it.

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
        ``node``: of each feature of each node. ``none``: streams as they are; of signals see
        ``mmer.training.scaler``.
    clip_norm : float or None
        Longest gradient (Euclidean norm over all parameters of a fold); longer ones are scaled down to it.
    schedule : str
        Of the learning rate, by epochs. ``constant``; ``cosine``: falls to 0 over the epochs; ``step``: multiplied by
        ``step_factor`` after every ``step_epochs`` epochs.
    step_epochs : int
        Of ``step``; the others ignore it, and ``step_factor`` too.
    step_factor : float
        Above 0.
    patience : int or None
        Stop a fold when the loss on held-out training subjects has not fallen for so many epochs, and go back to the
        weights with which it was lowest. None: train all ``epochs``.
    validation_subjects : int
        How many of a fold's training subjects ``patience`` holds out; others ignore it.
    precision : str
        ``float32``; ``tf32``: products on a GPU round their factors; ``bf16``: the model runs in mixed precision, its
        weights stay float32.
    cuda_graph : str
        Whether steps on a GPU are recorded once and replayed (``mmer.training.capture``). ``auto``: where that is
        faster, by timing a few; ``on``: wherever it can be done; ``off``. It changes no number of a training. On a CPU
        ``auto`` is ``off``.

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
    clip_norm: float | None = None
    schedule: str = "constant"
    step_epochs: int = 10
    step_factor: float = 0.1
    patience: int | None = None
    validation_subjects: int = 2
    precision: str = "float32"
    cuda_graph: str = "auto"

    def frame(self) -> "Recipe":
        """Return what recipes of the members of one stack have in common, all else put to one value.

        They may differ in what is a number to each member alone: learning rate and its schedule, decay, momentum,
        lengths, patience; and in what is done before the first step.
        """
        common = {"lr": 1.0, "weight_decay": 0.0, "momentum": 0.0, "clip_norm": None, "validation_subjects": 1}
        common |= {"schedule": "constant", "step_epochs": 1, "step_factor": 0.1, "standardise": "none"}
        # Of how many clips a step is, is seen from the number of steps.
        return replace(self, **common, batch_size=1, patience=None if self.patience is None else 1)

    def __post_init__(self) -> None:
        # Without quotation marks, on and off are truth values to yaml, and come here as their names.
        words = {"True": "on", "False": "off"}
        object.__setattr__(self, "cuda_graph", words.get(str(self.cuda_graph), self.cuda_graph))
        for key in ("epochs", "batch_size", "step_epochs", "patience", "validation_subjects"):
            if getattr(self, key) is not None and getattr(self, key) < 1:
                raise InputError(f"recipe: {key} must be at least 1, got {getattr(self, key)}")
        for key in ("lr", "step_factor", "clip_norm"):
            value = getattr(self, key)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InputError(f"recipe: {key} must be a number above 0, got {value}")
        if not (math.isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise InputError(f"recipe: weight_decay must be a number of at least 0, got {self.weight_decay}")
        if not 0 <= self.momentum < 1:
            raise InputError(f"recipe: momentum must be in 0 <= momentum < 1, got {self.momentum}")
        for key, valid in (
            ("optimizer", OPTIMIZERS),
            ("standardise", STANDARDISE),
            ("schedule", SCHEDULES),
            ("precision", PRECISIONS),
            ("cuda_graph", CUDA_GRAPH),
        ):
            if getattr(self, key) not in valid:
                raise InputError(f"recipe: {key} is {getattr(self, key)!r}; {nearest(getattr(self, key), valid)}")
