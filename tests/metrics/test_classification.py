"""Scores against scikit-learn and known answers."""

import numpy as np
import pytest
from sklearn import metrics as reference

from mmer.metrics.classification import (
    SCORES,
    absent,
    accuracy,
    confusion,
    f1_per_class,
    mean_diagonal,
    precision_per_class,
    recall_per_class,
    row_normalised,
    scores_of_counts,
    uar,
    uf1,
    war,
    weighted_f1,
)
from mmer.types.errors import InputError

CLASSES = ("negative", "positive", "surprise", "others")
METRICS = {
    "uf1": uf1,
    "uar": uar,
    "accuracy": accuracy,
    "weighted_f1": weighted_f1,
    "war": war,
    "mean_diagonal": mean_diagonal,
}


def random_table(seed):
    """Up to 80 clips of up to 4 classes; small tables often lack one, or predict one that is never true."""
    random = np.random.default_rng(seed)
    n = 1 if seed % 20 == 0 else random.integers(1, 80)
    true, named = (random.permutation(CLASSES)[: random.integers(1, 5)] for _ in range(2))
    return random.choice(true, n), random.choice(named, n)


def by_scikit_learn(truth, predicted):
    present = [name for name in CLASSES if name in truth]
    given = {"y_true": truth, "y_pred": predicted, "zero_division": 0}
    recall = reference.recall_score(**given, labels=present, average="macro")
    counts = reference.confusion_matrix(truth, predicted, labels=present + sorted(set(CLASSES) - set(present)))
    rows = counts[: len(present)] / counts[: len(present)].sum(1, keepdims=True)
    return {
        "uf1": reference.f1_score(**given, labels=present, average="macro"),
        "uar": recall,
        "accuracy": reference.accuracy_score(truth, predicted),
        "weighted_f1": reference.f1_score(**given, labels=list(CLASSES), average="weighted"),
        "war": reference.recall_score(**given, labels=present, average="weighted"),
        "mean_diagonal": rows.diagonal().mean(),
    }


@pytest.mark.parametrize("seed", range(0, 200, 10))
def test_equal_to_scikit_learn(seed):
    for truth, predicted in map(random_table, range(seed, seed + 10)):
        expected = by_scikit_learn(truth, predicted)
        assert set(expected) == set(SCORES)
        for name, value in expected.items():
            assert METRICS[name](truth, predicted, CLASSES) == pytest.approx(value, abs=1e-12), name
        counts = confusion(truth, predicted, CLASSES)
        assert (counts == reference.confusion_matrix(truth, predicted, labels=list(CLASSES))).all()
        parts = reference.precision_recall_fscore_support(truth, predicted, labels=list(CLASSES), zero_division=0)
        there = parts[3] > 0
        for function, part in zip((precision_per_class, recall_per_class, f1_per_class), parts, strict=False):
            assert function(counts)[there] == pytest.approx(part[there], abs=1e-12)
            assert np.isnan(function(counts)[~there]).all()


def test_a_stack_of_matrices_scores_as_each_alone():
    stack = np.array([[confusion(*random_table(5 * i + j), CLASSES) for j in range(5)] for i in range(8)])
    scores = scores_of_counts(stack)
    for name in SCORES:
        assert scores[name].shape == (8, 5)
        for place in np.ndindex(8, 5):
            assert scores[name][place] == scores_of_counts(stack[place])[name]


def test_a_matrix_without_clips_has_no_score():
    scores = scores_of_counts(np.stack([np.zeros((3, 3)), np.eye(3)]))
    assert all(np.isnan(values[0]) and values[1] == 1 for values in scores.values())


def test_the_denominator_is_not_the_misprinted_one():
    truth, predicted = ["negative"] * 2, ["negative"] * 2
    assert weighted_f1(truth, predicted, CLASSES) == 1  # 2 TP / (TP + FP + FN) would give 2
    counts = np.array([[3, 1], [2, 4]])
    assert f1_per_class(counts) == pytest.approx([6 / 9, 8 / 11], abs=1e-15)


def test_names_for_the_same_thing_agree():
    for seed in range(50):
        scores = scores_of_counts(confusion(*random_table(seed), CLASSES))
        assert scores["war"] == scores["accuracy"]
        assert scores["mean_diagonal"] == pytest.approx(scores["uar"], abs=1e-12)


def test_row_normalised_rows_sum_to_one_or_are_nan():
    rows = row_normalised(np.array([[1, 3], [0, 0]]))
    assert rows[0].tolist() == [0.25, 0.75]
    assert np.isnan(rows[1]).all()


def test_majority_class_on_megc2019():
    truth = ["negative"] * 250 + ["positive"] * 109 + ["surprise"] * 83
    predicted = ["negative"] * 442
    assert accuracy(truth, predicted, CLASSES[:3]) == pytest.approx(0.566, abs=5e-4)
    assert uf1(truth, predicted, CLASSES[:3]) == pytest.approx(0.241, abs=5e-4)
    assert uar(truth, predicted, CLASSES[:3]) == pytest.approx(1 / 3, abs=1e-12)


@pytest.mark.parametrize("metric", METRICS.values())
def test_perfect_is_one_although_classes_are_absent(metric):
    truth = ["negative", "surprise", "surprise"]
    assert metric(truth, truth, CLASSES) == 1.0


def test_absent_classes_are_named_in_declared_order():
    assert absent(["surprise"], CLASSES) == ("negative", "positive", "others")
    assert absent(CLASSES, CLASSES) == ()


@pytest.mark.parametrize("metric", METRICS.values())
def test_nothing_and_unknown_words_are_refused(metric):
    with pytest.raises(InputError, match="no clip"):
        metric([], [], CLASSES)
    with pytest.raises(InputError, match="joy"):
        metric(["joy"], ["negative"], CLASSES)
    with pytest.raises(InputError, match="2 true classes but 1"):
        metric(["negative", "positive"], ["negative"], CLASSES)
    with pytest.raises(InputError, match="nan"):
        metric(["negative", np.nan], ["negative"] * 2, CLASSES)
