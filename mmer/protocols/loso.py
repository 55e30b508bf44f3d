"""Leave one subject out: as many folds as subjects."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from mmer.protocols.leave_out import leave_each_out, too_few, torn
from mmer.types.errors import InputError
from mmer.types.split import Split


@dataclass(frozen=True)
class Loso:
    """Test each subject once, on a model trained on the clips of all others.

    Subjects carry their corpus (``samm/006``), so equal numbers in two corpora stay two people. A fold exists for each
    subject that has a clip in the table: a label scheme that leaves all clips of a subject out also takes its fold
    (CASME II has 26 subjects, 24 under the three classes of MEGC2019).
    """

    person_independent: ClassVar[bool] = True
    tests_every_clip: ClassVar[bool] = True

    def refuses(self, clips: pd.DataFrame) -> str | None:
        """Say why there are no folds, or None: fewer than two subjects, or an event that shows two of them."""
        way_out = "add subjects, or check the dataset's `exclude` and its label scheme"
        return too_few(clips, "subject", "leave-one-subject-out", way_out) or torn(
            clips, "subject", "leave-one-subject-out"
        )

    def splits(self, clips: pd.DataFrame) -> list[Split]:
        """Return one fold per subject, named after and sorted by it.

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
        return leave_each_out(clips, "subject")
