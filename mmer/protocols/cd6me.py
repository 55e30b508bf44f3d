"""CD6ME: leave one of six corpora out, for the detection of action units."""

from dataclasses import dataclass

import pandas as pd

from mmer.protocols.leave_one_corpus_out import LeaveOneCorpusOut
from mmer.protocols.leave_out import not_exactly

CORPORA = ("casme", "casme2", "samm", "fourdme", "mmew", "casme3")


@dataclass(frozen=True)
class Cd6me(LeaveOneCorpusOut):
    """Test each of the six corpora on a model trained on the other five.

    The cross-dataset protocol of Varanka et al., "Data Leakage and Evaluation Issues in Micro-Expression Analysis",
    IEEE Transactions on Affective Computing 15(1), 2024, arXiv 2211.11425: CASME, CASME II, SAMM, 4DME, MMEW and part A
    of CAS(ME)^3, twelve action units (labels=cd6me_aus), F1 of each unit's presence averaged over units and over
    corpora. Its folds are those of ``LeaveOneCorpusOut``; fewer corpora train other models, so that a result may be
    cited under this name, all six are required.
    """

    def refuses(self, clips: pd.DataFrame) -> str | None:
        """Say why there are no folds, or None: not exactly the six corpora, or an event or subject that is in two."""
        way_out = "correct the experiment's `datasets`, or use protocol=leave_one_corpus_out, which takes any corpora"
        return not_exactly(clips, CORPORA, "cd6me", way_out) or super().refuses(clips)
