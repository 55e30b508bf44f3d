"""Classifiers that look at no clip: what any model has to beat."""

from collections.abc import Sequence

import numpy as np

from mmer.training.fold_result import FoldResult
from mmer.training.seeds import derive
from mmer.types.split import Split
from mmer.types.targets import Targets


def majority(splits: Sequence[Split], targets: Targets) -> list[FoldResult]:
    """Predict the most frequent class of the fold's training clips; probabilities are the class frequencies.

    Of equally frequent classes the one declared first is taken. The seed is 0: there is no chance in it.
    """
    results = []
    for split in splits:
        counts = targets.subset(split.train).class_counts
        results.append(FoldResult(split.fold, 0, split.test, np.tile(counts / counts.sum(), (len(split.test), 1))))
    return results


def random(splits: Sequence[Split], targets: Targets, seeds: int = 20) -> list[FoldResult]:
    """Draw a class for every test clip with the frequencies of the fold's training clips; seeds 0..seeds - 1.

    The draw derives from the seed and the names of fold and clip, so it depends on no order.
    """
    results = []
    for split in splits:
        counts = targets.subset(split.train).class_counts
        edges = np.cumsum(counts) / counts.sum()
        for seed in range(seeds):
            place = [derive(seed, "random classifier", split.fold, clip) / 2**63 for clip in split.test]
            drawn = np.searchsorted(edges, place, side="right").clip(max=len(counts) - 1)
            results.append(FoldResult(split.fold, seed, split.test, np.eye(len(counts))[drawn]))
    return results
