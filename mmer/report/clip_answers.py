"""Predictions of one experiment -> what was asked of every clip and answered, over all runs: for the clip browser."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmer.metrics.runs import checked, is_multilabel, run_places
from mmer.types.predictions import class_names

PER_MILLE = 1000
MOST_RUN_VALUES = 40_000  # of an experiment; beyond it the page gives means over runs alone


@dataclass(frozen=True)
class Answers:
    """What an experiment says of its test clips, one row per clip, sorted by clip id.

    Parameters
    ----------
    clip_ids : tuple of n str
    names : tuple of K str
        The classes, or the action units.
    units : bool
        Whether action units are detected.
    runs : int
        Seeds times repeats.
    truth : ndarray of shape (n, K), int8
        1 for the true class (or a unit that shows), else 0; -1 for a unit that is not annotated.
    said : ndarray of shape (n, K), int8
        Likewise what is predicted: of several runs the class with the highest mean probability.
    right : ndarray of shape (n,), int64
        Runs in which all that was asked of the clip is predicted right.
    mean : ndarray of shape (n, K), float64
        Probability, mean over runs; NaN where nothing was asked.
    by_run : ndarray of shape (n, R, K), float64, or None
        None for one run, and where there would be too many values.
    folds : tuple of n tuple of str
        The folds that test the clip: one per repeat.
    """

    clip_ids: tuple[str, ...]
    names: tuple[str, ...]
    units: bool
    runs: int
    truth: np.ndarray
    said: np.ndarray
    right: np.ndarray
    mean: np.ndarray
    by_run: np.ndarray | None
    folds: tuple[tuple[str, ...], ...]

    @property
    def wrong(self) -> np.ndarray:
        """Which clips are predicted wrong, (n,) bool, by ``said``."""
        return ((self.said != self.truth) & (self.truth >= 0)).any(1)


def answers_of(predictions: pd.DataFrame) -> Answers:
    """Put together what all runs say of every clip."""
    predictions = checked(predictions)
    units = is_multilabel(predictions)
    classes = class_names(predictions)
    clip, clip_ids = pd.factorize(predictions.clip_id, sort=True)
    run, runs = run_places(predictions)
    if units:
        target, names = pd.factorize(predictions.target, sort=True)
        shape = (len(clip_ids), len(runs), len(names))
        p, truth, said = np.full(shape, np.nan), np.full(shape, -1, np.int8), np.full(shape, -1, np.int8)
        at = (clip, run, target)
        p[at] = predictions[f"p_{classes[1]}"]
        truth[at], said[at] = predictions.truth == classes[1], predictions.predicted == classes[1]
    else:
        names, shape = classes, (len(clip_ids), len(runs), len(classes))
        p, truth, said = np.full(shape, np.nan), np.zeros(shape, np.int8), np.zeros(shape, np.int8)
        p[clip, run] = predictions[[f"p_{name}" for name in classes]]
        words = pd.Index(classes)
        truth[clip, run, words.get_indexer(predictions.truth)] = 1
        said[clip, run, words.get_indexer(predictions.predicted)] = 1
    asked = np.isfinite(p).any(2)
    right = (asked & ((said == truth) | (truth < 0)).all(2)).sum(1)
    known = np.isfinite(p)
    mean = np.divide(np.where(known, p, 0).sum(1), known.sum(1), out=np.full(p[:, 0].shape, np.nan), where=known.any(1))
    truth = truth.max(1)
    return Answers(
        clip_ids=tuple(map(str, clip_ids)),
        names=tuple(map(str, names)),
        units=units,
        runs=len(runs),
        truth=truth,
        said=said[:, 0] if len(runs) == 1 else _said(mean, units, truth),
        right=right,
        mean=mean,
        by_run=p if len(runs) > 1 and p.size <= MOST_RUN_VALUES else None,
        folds=_folds(predictions, clip_ids),
    )


def _said(mean: np.ndarray, units: bool, truth: np.ndarray) -> np.ndarray:
    """Return what the mean probabilities say: the unit shows if over one half; the class with the highest."""
    if units:
        return np.where(truth < 0, -1, mean > 0.5).astype(np.int8)
    said = np.zeros(mean.shape, np.int8)
    said[np.arange(len(mean)), mean.argmax(1)] = 1
    return said


def _folds(predictions: pd.DataFrame, clip_ids: pd.Index) -> tuple[tuple[str, ...], ...]:
    pairs = predictions[["clip_id", "fold"]].drop_duplicates().sort_values(["clip_id", "fold"])
    by_clip = pairs.groupby("clip_id", sort=True)["fold"].agg(lambda names: tuple(map(str, names)))
    return tuple(by_clip.loc[list(clip_ids)])


def per_mille(values: np.ndarray) -> list[int]:
    """Write probabilities as whole numbers of thousandths; -1 where there is none."""
    return [-1 if np.isnan(value) else round(PER_MILLE * float(value)) for value in values.ravel()]
