"""CASME II to SAMM and back: the first challenge's holdout database evaluation."""

from dataclasses import dataclass

import pandas as pd

from mmer.protocols.cross_dataset_pairs import CrossDatasetPairs
from mmer.protocols.leave_out import not_exactly

CORPORA = ("casme2", "samm")


@dataclass(frozen=True)
class Megc2018Holdout(CrossDatasetPairs):
    """Two folds: train on CASME II, test on SAMM; train on SAMM, test on CASME II.

    The holdout database evaluation (HDE) of the Micro-Expression Grand Challenge 2018 (Yap et al., "Facial
    Micro-Expressions Grand Challenge 2018 Summary", FG 2018): the objective classes I to V (labels=megc2018), 185
    clips of CASME II and 68 of SAMM. The challenge states the mean over the two folds of WAR, UAR and F1, not the
    pooled score.
    """

    def refuses(self, clips: pd.DataFrame) -> str | None:
        """Say why there are no folds, or None: not exactly these two corpora, or an event that is in both."""
        way_out = "correct the experiment's `datasets`, or use protocol=cross_dataset_pairs, which takes any corpora"
        return not_exactly(clips, CORPORA, "megc2018_holdout", way_out) or super().refuses(clips)
