"""Action unit detection from training to table, on invented clips whose features show their units."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from mmer.losses.weighted_bce import WeightedBce
from mmer.stages.build import read_option, target_class
from mmer.training.folds import check_folds, fit_fold, run_folds
from mmer.training.tables import predictions_table
from mmer.types.errors import InputError
from mmer.types.targets import Targets

UNITS = ("AU04", "AU06", "AU12")


@pytest.fixture
def corpus(corpus):
    """(samples, targets, clips, splits): a unit moves its node by ``signal``; every seventh pair is not annotated."""

    def make(signal=3.0, seed=0, **settings):
        samples, plain, clips, splits = corpus(signal=0, seed=seed, **settings)
        rng = np.random.default_rng(seed)
        n = len(samples.clip_ids)
        shown = (rng.random((n, 3)) < [0.4, 0.3, 0.5]).astype(np.float32)
        values = samples.streams["graph"].copy()
        values[:, :, :3, 0] += signal * shown[:, None]
        units = shown.copy()
        units.flat[::7] = np.nan
        # A unit that nobody asks for stands between those that are asked for.
        units = np.insert(units, 1, rng.random(n) < 0.5, axis=1)
        targets = Targets(
            plain.clip_ids, ("absent", "present"), np.zeros(n, np.int64), ("AU04", "AU05", "AU06", "AU12"), units,
            plain.weight, UNITS,
        )  # fmt: skip
        return replace(samples, streams={"graph": values}), targets, clips, splits

    return make


@pytest.fixture
def task(task):
    """A Task as for emotions, with the loss of units."""

    def make(samples, targets, model="logreg", loss="weighted_bce", **settings):
        return task(samples, targets, model, loss=loss, **settings)

    return make


def run(task, splits):
    return {result.fold: result for result in run_folds(task, splits, processes=1)}


def same(first, second):
    assert first.keys() == second.keys()
    for fold, result in first.items():
        assert result.clip_ids == second[fold].clip_ids
        np.testing.assert_array_equal(result.probabilities, second[fold].probabilities)
        assert result.curve.equals(second[fold].curve)


def changed(targets, rows, values):
    units = targets.action_units.copy()
    units[rows] = values
    return replace(targets, action_units=units)


def test_a_unit_that_the_features_show_is_learned(corpus, task):
    samples, targets, clips, splits = corpus(subjects=10, per_subject=6)
    results = run(task(samples, targets, epochs=40, lr=0.02), splits)
    assert all(((result.probabilities > 0) & (result.probabilities < 1)).all() for result in results.values())
    table = predictions_table("units", results.values(), targets, clips)
    assert len(table) == np.isfinite(targets.answer).sum()
    for unit, rows in table.groupby("target"):
        assert roc_auc_score(rows.truth == "present", rows.p_present) > 0.9, unit
    assert (table.truth == table.predicted).mean() > 0.8


def test_noise_teaches_nothing(corpus, task):
    samples, targets, clips, splits = corpus(signal=0, subjects=10, per_subject=6)
    table = predictions_table("units", run(task(samples, targets, epochs=40), splits).values(), targets, clips)
    # About 51 pairs a unit: the standard deviation of an AUC without skill is .08.
    for unit, rows in table.groupby("target"):
        assert 0.2 < roc_auc_score(rows.truth == "present", rows.p_present) < 0.8, unit


def test_units_may_come_together_or_not_at_all(corpus, task):
    """Probabilities of units do not sum to 1: each is decided by itself."""
    samples, targets, _, splits = corpus()
    results = run(task(samples, targets, epochs=30, lr=0.02), splits).values()
    number = (np.concatenate([result.probabilities for result in results]) > 0.5).sum(1)
    assert {0, 2} <= set(number.tolist())


def test_the_curve_counts_annotated_units(corpus, task):
    samples, targets, _, splits = corpus(signal=6.0)
    curve = fit_fold(task(samples, targets, epochs=60, lr=0.05, batch_size=64), splits[0]).curve
    assert curve.accuracy.between(0, 1).all()
    assert curve.accuracy.iloc[-1] > 0.95
    assert curve.loss.iloc[-1] < curve.loss.iloc[0] / 2


@pytest.mark.parametrize("model", ["logreg", "gcn", "graph_tcn"])
def test_same_seed_same_bits_and_another_seed_other_bits(corpus, task, model):
    samples, targets, _, splits = corpus()
    first = run(task(samples, targets, model), splits[:2])
    torch.manual_seed(123)
    same(first, run(task(samples, targets, model), splits[:2]))
    other = run(task(samples, targets, model, seed=1), splits[:2])
    assert not np.array_equal(first[splits[0].fold].probabilities, other[splits[0].fold].probabilities)


def test_a_fold_alone_is_the_fold_among_others(corpus, task):
    samples, targets, _, splits = corpus()
    whole = run(task(samples, targets, "gcn"), splits)
    for split in (splits[4], splits[1]):
        same({split.fold: whole[split.fold]}, run(task(samples, targets, "gcn"), [split]))


@pytest.mark.parametrize("model", ["logreg", "gcn"])
def test_units_of_test_clips_change_no_bit(corpus, task, model):
    samples, targets, _, splits = corpus()
    fold = splits[2]
    test = np.isin(targets.clip_ids, fold.test)
    clean = run(task(samples, targets, model), [fold])
    for poison in (1 - targets.action_units[test], np.nan):
        same(clean, run(task(samples, changed(targets, test, poison), model), [fold]))


def test_units_that_nobody_asks_for_and_class_indices_change_no_bit(corpus, task):
    samples, targets, _, splits = corpus()
    other = changed(targets, (slice(None), 1), 1 - targets.action_units[:, 1])
    other = replace(other, index=np.ones_like(targets.index))
    same(run(task(samples, targets), splits[:1]), run(task(samples, other), splits[:1]))


def test_a_clip_that_nobody_annotated_teaches_as_little_as_one_of_weight_zero(corpus, task):
    """Under plain binary cross-entropy, which does not count: whatever was annotated there."""
    samples, targets, _, splits = corpus()
    fold = splits[0]
    row = targets.clip_ids.index(fold.train[3])
    weight = targets.weight.copy()
    weight[row] = 0
    plain = partial(WeightedBce, max_weight=1.0)

    def probabilities(targets):
        one = replace(task(samples, targets, batch_size=64), make_loss=plain)
        return run(one, [fold])[fold.fold].probabilities

    unknown = probabilities(changed(targets, row, np.nan))
    for value in (0.0, 1.0):
        weightless = probabilities(replace(changed(targets, row, value), weight=weight))
        np.testing.assert_allclose(unknown, weightless, atol=1e-6)
    assert np.abs(unknown - probabilities(changed(targets, row, 1.0))).max() > 1e-4


def test_the_loss_counts_the_training_clips_of_the_fold(corpus, task):
    samples, targets, _, splits = corpus()
    seen = []
    one = task(samples, targets)
    make_loss = one.make_loss

    def remember(counts):
        seen.append(counts.tolist())
        return make_loss(counts)

    fit_fold(replace(one, make_loss=remember), splits[1])
    answer = targets.subset(splits[1].train).answer
    assert seen == [[[(answer[:, k] == 0).sum(), (answer[:, k] == 1).sum()] for k in range(3)]]


def test_the_ledger_names_the_training_clips(corpus, task):
    samples, targets, _, splits = corpus()
    one = task(samples, targets, fit_edges=lambda targets: np.ones(8, np.float32))
    assert run(one, splits[:1])[splits[0].fold].seen == dict.fromkeys(
        ("edge_weight", "scaler", "loss", "weights"), splits[0].train
    )


# what is refused ------------------------------------------------------------------------------------------------------


def test_a_loss_of_the_other_kind_is_refused(corpus, task, loss_name):
    """For every loss of conf/loss/: either kind of targets takes the losses of its kind and no other."""
    samples, targets, _, splits = corpus()
    index = np.arange(24) % 3
    classes = replace(targets, classes=("a", "b", "c"), index=index, units=())
    detects = getattr(target_class(read_option("loss", loss_name)), "detection", False)
    check_folds(task(samples, targets if detects else classes, loss=loss_name), splits)
    wanted = r"one class per clip; choose e\.g\." if detects else r"asks for action units; choose e\.g\. `weighted_bce`"
    with pytest.raises(InputError, match=wanted):
        check_folds(task(samples, classes if detects else targets, loss=loss_name), splits)


@pytest.mark.parametrize(("value", "word"), [(0.0, "with"), (1.0, "without")])
def test_a_unit_that_a_fold_cannot_learn_is_named(corpus, task, value, word):
    samples, targets, _, splits = corpus()
    train = np.isin(targets.clip_ids, splits[3].train)
    one_sided = changed(targets, (train, 2), value)
    with pytest.raises(InputError, match=rf"fold 'fake/s03' has no training clip {word} AU06.*`units`"):
        check_folds(task(samples, one_sided), splits)


def test_a_unit_that_nobody_annotated_is_named(corpus, task):
    samples, targets, _, splits = corpus()
    with pytest.raises(InputError, match=r"no training clip without AU12"):
        check_folds(task(samples, changed(targets, (slice(None), 3), np.nan)), splits)
