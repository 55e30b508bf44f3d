"""What a worker and those who train for it say to each other about a trial."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import optuna
import pandas as pd

from mmer.training.fold_result import FoldResult
from mmer.types.errors import InputError

Folds = tuple[FoldResult | InputError, ...]


@dataclass(frozen=True)
class TrialRequest:
    """A trial to train.

    Parameters
    ----------
    study : str
        Name of its study, which says on whom it is trained.
    number : int
        Of the trial in the study. No number may depend on it: a trial that is trained again has another one.
    overrides : tuple of str
        The settings.
    """

    study: str
    number: int
    overrides: tuple[str, ...]


@dataclass(frozen=True)
class TrialOutcome:
    """How a trial went.

    Parameters
    ----------
    overrides : tuple of str
    folds : tuple of FoldResult or InputError
        Those that were trained: all inner folds under each seed, or the first few of a pruned trial.
    predictions : DataFrame or None
        Predictions table of ``folds``; None where one of them failed.
    score : float or None
        Pooled over ``folds``; None where one of them failed.
    seconds : float
        What its trainings cost, the sum over ``folds``.
    pruned : bool
    error : str or None
        Why it failed.
    """

    overrides: tuple[str, ...]
    folds: Folds
    predictions: pd.DataFrame | None
    score: float | None
    seconds: float
    pruned: bool = False
    error: str | None = None


# Trains requests and yields, in their order and each as soon as it is done, the results of its inner folds in fixed
# order, every fold under each seed. With a place as second argument that fold alone; () where there is no such fold.
Train = Callable[[Sequence[TrialRequest], int | None], Iterable[Folds]]

# Called before a trial is closed: a closed one takes no more notes or files.
OnTrial = Callable[[optuna.Study, optuna.trial.FrozenTrial, TrialOutcome], None]
