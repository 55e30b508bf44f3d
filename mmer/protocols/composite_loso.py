"""Leave one subject out over several corpora taken together."""

from dataclasses import dataclass

import pandas as pd

from mmer.protocols.loso import Loso
from mmer.types.errors import listing


@dataclass(frozen=True)
class CompositeLoso(Loso):
    """Test each subject of at least two corpora on a model trained on all other subjects of all corpora.

    The composite database evaluation of the Micro-Expression Grand Challenge 2019 (See et al., "MEGC 2019 - The Second
    Facial Micro-Expressions Grand Challenge", FG 2019): CASME II, SAMM and SMIC, 442 clips, 68 subjects, 68 folds. The
    folds are those of ``Loso``, because a subject carries its corpus; only what is refused differs.
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
