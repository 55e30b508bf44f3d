"""Judge: results of inner folds -> one score, from the same Predictions table as every other number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from mmer.metrics.classification import SCORES
from mmer.metrics.multilabel import UNIT_SCORES, unit_scores
from mmer.metrics.scores import scores
from mmer.training.fold_result import FoldResult
from mmer.training.tables import predictions_table
from mmer.types.errors import InputError
from mmer.types.targets import Targets

# Some folds of a trial -> their pooled score, and the Predictions table it comes from (None where there is none).
Judge = Callable[[Sequence[FoldResult]], tuple[float, pd.DataFrame | None]]


@dataclass(frozen=True)
class Pooled:
    """Score the clips of some inner folds pooled, as the mean over seeds.

    Parameters
    ----------
    study : str
        Name of the study, for messages and the table.
    metric : str
    targets : Targets
        Of the study's own training clips: the inner folds test no other.
    clips : DataFrame
        Clips table with these clips.

    Raises
    ------
    InputError
        The metric is not one of this kind of targets.
    """

    study: str
    metric: str
    targets: Targets
    clips: pd.DataFrame

    def __post_init__(self) -> None:
        valid = UNIT_SCORES if self.targets.units else SCORES
        if self.metric not in valid:
            kind = "action units" if self.targets.units else "emotions"
            raise InputError(f"metric {self.metric!r} is no score of {kind}; valid: {', '.join(valid)}")

    def __call__(self, folds: Sequence[FoldResult]) -> tuple[float, pd.DataFrame]:
        """Return the score and the Predictions table.

        Raises
        ------
        InputError
            A probability is none (the training diverged), a clip is none of the study's, or no clip defines the score.
        """
        table = predictions_table(self.study, folds, self.targets, self.clips)
        runs = (unit_scores if self.targets.units else scores)(table)
        score = float(runs[self.metric].mean())
        if not score == score:  # NaN
            raise InputError(f"study {self.study!r}: the inner folds hold nothing that defines {self.metric}")
        return score, table
