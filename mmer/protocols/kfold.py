"""k folds of clips: person-dependent cross-validation."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from mmer.protocols.draw import check_settings, deal
from mmer.types.errors import InputError
from mmer.types.events import events
from mmer.types.split import Split


@dataclass(frozen=True)
class KFold:
    """Deal the clips into k folds of nearly equal numbers; test each fold on a model of the others. Person-dependent.

    The "k-fold cross validation" of the survey's person-dependent evaluation (section III-C; Thuseethan et al. use ten
    folds). A person's clips fall on both sides, so the model may know the faces it is tested on, and its numbers stand
    above those of leave-one-subject-out. Clips of one event stay together even here. The folds are not balanced by
    class, because no protocol sees one.

    Parameters
    ----------
    k : int
        Number of folds, at least 2.
    seed : int
        Of the draw of the folds; the seeds of the training are another matter.
    repeats : int
        How often all clips are dealt anew.

    Raises
    ------
    InputError
        ``k`` is below 2 or ``repeats`` below 1.
    """

    k: int = 10
    seed: int = 0
    repeats: int = 1

    person_independent: ClassVar[bool] = False
    tests_every_clip: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_settings("kfold", self.repeats, self.k)

    def refuses(self, clips: pd.DataFrame) -> str | None:
        """Say why there are no folds, or None: fewer events than folds."""
        if (n := events(clips).nunique()) < self.k:
            return (
                f"kfold needs at least as many events as folds; the table has {n} of {len(clips)} clips for k = "
                f"{self.k}; lower `protocol.k`, or add clips"
            )
        return None

    def splits(self, clips: pd.DataFrame) -> list[Split]:
        """Return ``repeats`` times k folds, named ``repeat 00 fold 03``.

        Parameters
        ----------
        clips : DataFrame
            Clips table that holds exactly the clips of the experiment.

        Returns
        -------
        list of Split

        Raises
        ------
        InputError
            The table is refused.
        """
        if reason := self.refuses(clips):
            raise InputError(reason)
        event = events(clips)
        folds = []
        for repeat in range(self.repeats):
            fold_of = event.map(deal(event.value_counts(), self.k, self.seed, repeat)).to_numpy()
            folds += [
                Split.of(
                    f"repeat {repeat:02d} fold {fold:02d}",
                    clips[fold_of != fold],
                    clips[fold_of == fold],
                    person_independent=False,
                    repeat=repeat,
                )
                for fold in range(self.k)
            ]
        return folds
