"""Leave one subject out over several corpora taken together."""

from dataclasses import dataclass

import pandas as pd

from mmer.protocols.leave_out import too_few
from mmer.protocols.loso import Loso


@dataclass(frozen=True)
class CompositeLoso(Loso):
    """Test each subject of at least two corpora on a model trained on all other subjects of all corpora.

    The composite database evaluation of the Micro-Expression Grand Challenge 2019 (See et al., "MEGC 2019 - The Second
    Facial Micro-Expressions Grand Challenge", FG 2019): CASME II, SAMM and SMIC, 442 clips, 68 subjects, 68 folds. The
    folds are those of ``Loso``, because a subject carries its corpus; only what is refused differs. A corpus of one
    subject is served: when that subject is tested, the model is trained on the other corpora alone.
    """

    def refuses(self, clips: pd.DataFrame) -> str | None:
        """Say why there are no folds, or None: fewer than two corpora, or an event that shows two subjects."""
        way_out = "name another under the experiment's `datasets`, or use protocol=loso"
        return too_few(clips, "dataset", "composite leave-one-subject-out", way_out) or super().refuses(clips)
