"""Classifiers that look at no clip: what any model has to beat."""

from collections.abc import Sequence

import numpy as np

from mmer.training.fold_result import FoldResult
from mmer.training.seeds import derive
from mmer.types.errors import InputError, listing
from mmer.types.split import Split
from mmer.types.targets import Targets


def frequencies(split: Split, targets: Targets) -> np.ndarray:
    """Return the share of each class among a fold's training clips, (K,); or of the clips with each unit, (A,).

    Of a unit only the clips that are annotated count.

    Raises
    ------
    InputError
        A unit is annotated in no training clip of the fold.
    """
    counts = targets.subset(split.train).class_counts
    if not targets.units:
        return counts / counts.sum()
    if never := [name for name, row in zip(targets.units, counts, strict=True) if not row.sum()]:
        raise InputError(
            f"fold {split.fold!r}: no training clip has an annotation of {listing(never, 20)}; name other units in the "
            "label scheme (`units`), or add corpora"
        )
    return counts[:, 1] / counts.sum(1)


def majority(splits: Sequence[Split], targets: Targets) -> list[FoldResult]:
    """Predict the most frequent class of the fold's training clips; probabilities are the class frequencies.

    Of equally frequent classes the one declared first is taken. Of a unit, likewise: present where more than half of
    the annotated training clips show it. The seed is 0: there is no chance in it.
    """
    return [_result(split, 0, np.tile(frequencies(split, targets), (len(split.test), 1))) for split in splits]


def prior(splits: Sequence[Split], targets: Targets, seeds: int = 20) -> list[FoldResult]:
    """Draw a class for every test clip with the frequencies of the fold's training clips; seeds 0..seeds - 1.

    Of units, each is drawn by itself. The draw derives from the seed and the names of fold, clip (and unit), so it
    depends on no order.
    """
    draw = _draw_units if targets.units else _draw_classes
    return [_result(split, seed, draw(split, targets, seed)) for split in splits for seed in range(seeds)]


def constant(splits: Sequence[Split], targets: Targets) -> list[FoldResult]:
    """Say of every unit that it is present in every test clip; for action unit detection only.

    F1 rewards it, the more so the more frequent the unit is: it is the reference of CD6ME, where trained models were
    found below it (Varanka et al., Data Leakage and Evaluation Issues in Micro-Expression Analysis, 2023).

    Raises
    ------
    InputError
        The targets ask for classes.
    """
    if not targets.units:
        raise InputError("the baseline `constant` is for action unit detection; of classes, `majority` is its like")
    return [
        FoldResult(split.fold, 0, split.test, np.ones((len(split.test), len(targets.units))), repeat=split.repeat)
        for split in splits
    ]


def _draw_classes(split: Split, targets: Targets, seed: int) -> np.ndarray:
    """Return a class for every test clip, (n, K) of 0 and 1."""
    counts = targets.subset(split.train).class_counts
    edges = np.cumsum(counts) / counts.sum()
    place = [_place(seed, split.fold, clip) for clip in split.test]
    return np.eye(len(counts))[np.searchsorted(edges, place, side="right").clip(max=len(counts) - 1)]


def _draw_units(split: Split, targets: Targets, seed: int) -> np.ndarray:
    """Return which units every test clip is said to show, (n, A) of 0 and 1."""
    place = [[_place(seed, split.fold, clip, unit) for unit in targets.units] for clip in split.test]
    return (np.array(place) < frequencies(split, targets)).astype(np.float64)


def _place(seed: int, *names: str) -> float:
    """Return a number in 0..1 that derives from these names alone."""
    return derive(seed, "random classifier", *names) / 2**63


def _result(split: Split, seed: int, probabilities: np.ndarray) -> FoldResult:
    """Put a fold's result together; all that was fitted are the frequencies."""
    return FoldResult(
        split.fold, seed, split.test, probabilities, repeat=split.repeat, seen={"frequencies": split.train}
    )
