"""fit and predict."""

import inspect
from dataclasses import replace
from functools import partial
from typing import ClassVar

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from mmer.losses.cross_entropy import CrossEntropy
from mmer.models.dropout import Dropout, set_step
from mmer.models.gcn import Gcn
from mmer.models.logreg import Logreg
from mmer.training.fit import fit, initial_model, predict
from mmer.training.recipe import Recipe
from mmer.training.scaler import Scaler
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
            "after_epoch",  # is handed weights, hands nothing back
            "held_out",  # of the training clips
            "chances",  # of the training clips
            "augment", "nodes",  # settings
            "fit_signals",  # is called with training clips
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


def test_the_ledger_names_the_clips_that_were_trained_on_not_those_that_were_meant(corpus, monkeypatch):
    """An order that forgets a clip in every epoch, and a scaler that was fitted on some clips only, show."""
    samples, targets, _, _ = corpus()
    names = tuple(sorted(samples.clip_ids))
    whole = fitted(samples, targets).seen
    assert whole == {"scaler": names, "loss": names, "weights": names}
    monkeypatch.setattr("mmer.training.fit.torch.randperm", lambda n, generator: torch.arange(1, n))
    honest = Scaler.fit
    monkeypatch.setattr(
        "mmer.training.fit.Scaler.fit", lambda samples, *rest: honest(samples.subset(samples.clip_ids[:5]), *rest)
    )
    assert fitted(samples, targets).seen == {"scaler": names[:5], "loss": names, "weights": names[1:]}


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


class Witness(Logreg):
    """A logistic regression with dropout that keeps what it was shown: dropout's step, and how many clips."""

    def __init__(self, sizes):
        super().__init__(sizes)
        self.dropout, self.seen = Dropout(0.5), []

    def forward(self, batch, edge_weight):
        self.seen.append((int(self.dropout.step), len(batch["graph"])))
        return super().forward({"graph": self.dropout(batch["graph"])}, edge_weight)


class Listener(CrossEntropy):
    """A loss that keeps the weights it was given; they tell which clips were in the batch."""

    heard: ClassVar[list[list[float]]] = []

    def forward(self, logits, target, weight):
        self.heard.append(weight.tolist())
        return super().forward(logits, target, weight)


def test_every_step_has_its_own_dropout_and_the_batches_are_of_equal_size(corpus):
    samples, targets, _, _ = corpus(subjects=5, per_subject=4)
    result = fitted(samples, targets, recipe=Recipe(epochs=3, batch_size=8, lr=0.05), make_model=Witness)
    assert result.model.seen == list(enumerate([7, 7, 6] * 3))


def test_every_epoch_shows_every_clip_once_in_an_order_of_its_own(corpus):
    samples, targets, _, _ = corpus()
    named = replace(targets, weight=np.arange(1, 25, dtype=np.float32))
    Listener.heard.clear()
    fitted(samples, named, recipe=Recipe(epochs=4, batch_size=8, lr=0.05), make_loss=Listener)
    epochs = [[*a, *b, *c] for a, b, c in zip(*[iter(Listener.heard)] * 3, strict=True)]
    assert all(sorted(epoch) == list(range(1, 25)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4


def test_nothing_is_dropped_when_predicting(corpus):
    samples, targets, _, _ = corpus()
    result = fitted(samples, targets, make_model=Witness)
    first = predict(result, samples)
    set_step(result.model, 12345)
    np.testing.assert_array_equal(predict(result, samples), first)
    plain = Logreg(samples.sizes(3))
    plain.load_state_dict({k: v for k, v in result.model.state_dict().items() if k.startswith("classifier")})
    np.testing.assert_allclose(predict(replace(result, model=plain.eval()), samples), first, atol=1e-6)


def test_weight_decay_of_adamw_is_decoupled(corpus):
    """With every clip of weight 0 there is no gradient: adamw shrinks a weight by 1 - lr * decay, adam does not."""
    samples, targets, _, _ = corpus()
    silent = replace(targets, weight=np.zeros(24, np.float32))
    for optimizer, factor in (("adamw", 0.9), ("adam", None)):
        settings = Recipe(epochs=1, batch_size=24, lr=0.5, weight_decay=0.2, optimizer=optimizer)
        model = fitted(samples, silent, recipe=settings, make_model=partial(Gcn, hidden=4, dropout=0.0)).model
        start = initial_model(partial(Gcn, hidden=4, dropout=0.0), samples.sizes(3), KEY)
        ratio = (model.classifier.weight / start.classifier.weight).detach().numpy()
        if factor:
            np.testing.assert_allclose(ratio, factor, rtol=1e-5)
        else:
            assert ratio.std() > 0.1


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
    samples, _, _, _ = corpus()
    make, sizes = partial(Gcn, hidden=4), samples.sizes(3)
    first = initial_model(make, sizes, KEY).state_dict()
    again = initial_model(make, sizes, KEY).state_dict()
    other = initial_model(make, sizes, Key("invented", 0, "another")).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["classifier.weight"], other["classifier.weight"])
    assert first["dropouts.0.seed"] != other["dropouts.0.seed"]
    assert first["dropouts.0.seed"] != first["dropouts.1.seed"]
