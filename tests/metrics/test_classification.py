"""Scores against scikit-learn and known answers."""

import numpy as np
import pytest
from sklearn import metrics as reference

from mmer.metrics.classification import absent, accuracy, confusion, uar, uf1, weighted_f1
from mmer.types.errors import InputError

CLASSES = ("negative", "positive", "surprise", "others")


def random_table(seed):
    """Up to 80 clips of up to 4 classes; small tables often lack one."""
    random = np.random.default_rng(seed)
    n, used = random.integers(1, 80), random.integers(1, 5)
    return random.choice(CLASSES[:used], n), random.choice(CLASSES, n)


@pytest.mark.parametrize("seed", range(60))
def test_equal_to_scikit_learn(seed):
    truth, predicted = random_table(seed)
    present = [name for name in CLASSES if name in truth]
    given = {"y_true": truth, "y_pred": predicted, "zero_division": 0}
    expected = {
        accuracy: reference.accuracy_score(truth, predicted),
        uf1: reference.f1_score(**given, labels=present, average="macro"),
        uar: reference.recall_score(**given, labels=present, average="macro"),
        weighted_f1: reference.f1_score(**given, labels=list(CLASSES), average="weighted"),
    }
    for metric, value in expected.items():
        assert metric(truth, predicted, CLASSES) == pytest.approx(value, abs=1e-12)
    counts = confusion(truth, predicted, CLASSES)
    assert (counts == reference.confusion_matrix(truth, predicted, labels=list(CLASSES))).all()


def test_majority_class_on_megc2019():
    truth = ["negative"] * 250 + ["positive"] * 109 + ["surprise"] * 83
    predicted = ["negative"] * 442
    assert accuracy(truth, predicted, CLASSES[:3]) == pytest.approx(0.566, abs=5e-4)
    assert uf1(truth, predicted, CLASSES[:3]) == pytest.approx(0.241, abs=5e-4)
    assert uar(truth, predicted, CLASSES[:3]) == pytest.approx(1 / 3, abs=1e-12)


@pytest.mark.parametrize("metric", [accuracy, uf1, uar, weighted_f1])
def test_perfect_is_one_although_classes_are_absent(metric):
    truth = ["negative", "surprise", "surprise"]
    assert metric(truth, truth, CLASSES) == 1.0


def test_absent_classes_are_named_in_declared_order():
    assert absent(["surprise"], CLASSES) == ("negative", "positive", "others")
    assert absent(CLASSES, CLASSES) == ()


@pytest.mark.parametrize("metric", [accuracy, uf1, uar, weighted_f1])
def test_nothing_and_unknown_words_are_refused(metric):
    with pytest.raises(InputError, match="no clip"):
        metric([], [], CLASSES)
    with pytest.raises(InputError, match="joy"):
        metric(["joy"], ["negative"], CLASSES)
    with pytest.raises(InputError, match="2 true classes but 1"):
        metric(["negative", "positive"], ["negative"], CLASSES)
