"""Every ordered pair of corpora: train on one, test on another."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from mmer.protocols.leave_out import too_few, torn
from mmer.types.errors import InputError
from mmer.types.split import Split


@dataclass(frozen=True)
class CrossDatasetPairs:
    """Train on each corpus alone and test on each other: n (n - 1) folds of n corpora.

    The cross-domain experiments of the survey (section III-C, table VI; Verma et al. run nine over four corpora). The
    other corpora take no part in a fold. A corpus is tested n - 1 times, so the folds are n - 1 repeats: in repeat r
    each corpus is tested once, by the model of the corpus r + 1 places further in the alphabet (in a circle). Scores
    pooled over a repeat mix n models; the score of a pair is that of its fold.
    """

    person_independent: ClassVar[bool] = True
    tests_every_clip: ClassVar[bool] = True

    def refuses(self, clips: pd.DataFrame) -> str | None:
        """Say why there are no folds, or None: fewer than two corpora, or an event or subject that is in two."""
        way_out = "name another under the experiment's `datasets`"
        return too_few(clips, "dataset", "cross_dataset_pairs", way_out) or torn(
            clips, "dataset", "cross_dataset_pairs"
        )

    def splits(self, clips: pd.DataFrame) -> list[Split]:
        """Return one fold per ordered pair, named ``casme2->samm`` (trained -> tested), sorted by repeat and test.

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
        corpora = sorted(set(clips.dataset))
        n = len(corpora)
        pairs = [
            (repeat, corpora[(place + repeat + 1) % n], test)
            for repeat in range(n - 1)
            for place, test in enumerate(corpora)
        ]
        return [
            Split.of(f"{train}->{test}", clips[clips.dataset == train], clips[clips.dataset == test], repeat=repeat)
            for repeat, train, test in pairs
        ]
