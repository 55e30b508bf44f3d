"""Numbers of Predictions tables."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from fakes import EMOTIONS, clips_table, predictions_table
from mmer.metrics.scores import class_counts, confusion_per_seed, mean_scores, per_subject, scores
from mmer.types.errors import InputError


@pytest.fixture
def predictions():
    return predictions_table(clips_table(subjects=5, clips=4), seeds=(0, 1, 2))


def test_scores_are_pooled_over_folds_and_averaged_over_seeds(predictions):
    expected = {
        seed: f1_score(part.truth, part.predicted, labels=EMOTIONS, average="macro", zero_division=0)
        for seed, part in predictions.groupby("seed")
    }
    table = scores(predictions)
    assert list(table.columns) == ["uf1", "uar", "accuracy", "weighted_f1"]
    assert table.uf1.to_dict() == pytest.approx(expected, abs=1e-12)
    assert mean_scores(predictions).uf1 == pytest.approx(np.mean(list(expected.values())), abs=1e-12)


def test_perfect_predictions_score_one_although_subjects_lack_classes():
    clips = clips_table(subjects=4, clips=2)  # two clips per subject: each lacks one of three classes
    assert (scores(predictions_table(clips, skill=1)) == 1).all(axis=None)


def test_guessing_is_near_chance():
    clips = clips_table(subjects=30, clips=3)
    assert mean_scores(predictions_table(clips, skill=0, seeds=tuple(range(20)))).uar == pytest.approx(1 / 3, abs=0.03)


def test_row_order_does_not_matter(predictions):
    shuffled = predictions.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(scores(shuffled), scores(predictions))
    pd.testing.assert_frame_equal(per_subject(shuffled), per_subject(predictions))
    pd.testing.assert_series_equal(class_counts(shuffled), class_counts(predictions))


def test_per_subject_counts_each_clip_once(predictions):
    table = per_subject(predictions)
    assert list(table.subject) == sorted(set(predictions.subject))
    assert (table.clips == 4).all()
    assert table.correct.sum() / table.clips.sum() == pytest.approx(mean_scores(predictions).accuracy)
    one = predictions[predictions.subject == "samm/sub02"]
    assert table.set_index("subject").accuracy["samm/sub02"] == pytest.approx((one.truth == one.predicted).mean())


def test_class_counts_keep_the_declared_order_and_empty_classes():
    clips = clips_table(emotions=("disgust", "surprise"), clips=2)
    counts = class_counts(predictions_table(clips, classes=("surprise", "happiness", "disgust"), seeds=(0, 1)))
    assert counts.to_dict() == {"surprise": 6, "happiness": 0, "disgust": 6}
    assert list(counts.index) == ["surprise", "happiness", "disgust"]


def test_confusion_per_seed_sums_to_the_clips(predictions):
    matrices = confusion_per_seed(predictions)
    assert list(matrices) == [0, 1, 2]
    assert {counts.sum() for counts in matrices.values()} == {40}


@pytest.mark.parametrize("column", ["experiment", "target"])
def test_pooling_over_experiments_or_targets_is_refused(predictions, column):
    other = predictions.assign(**{column: "another"})
    for function in (scores, per_subject, class_counts):
        with pytest.raises(InputError, match=column):
            function(pd.concat([predictions, other]))
        with pytest.raises(InputError, match="empty"):
            function(predictions.iloc[:0])
