"""Numbers of Predictions tables of emotions."""

import numpy as np
import pandas as pd
import pytest
from invented_predictions import CLASSES, emotion_table, unit_table
from sklearn.metrics import balanced_accuracy_score, f1_score, precision_recall_fscore_support, recall_score

from fakes import EMOTIONS, clips_table, predictions_table
from mmer.metrics.scores import (
    absent_classes,
    class_counts,
    confusion_per_run,
    confusion_per_seed,
    mean_over_folds,
    mean_scores,
    per_class,
    per_subject,
    scores,
)
from mmer.types.errors import InputError

FUNCTIONS = (
    scores,
    mean_scores,
    absent_classes,
    confusion_per_run,
    confusion_per_seed,
    per_class,
    mean_over_folds,
    per_subject,
    class_counts,
)


@pytest.fixture
def predictions():
    return predictions_table(clips_table(subjects=5, clips=4), seeds=(0, 1, 2))


def repeated(*tables):
    """Tables of one experiment as its repeats."""
    return pd.concat([table.assign(repeat=number) for number, table in enumerate(tables)], ignore_index=True)


def test_scores_are_pooled_over_folds_and_averaged_over_runs(predictions):
    expected = {
        (seed, 0): f1_score(part.truth, part.predicted, labels=EMOTIONS, average="macro", zero_division=0)
        for seed, part in predictions.groupby("seed")
    }
    table = scores(predictions)
    assert list(table.columns) == ["uf1", "uar", "accuracy", "weighted_f1", "war", "mean_diagonal"]
    assert table.uf1.to_dict() == pytest.approx(expected, abs=1e-12)
    assert mean_scores(predictions).uf1 == pytest.approx(np.mean(list(expected.values())), abs=1e-12)


def test_a_run_is_a_seed_and_a_repeat():
    parts = [emotion_table(seed=seed) for seed in range(3)]
    table = repeated(*parts)
    assert list(scores(table).index) == [(0, 0), (0, 1), (0, 2)]
    assert scores(table).index.names == ["seed", "repeat"]
    expected = [f1_score(part.truth, part.predicted, average="macro") for part in parts]
    assert scores(table).uf1.tolist() == pytest.approx(expected, abs=1e-12)
    assert (confusion_per_seed(table)[0] == sum(confusion_per_run(table).values())).all()
    assert mean_scores(table).accuracy == pytest.approx((table.truth == table.predicted).mean())


def test_a_table_without_repeats_has_one(predictions):
    pd.testing.assert_frame_equal(scores(predictions.drop(columns="repeat", errors="ignore")), scores(predictions))


def test_perfect_predictions_score_one_although_subjects_lack_classes():
    clips = clips_table(subjects=4, clips=2)  # two clips per subject: each lacks one of three classes
    assert (scores(predictions_table(clips, skill=1)) == 1).all(axis=None)


def test_guessing_is_near_chance():
    clips = clips_table(subjects=30, clips=3)
    assert mean_scores(predictions_table(clips, skill=0, seeds=tuple(range(20)))).uar == pytest.approx(1 / 3, abs=0.03)


def test_row_order_does_not_matter(predictions):
    shuffled = predictions.sample(frac=1, random_state=1)
    for function in (scores, mean_over_folds, per_class, per_subject):
        pd.testing.assert_frame_equal(function(shuffled), function(predictions))
    pd.testing.assert_series_equal(class_counts(shuffled), class_counts(predictions))


def test_per_class_is_that_of_scikit_learn_averaged_over_runs():
    table = emotion_table(seeds=(0, 1, 2), classes=(*CLASSES, "others"))
    expected = np.mean(
        [
            precision_recall_fscore_support(part.truth, part.predicted, labels=[*CLASSES, "others"], zero_division=0)
            for _, part in table.groupby("seed")
        ],
        0,
    )
    found = per_class(table)
    assert list(found.index) == [*CLASSES, "others"]
    np.testing.assert_allclose(found.to_numpy().T, expected, rtol=0, atol=1e-12)


def test_a_class_that_a_run_lacks_is_named_and_left_out():
    one = emotion_table()
    without = one[one.truth != "surprise"]
    assert absent_classes(one) == ()
    assert absent_classes(without) == ("surprise",)
    assert absent_classes(repeated(one, without)) == ("surprise",)
    assert np.isnan(per_class(without).f1["surprise"])
    assert per_class(without).support["surprise"] == 0
    both = per_class(repeated(one, without))
    assert both.recall["surprise"] == per_class(one).recall["surprise"]
    present = ["negative", "positive"]
    expected = f1_score(without.truth, without.predicted, labels=present, average="macro")
    assert mean_scores(without).uf1 == pytest.approx(expected, abs=1e-12)


def test_mean_over_folds_is_that_of_scikit_learn_fold_by_fold():
    table = emotion_table(seeds=(0, 1))
    lenient, strict = mean_over_folds(table), mean_over_folds(table, absent_as_zero=True)
    for seed, run in table.groupby("seed"):
        folds = [part for _, part in run.groupby("fold")]
        given = [{"y_true": part.truth, "y_pred": part.predicted, "zero_division": 0} for part in folds]
        zero = [f1_score(**one, labels=CLASSES, average="macro") for one in given]
        left_out = [f1_score(**one, labels=sorted(set(one["y_true"])), average="macro") for one in given]
        recall = [recall_score(**one, labels=CLASSES, average="macro") for one in given]
        assert strict.mean_over_folds_uf1[seed, 0] == pytest.approx(np.mean(zero), abs=1e-12)
        assert lenient.mean_over_folds_uf1[seed, 0] == pytest.approx(np.mean(left_out), abs=1e-12)
        assert strict.mean_over_folds_uar[seed, 0] == pytest.approx(np.mean(recall), abs=1e-12)
        accuracy = np.mean([(part.truth == part.predicted).mean() for part in folds])
        for one in (lenient, strict):
            assert one.mean_over_folds_accuracy[seed, 0] == pytest.approx(accuracy, abs=1e-12)
            assert one.mean_over_folds_mean_diagonal[seed, 0] == pytest.approx(one.mean_over_folds_uar[seed, 0])
    assert not set(lenient) & set(scores(table))  # never under the name of a pooled score


def test_mean_over_folds_of_one_fold_is_the_pooled_score():
    table = emotion_table().assign(fold="all")
    pd.testing.assert_frame_equal(mean_over_folds(table), scores(table).add_prefix("mean_over_folds_"))
    part = table[table.subject == table.subject[0]]
    expected = balanced_accuracy_score(part.truth, part.predicted)
    assert mean_over_folds(part).mean_over_folds_uar.item() == pytest.approx(expected, abs=1e-12)


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


@pytest.mark.parametrize("function", FUNCTIONS)
def test_pooling_what_does_not_belong_together_is_refused(predictions, function):
    for column in ("experiment", "target"):
        with pytest.raises(InputError, match=column):
            function(pd.concat([predictions, predictions.assign(**{column: "another"})]))
    with pytest.raises(InputError, match="empty"):
        function(predictions.iloc[:0])
    with pytest.raises(InputError, match=rf"twice.*{predictions.clip_id[3]}"):
        function(pd.concat([predictions, predictions.iloc[[3]].assign(fold="another")]))
    with pytest.raises(InputError, match=r"action units \(AU01.*mmer\.metrics\.multilabel"):
        function(unit_table())
