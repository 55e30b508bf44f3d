"""Trainings that differ in numbers, in one stack; and lists of trainings that differ in anything."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from model_inputs import sizes
from test_stack import SIX, alone, furthest, member, network, nudged, trained, with_validation

from mmer.losses.focal import Focal
from mmer.losses.ldam import Ldam
from mmer.losses.logit_adjustment import LogitAdjustment
from mmer.models.dropout import Dropout
from mmer.models.kernels.dropout import fits
from mmer.stages.build import build, read_option
from mmer.training import many, member_optimizer
from mmer.training.frame import Frames
from mmer.training.many import run_many
from mmer.training.member_optimizer import MemberOptimizer
from mmer.training.optimizer import make_optimizer
from mmer.training.recipe import Recipe
from mmer.types.errors import InputError

RATES, DECAYS, MOMENTA, CLIPS = (0.003, 0.01, 0.0007), (0.01, 0.0, 0.1), (0.9, 0.0, 0.5), (None, 0.05, 0.5)
DROPOUTS = (0.3, 0.0, 0.6)
FIVE = replace(SIX, epochs=1, batch_size=4)


def mixed(name, optimizer, losses, clips=(17, 20, 18)):
    """Three members that differ in every number: recipe, dropout, loss."""
    items = []
    for place, n in enumerate(clips):
        model = network(name, place)
        for layer in model.modules():
            if isinstance(layer, Dropout):
                layer.p = DROPOUTS[place]
            if hasattr(layer, "rbf_width"):
                layer.rbf_width = 0.5 + place
        numbers = {"lr": RATES[place], "weight_decay": DECAYS[place], "momentum": MOMENTA[place]}
        recipe = replace(FIVE, optimizer=optimizer, clip_norm=CLIPS[place], **numbers)
        items.append(replace(member(model, place, n, loss=losses[place], given=sizes(name, 2, 28)), recipe=recipe))
    return items


FOCALS = tuple(partial(Focal, gamma=gamma) for gamma in (2.0, 0.5, 0))
TAUS = tuple(partial(LogitAdjustment, tau=tau) for tau in (1.0, 0.0, 2.5))
MARGINS = tuple(partial(Ldam, start=start, max_margin=margin) for start, margin in ((0.0, 0.5), (1.0, 0.2), (0.3, 1.0)))


@pytest.mark.parametrize(
    ("name", "optimizer", "losses"),
    [
        ("gcn", "adam", FOCALS),
        ("gcn", "adamw", TAUS),
        ("gcn", "sgd", MARGINS),
        ("graph_tcn", "adamw", FOCALS),
        ("ststnet", "adam", TAUS),
        ("ststnet", "sgd", FOCALS),
        ("edge_gat", "adamw", MARGINS),
    ],
)
def test_members_that_differ_in_numbers_are_in_a_stack_what_they_are_alone(name, optimizer, losses):
    items = mixed(name, optimizer, losses)
    before = alone(items, FIVE)
    bound = min(1e-9, 10 * furthest(before, alone(nudged(items), FIVE)))
    folded = getattr(type(items[0].model), "folded", False)
    for way in ("vmap", "folded") if folded else ("vmap",):
        after, reports = trained(items, FIVE, way)
        assert [report.error for report in reports] == [None] * 3
        assert furthest(before, after) <= max(bound, 1e-13), way
    same = [replace(item, recipe=items[0].recipe) for item in items]
    assert furthest(before[1:], alone(same, FIVE)[1:]) > 1e-4  # and not what they are with the numbers of another


def test_dropout_of_torch_is_that_of_the_kernel_for_every_member(monkeypatch):
    items = mixed("gcn", "adam", FOCALS)
    before, _ = trained(items, FIVE)
    for module in ("dropout", "folded"):
        monkeypatch.setattr(f"mmer.models.{module}.fits", lambda x: False)
    for way in ("folded", "vmap"):
        assert furthest(before, trained(items, FIVE, way)[0]) < 1e-12


def test_members_that_stop_take_their_numbers_along():
    items = with_validation(mixed("gcn", "adam", FOCALS))
    items = [
        replace(item, recipe=replace(item.recipe, lr=0.05, epochs=9, patience=n)) for n, item in enumerate(items, 1)
    ]
    items[2] = replace(items[2], recipe=replace(items[2].recipe, lr=0.02, schedule="cosine"))
    frame = items[0].recipe
    before = [trained([item], frame) for item in items]
    after, reports = trained(items, frame)
    lengths = [len(report.rows) for report in reports]
    assert lengths == [len(report.rows) for _, (report,) in before]
    assert len(set(lengths)) > 1
    assert furthest(after, [single for (single,), _ in before]) < 1e-9


@pytest.mark.parametrize("kernels", [True, False])
@pytest.mark.parametrize("kind", ["adam", "adamw", "sgd"])
def test_the_optimiser_of_members_is_torchs_of_each(kind, kernels, monkeypatch):
    monkeypatch.setattr(member_optimizer, "fits", fits if kernels else lambda x: False)
    torch.manual_seed(0)
    numbers = [{"lr": a, "weight_decay": b, "momentum": c} for a, b, c in zip(RATES, DECAYS, MOMENTA, strict=True)]
    recipes = [Recipe(1, 1, optimizer=kind, **each) for each in numbers]
    shapes = ((4, 3), (5,))
    whole = [torch.nn.Parameter(torch.randn(3, *shape, dtype=torch.float64)) for shape in shapes]
    single = [[torch.nn.Parameter(part[k].detach().clone()) for part in whole] for k in range(3)]
    optimizer = make_optimizer(whole, recipes)
    assert isinstance(optimizer, MemberOptimizer)
    alike = [make_optimizer(parts, [recipe]) for parts, recipe in zip(single, recipes, strict=True)]
    assert not any(isinstance(one, MemberOptimizer) for one in alike)
    for _ in range(20):
        for n, part in enumerate(whole):
            part.grad = torch.randn_like(part)
            for k in range(3):
                single[k][n].grad = part.grad[k].clone()
        for one in (optimizer, *alike):
            one.step()
    for n, part in enumerate(whole):
        torch.testing.assert_close(part, torch.stack([single[k][n] for k in range(3)]), rtol=0, atol=1e-12)


def differing(corpus, task, **recipe):
    """Tasks of one corpus: numbers differ, and of two the architecture."""
    samples, targets, _, splits = corpus()
    base = task(samples, targets, "gcn", loss="focal", **recipe)

    def other(lr, dropout=0.3, gamma=2.0, **node):
        node = base.make_model.args[0] | {"dropout": dropout} | node
        loss = partial(build, read_option("loss", "focal") | {"gamma": gamma})
        return replace(base, make_model=partial(build, node), make_loss=loss, recipe=replace(base.recipe, lr=lr))

    tasks = [other(0.01), other(0.001, 0.0, 0.5), other(0.01, hidden=8), other(0.02, 0.5), other(0.03, hidden=8)]
    tasks.append(replace(other(0.01), make_loss=partial(build, read_option("loss", "cross_entropy"))))
    return [(one, split) for split in splits[:2] for one in tasks]


def test_many_tasks_come_back_in_order_and_as_they_are_alone(corpus, task, monkeypatch):
    trainings, whole, sizes = differing(corpus, task), many.train_together, []

    def counting(some):
        sizes.append(len(some))
        return whole(some)

    monkeypatch.setattr(many, "train_together", counting)
    one, found = (list(run_many(trainings, stack=stack)) for stack in (1, 20))
    assert sorted(sizes) == [2, 4, 6]  # other losses, eight channels, the rest
    for (made, split), first, second in zip(trainings, one, found, strict=True):
        assert (second.fold, second.clip_ids) == (split.fold, split.test) == (first.fold, first.clip_ids)
        assert second.seen == first.seen
        assert second.seconds > 0
        assert len(second.curve) == made.recipe.epochs
        np.testing.assert_allclose(first.probabilities, second.probabilities, atol=2e-4)  # float32, 15 steps
        np.testing.assert_allclose(first.curve, second.curve, rtol=1e-3, atol=1e-3)


def test_one_that_diverges_and_one_that_cannot_be_trained_fail_alone(corpus, task):
    trainings = differing(corpus, task)[:4]
    wild = replace(trainings[1][0], recipe=replace(trainings[1][0].recipe, lr=1e30))
    lost = replace(trainings[3][1], train=(*trainings[3][1].train, "fake/s99/k9"))
    found = list(run_many([trainings[0], (wild, trainings[1][1]), trainings[2], (trainings[3][0], lost)], stack=4))
    assert [isinstance(one, InputError) for one in found] == [False, True, False, True]
    assert "a lower lr than 1e+30" in str(found[1])
    assert "1 of 25 clips have no sample" in str(found[3])
    (single,) = run_many(trainings[:1])
    np.testing.assert_allclose(found[0].probabilities, single.probabilities, atol=2e-4)


def test_a_stack_of_many_tasks_that_does_not_fit_is_halved(corpus, task, monkeypatch):
    trainings, whole, sizes = differing(corpus, task)[:2] * 2, many.train_together, []

    def small(some):
        sizes.append(len(some))
        if len(some) > 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return whole(some)

    monkeypatch.setattr(many, "train_together", small)
    found = list(run_many(trainings, stack=4))
    assert sizes == [4, 2, 2]
    np.testing.assert_array_equal(found[0].probabilities, found[2].probabilities)


def test_what_trainings_of_one_stack_have_in_common(corpus, task):
    samples, targets, _, splits = corpus()
    base, frames = task(samples, targets, "gcn"), Frames()

    def same(change, fold=splits[0]):
        return frames.of(change, fold) == frames.of(base, splits[0])

    recipe = base.recipe
    assert same(replace(base, seed=4), splits[3])
    assert same(replace(base, recipe=replace(recipe, lr=1.0, schedule="cosine", clip_norm=2.0, standardise="node")))
    assert same(replace(base, recipe=replace(recipe, batch_size=7)))  # 20 clips: three steps as well
    for change in ({"epochs": 4}, {"batch_size": 4}, {"optimizer": "sgd"}, {"precision": "bf16"}):
        assert not same(replace(base, recipe=replace(recipe, **change))), change
    assert not same(replace(base, make_model=partial(build, base.make_model.args[0] | {"readout": "mean"})))
    assert not same(base, replace(splits[0], train=splits[0].train[:12]))
    with pytest.raises(InputError, match="stack must be at least 1"):
        run_many([], stack=0)
    assert list(run_many([])) == []
