"""Leave one corpus out: as many folds as corpora."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from mmer.protocols.leave_out import leave_each_out, too_few, torn
from mmer.types.errors import InputError
from mmer.types.split import Split


@dataclass(frozen=True)
class LeaveOneCorpusOut:
    """Test each corpus once, on a model trained on all other corpora.

    Any corpora and any labels. With the corpora and action units of a published benchmark it has a name of its own:
    ``cd6me`` (Varanka et al., arXiv 2211.11425), ``megc2018_holdout`` (Yap et al., FG 2018).
    """

    person_independent: ClassVar[bool] = True
    tests_every_clip: ClassVar[bool] = True

    def refuses(self, clips: pd.DataFrame) -> str | None:
        """Say why there are no folds, or None: fewer than two corpora, or an event or subject that is in two."""
        way_out = "name another under the experiment's `datasets`"
        return too_few(clips, "dataset", "leave-one-corpus-out", way_out) or torn(
            clips, "dataset", "leave-one-corpus-out"
        )

    def splits(self, clips: pd.DataFrame) -> list[Split]:
        """Return one fold per corpus, named after and sorted by it.

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
        return leave_each_out(clips, "dataset")
