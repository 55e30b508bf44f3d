"""Leave one subject out over several corpora taken together."""

from dataclasses import dataclass

import pandas as pd

from mmer.types.errors import InputError, listing
from mmer.types.split import Split


@dataclass(frozen=True)
class CompositeLoso:
    """Test each subject of at least two corpora on a model trained on all other subjects of all corpora.

    The composite database evaluation of the Micro-Expression Grand Challenge 2019 (See et al., "MEGC 2019 - The Second
    Facial Micro-Expressions Grand Challenge", FG 2019): CASME II, SAMM and SMIC, 442 clips, 68 subjects, 68 folds.
    """

    def refuses(self, clips: pd.DataFrame) -> str | None:
        """Say why there are no folds, or None: fewer than two corpora."""
        corpora = sorted(set(clips.dataset))
        if len(corpora) < 2:
            return (
                f"composite leave-one-subject-out needs at least two corpora; the table has {len(corpora)} "
                f"({listing(corpora) or 'none'}); name another under the experiment's `datasets`, or use protocol=loso"
            )
        return None

    def splits(self, clips: pd.DataFrame) -> list[Split]:
        """Return one fold per subject of any corpus, named after and sorted by it.

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
        return [
            Split.of(subject, clips[clips.subject != subject], clips[clips.subject == subject])
            for subject in sorted(set(clips.subject))
        ]
