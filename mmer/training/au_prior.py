"""What a clip's action units say of its emotion: a classifier that knows nothing else, as a baseline.

P(emotion | units) is the naive Bayes classifier of scikit-learn's ``BernoulliNB(alpha=1)``, fitted in each fold on its
training clips: P(class) times, for every unit, the share of the class's training clips that show it or do not, with one
clip of each kind added. A unit that is not known of a clip takes no part for this clip, so that a clip of which nothing
is known gets the class frequencies. Units that every training clip shows, or none, are left out: they tell no clip from
another, and the added clips would make them an argument for the larger classes.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import softmax

from mmer.training.baselines import frequencies
from mmer.training.fold_result import FoldResult
from mmer.types.split import Split
from mmer.types.targets import Targets


def au_prior(splits: Sequence[Split], targets: Targets, detected: pd.DataFrame) -> list[FoldResult]:
    """Predict the emotion from the units that a detector found.

    A unit counts as present where it rises further than the median of the fold's training clips.

    Parameters
    ----------
    splits : sequence of Split
    targets : Targets
        Of all clips; a fold looks at those of its training clips only.
    detected : DataFrame
        Index ``clip_id``, one column per unit: how far it rises (``mmer.graphs.detected``). It may lack clips and hold
        NaN.

    Returns
    -------
    list of FoldResult
        Of seed 0, as there is no chance in it. Empty where the baseline does not apply: the targets ask for action
        units, or in some fold no training clip has a detected unit.
    """
    rises = detected.reindex(list(targets.clip_ids)).astype(np.float64)
    results = []
    for split in splits if not targets.units else ():
        train, test = (rises.loc[list(ids)].to_numpy() for ids in (split.train, split.test))
        measured = np.isfinite(train).any(0)
        train, test = train[:, measured], test[:, measured]
        if not measured.any():
            return []
        thresholds = np.nanmedian(train, 0)
        results.append(_predict(split, targets, _over(train, thresholds), _over(test, thresholds), "au_thresholds"))
    return results


def au_prior_oracle(splits: Sequence[Split], targets: Targets) -> list[FoldResult]:
    """Predict the emotion from the units that a person annotated, in the test clips too: an oracle.

    No recogniser is given the annotated units of a test clip, and coders derive the emotion from them. This says how
    far units without error would carry; it is not what a model is compared with.

    Parameters
    ----------
    splits : sequence of Split
    targets : Targets
        Of all clips; of a fold's test clips only ``action_units`` are looked at.

    Returns
    -------
    list of FoldResult
        As of ``au_prior``; empty where in some fold no training clip is annotated.
    """
    results = []
    for split in splits if not targets.units else ():
        train, test = (targets.subset(ids).action_units.astype(np.float64) for ids in (split.train, split.test))
        if not np.isfinite(train).any():
            return []
        results.append(_predict(split, targets, train, test))
    return results


def _over(rises: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return 1 where a unit rises over its threshold, 0 where not, NaN where it is not known."""
    return np.where(np.isfinite(rises), rises > thresholds, np.nan)


def _predict(split: Split, targets: Targets, train: np.ndarray, test: np.ndarray, *fitted: str) -> FoldResult:
    """Fit on the training clips of one fold and predict its test clips.

    Parameters
    ----------
    split : Split
    targets : Targets
        Only those of the training clips are looked at.
    train, test : ndarray of shape (n, U), float64
        1 where the clip shows the unit, 0 where not, NaN where it is not known.
    *fitted : str
        What else was fitted on the training clips with known units.
    """
    known = np.isfinite(train)
    varies = ((train == 1).any(0)) & ((train == 0).any(0))
    member = np.eye(len(targets.classes))[targets.subset(split.train).index]
    shown = member.T @ (train == 1)[:, varies]
    present = (shown + 1) / (member.T @ known[:, varies] + 2)
    units = test[:, None, varies]  # (n, 1, U) against (K, U)
    evidence = np.where(units == 1, np.log(present), np.where(units == 0, np.log1p(-present), 0)).sum(2)
    share = frequencies(split, targets)
    prior = np.log(share, out=np.full(len(share), -np.inf), where=share > 0)
    used = tuple(name for name, row in zip(split.train, known, strict=True) if row.any())
    seen = {"frequencies": split.train} | dict.fromkeys(("au_prior", *fitted), used)
    return FoldResult(split.fold, 0, split.test, softmax(evidence + prior, axis=1), repeat=split.repeat, seen=seen)
