"""Leave one subject out over CASME II and SAMM together: the first challenge's composite database evaluation."""

from dataclasses import dataclass

import pandas as pd

from mmer.protocols.leave_out import not_exactly
from mmer.protocols.loso import Loso

CORPORA = ("casme2", "samm")


@dataclass(frozen=True)
class Megc2018Composite(Loso):
    """Test each subject of CASME II and SAMM on a model trained on all other subjects of both.

    The composite database evaluation (CDE) of the Micro-Expression Grand Challenge 2018 (Yap et al., "Facial
    Micro-Expressions Grand Challenge 2018 Summary", FG 2018): the objective classes I to V (labels=megc2018), 253
    clips, 47 subjects, 47 folds; the challenge scores F1 from counts pooled over the folds. The survey (section III-C)
    describes this challenge as one of CASME II, SAMM and SMIC with three classes, which is the challenge of 2019
    (protocol=composite_loso, labels=megc3).
    """

    def refuses(self, clips: pd.DataFrame) -> str | None:
        """Say why there are no folds, or None: not exactly these two corpora, or an event that shows two subjects."""
        way_out = "correct the experiment's `datasets`, or use protocol=composite_loso"
        return not_exactly(clips, CORPORA, "megc2018_composite", way_out) or super().refuses(clips)
