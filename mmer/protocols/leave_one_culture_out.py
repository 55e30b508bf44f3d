"""Leave one culture out: as many folds as cultures."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from mmer.protocols.leave_out import leave_each_out, too_few, torn
from mmer.types.errors import InputError, listing
from mmer.types.split import Split


@dataclass(frozen=True)
class LeaveOneCultureOut:
    """Test the clips of each culture once, on a model trained on those of all others.

    The survey asks for models that serve every ethnicity, and most corpora hold one. A culture is what the corpora say
    of their subjects in the column ``culture``; it may run through several corpora, and a corpus may hold several.
    """

    person_independent: ClassVar[bool] = True
    tests_every_clip: ClassVar[bool] = True

    def refuses(self, clips: pd.DataFrame) -> str | None:
        """Say why there are no folds, or None.

        Clips without a culture, fewer than two cultures, or an event or subject of two cultures.
        """
        unknown = clips.clip_id if "culture" not in clips else clips.clip_id[clips.culture.isna()]
        if len(unknown):
            corpora = sorted(set(clips.dataset[unknown.index]))
            return (
                f"leave-one-culture-out: {len(unknown)} of {len(clips)} clip(s) have no culture, of "
                f"{listing(corpora)}: {listing(sorted(unknown))}; state it in the corpus's files, name the clips under "
                "`exclude`, or use protocol=leave_one_corpus_out"
            )
        way_out = "name another corpus under the experiment's `datasets`"
        return too_few(clips, "culture", "leave-one-culture-out", way_out) or torn(
            clips, "culture", "leave-one-culture-out"
        )

    def splits(self, clips: pd.DataFrame) -> list[Split]:
        """Return one fold per culture, named after and sorted by it.

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
        return leave_each_out(clips, "culture")
