"""k folds of subjects: nobody is tested by a model that was trained on them."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from mmer.protocols.draw import check_settings, deal
from mmer.protocols.leave_out import torn
from mmer.types.errors import InputError
from mmer.types.split import Split


@dataclass(frozen=True)
class SubjectKFold:
    """Deal the subjects into k folds of nearly equal numbers of clips; test each fold on a model of the others.

    The cheap sibling of leave-one-subject-out, in common use for large corpora (CAS(ME)^3, DFME). Its numbers are not
    those of ``Loso``: each model sees fewer subjects.

    Parameters
    ----------
    k : int
        Number of folds, at least 2.
    seed : int
        Of the draw of the folds; the seeds of the training are another matter.
    repeats : int
        How often all subjects are dealt anew.

    Raises
    ------
    InputError
        ``k`` is below 2 or ``repeats`` below 1.
    """

    k: int = 5
    seed: int = 0
    repeats: int = 1

    person_independent: ClassVar[bool] = True
    tests_every_clip: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_settings("subject_kfold", self.repeats, self.k)

    def refuses(self, clips: pd.DataFrame) -> str | None:
        """Say why there are no folds, or None: fewer subjects than folds, or an event that shows two of them."""
        if (n := clips.subject.nunique()) < self.k:
            return (
                f"subject_kfold needs at least as many subjects as folds; the table has {n} for k = {self.k}; "
                "lower `protocol.k`, or add subjects"
            )
        return torn(clips, "subject", "subject_kfold")

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
        folds = []
        for repeat in range(self.repeats):
            fold_of = clips.subject.map(deal(clips.subject.value_counts(), self.k, self.seed, repeat))
            folds += [
                Split.of(
                    f"repeat {repeat:02d} fold {fold:02d}",
                    clips[fold_of != fold],
                    clips[fold_of == fold],
                    repeat=repeat,
                )
                for fold in range(self.k)
            ]
        return folds
