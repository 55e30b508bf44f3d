"""Why scores are pooled and no test epoch is chosen: what guessing gains by looking at the test clips.

Folds like those of the MEGC2019 composite: 442 clips of 68 subjects, a median of 4 clips, 15 subjects with at most 2,
23 subjects with a single class, 250 negative, 109 positive and 83 surprise clips.
"""

import numpy as np
import pandas as pd
import pytest

from mmer.metrics.scores import mean_over_folds, mean_scores
from mmer.types.predictions import validate_predictions

CLASSES = ("negative", "positive", "surprise")
SIZES = (1,) * 8 + (2,) * 7 + (3,) * 14 + (4,) * 10 + (5,) * 4 + (6,) * 5 + (7,) * 4
SIZES += (8, 9, 9, 9, 10, 11, 12, 13, 14, 15, 18, 20, 22, 25, 31, 34)
REPETITIONS = 5


def megc_like():
    """Return the true class (0, 1, 2) and the subject of every clip."""
    random = np.random.default_rng(0)
    left = np.array([250, 109, 83])
    truth = []
    for number, size in enumerate(SIZES):
        if size <= 2 or 15 <= number < 23:  # one class only
            one = random.choice(3, p=left / left.sum())
            drawn = np.full(size, one if left[one] >= size else 0)
        else:
            drawn = random.permutation(np.repeat(range(3), left))[:size]
        left -= np.bincount(drawn, minlength=3)
        truth.append(drawn)
    return np.concatenate(truth), np.repeat(range(len(SIZES)), SIZES)


def predictions(predicted, truth, subject):
    p = np.eye(3)[predicted]
    return validate_predictions(
        pd.DataFrame(
            {
                "experiment": "guess",
                "seed": 0,
                "fold": [f"megc/sub{number:02d}" for number in subject],
                "clip_id": [f"megc/sub{number:02d}/{clip:03d}" for clip, number in enumerate(subject)],
                "dataset": "megc",
                "subject": [f"megc/sub{number:02d}" for number in subject],
                "target": "emotion",
                "truth": np.array(CLASSES)[truth],
                "predicted": np.array(CLASSES)[predicted],
                **{f"p_{name}": p[:, i] for i, name in enumerate(CLASSES)},
            }
        )
    )


def best_of(k, truth, subject, random):
    """Guess k times (epochs) and keep for each subject the epoch of the highest accuracy on its own test clips."""
    guesses = random.integers(3, size=(k, len(truth)))
    kept = np.empty_like(truth)
    for one in np.unique(subject):
        clips = subject == one
        kept[clips] = guesses[(guesses[:, clips] == truth[clips]).sum(1).argmax()][clips]
    return predictions(kept, truth, subject)


def test_the_folds_are_like_those_of_megc2019():
    truth, subject = megc_like()
    sizes = np.bincount(subject)
    assert (len(truth), len(sizes), np.median(sizes), (sizes <= 2).sum()) == (442, 68, 4, 15)
    assert np.bincount(truth).tolist() == [250, 109, 83]
    single = sum(len(set(truth[subject == one])) == 1 for one in range(68))
    assert 23 <= single <= 28


@pytest.mark.parametrize(("k", "low", "high"), [(1, 0.28, 0.37), (200, 0.7, 0.85)])
def test_choosing_the_test_epoch_turns_guessing_into_a_published_result(k, low, high):
    truth, subject = megc_like()
    random = np.random.default_rng(k)
    found = [mean_scores(best_of(k, truth, subject, random)).uf1 for _ in range(REPETITIONS)]
    assert low < np.mean(found) < high


def test_perfect_predictions_score_one_pooled_and_less_as_a_mean_over_folds():
    truth, subject = megc_like()
    table = predictions(truth, truth, subject)
    assert (mean_scores(table) == 1).all()
    assert (mean_over_folds(table) == 1).all(axis=None)
    assert 0.5 < mean_over_folds(table, absent_as_zero=True).mean_over_folds_uf1.item() < 0.75
