"""fit and predict."""

import inspect
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from mmer.losses.cross_entropy import CrossEntropy
from mmer.models.logreg import Logreg
from mmer.training.fit import fit, predict
from mmer.training.recipe import Recipe
from mmer.training.seeds import Key
from mmer.types.errors import InputError

CPU = torch.device("cpu")
KEY = Key("invented", 0, "fold")
RECIPE = Recipe(epochs=20, batch_size=8, lr=0.05)


def fitted(samples, targets, edge_weight=None, recipe=RECIPE, make_model=Logreg, make_loss=CrossEntropy):
    edge_weight = np.ones(samples.edge_index.shape[1], np.float32) if edge_weight is None else edge_weight
    return fit(samples, targets, make_model, make_loss, edge_weight, recipe, KEY, CPU)


def test_nothing_about_a_test_clip_can_be_passed_in():
    assert list(inspect.signature(fit).parameters) == [
        "samples", "targets", "make_model", "make_loss", "edge_weight", "recipe", "key", "device",
    ]  # fmt: skip
    assert list(inspect.signature(predict).parameters) == ["fitted", "samples"]


def test_agrees_with_scikit_learn(corpus):
    samples, targets, _, _ = corpus(subjects=8)
    n = len(samples.clip_ids)
    # scikit-learn minimises C * sum of losses + |w|^2 / 2; ours is the mean loss, and the intercept decays too.
    decay = 0.2
    recipe = Recipe(epochs=800, batch_size=n, lr=0.05, weight_decay=decay, optimizer="sgd", standardise="none")
    result = fitted(samples, targets, recipe=recipe)
    flat = samples.streams["graph"].reshape(n, -1)
    ones = np.hstack([flat, np.ones((n, 1))])
    reference = LogisticRegression(C=1 / (decay * n), fit_intercept=False, tol=1e-9, max_iter=5000).fit(
        ones, targets.index
    )
    np.testing.assert_allclose(predict(result, samples), reference.predict_proba(ones), atol=1e-4)


def test_curve_has_a_row_per_epoch_and_falls(corpus):
    samples, targets, _, _ = corpus()
    curve = fitted(samples, targets).curve
    assert list(curve.columns) == ["epoch", "loss", "accuracy"]
    assert list(curve.epoch) == list(range(1, 21))
    assert curve.loss.iloc[-1] < curve.loss.iloc[0] / 2
    assert curve.accuracy.between(0, 1).all()
    assert curve.accuracy.iloc[-1] > 0.9


def test_probabilities_sum_to_one_in_the_order_asked_for(corpus):
    samples, targets, _, _ = corpus()
    result = fitted(samples, targets)
    p = predict(result, samples)
    assert p.dtype == np.float64
    np.testing.assert_allclose(p.sum(1), 1, atol=1e-12)
    np.testing.assert_allclose(predict(result, samples.subset(samples.clip_ids[::-1])), p[::-1], atol=1e-6)


def test_a_clip_of_weight_zero_does_not_teach(corpus):
    samples, targets, _, _ = corpus()
    weight = targets.weight.copy()
    weight[3] = 0
    wrong = targets.index.copy()
    wrong[3] = (wrong[3] + 1) % 3
    first = fitted(samples, replace(targets, weight=weight))
    second = fitted(samples, replace(targets, weight=weight, index=wrong))
    np.testing.assert_array_equal(predict(first, samples), predict(second, samples))


def test_different_clips_are_refused(corpus):
    samples, targets, _, _ = corpus()
    with pytest.raises(InputError, match=r"different clips, e\.g\. fake/s00/k0"):
        fitted(samples, targets.subset(targets.clip_ids[1:]))


@pytest.mark.parametrize(
    ("weights", "reason"), [(np.ones(3), "8 edges but"), (-np.ones(8), "negative"), (np.full(8, np.nan), "finite")]
)
def test_edge_weights_must_fit_the_edges(corpus, weights, reason):
    samples, targets, _, _ = corpus()
    with pytest.raises(InputError, match=reason):
        fitted(samples, targets, edge_weight=weights)


def test_a_loss_that_is_not_a_number_names_fold_and_epoch(corpus):
    samples, targets, _, _ = corpus()
    with pytest.raises(InputError, match=r"fold 'fold'.*(nan|inf) in epoch [12].*lower lr"):
        fitted(samples, targets, recipe=Recipe(epochs=3, batch_size=8, lr=1e38, optimizer="sgd"))


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_every_optimizer_learns(corpus, optimizer):
    samples, targets, _, _ = corpus()
    recipe = Recipe(epochs=30, batch_size=8, lr=0.05, weight_decay=0.01, optimizer=optimizer)
    assert fitted(samples, targets, recipe=recipe).curve.accuracy.iloc[-1] > 0.9


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"epochs": 0}, "epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"lr": 0.0}, "lr"),
        ({"lr": float("nan")}, "lr"),
        ({"weight_decay": -1.0}, "weight_decay"),
        ({"momentum": 1.0}, "momentum"),
        ({"optimizer": "adamm"}, "did you mean 'adam"),
        ({"standardise": "yes"}, "Valid: feature, node, none"),
    ],
)
def test_recipe_refuses_nonsense(change, word):
    with pytest.raises(InputError, match=word):
        Recipe(**({"epochs": 1, "batch_size": 1, "lr": 0.1} | change))


def test_a_model_that_lost_the_folds_weights_would_be_seen(corpus):
    """Initial weights derive from the key: the same for equal keys, others for another fold."""
    from mmer.models.gcn import Gcn
    from mmer.training.fit import initial_model

    samples, _, _, _ = corpus()
    make, sizes = partial(Gcn, hidden=4), samples.sizes(3)
    first = initial_model(make, sizes, KEY).state_dict()
    again = initial_model(make, sizes, KEY).state_dict()
    other = initial_model(make, sizes, Key("invented", 0, "another")).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["classifier.weight"], other["classifier.weight"])
    assert first["dropouts.0.seed"] != other["dropouts.0.seed"]
    assert first["dropouts.0.seed"] != first["dropouts.1.seed"]
