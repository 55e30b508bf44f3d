"""The fold stack: a member of a stack is the training alone."""

import copy
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from model_inputs import sizes, small_node

from mmer.losses.weighted_cross_entropy import WeightedCrossEntropy
from mmer.models.dropout import Dropout, seed_dropout
from mmer.models.gcn import Gcn
from mmer.stages.build import build, read_option
from mmer.stages.model_traits import model_traits
from mmer.training.augment.augment import Augment
from mmer.training.augment.nodes import Nodes
from mmer.training.augment.raw import Raw, layouts_of
from mmer.training.recipe import Recipe
from mmer.training.seeds import Key
from mmer.training.stack import Batch, Member
from mmer.training.train import train
from mmer.types.errors import InputError
from mmer.types.node_set import NodeSet
from mmer.types.samples import Samples, Sizes
from mmer.types.targets import FACS

NODES, CLASSES = 6, 3
EDGES = np.array([[a, b] for a in range(NODES) for b in range(NODES) if abs(a - b) in (1, 2)]).T.copy()
STREAMS = {"graph": (2, NODES, 2), "flow": (3, 28, 28)}
SIZES = Sizes(CLASSES, STREAMS, tuple(f"node{i}" for i in range(NODES)), EDGES)
RAGGED = (20, 17, 23)  # clips of the members: three steps of 8 each, with other batch sizes
SIX = Recipe(epochs=2, batch_size=8, lr=0.003, weight_decay=0.01, optimizer="adamw")
NETWORK = {field.name for field in fields(Recipe)}


def network(name, seed=0):
    node = {key: value for key, value in read_option("model", name).items() if key not in NETWORK}
    if "video" in model_traits(node).streams:
        node = small_node(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build(node, sizes(name, 2, 28))
        for parameter in model.parameters():  # a network that starts at zero would pass too much
            parameter.data += 0.01 * torch.randn_like(parameter)
    seed_dropout(model, seed)
    return model.double()


def member(model, place, n, loss=WeightedCrossEntropy, given=SIZES):
    """Member ``place`` of n clips, with clips, labels, edge weights and names of its own; float64."""
    generator = torch.Generator().manual_seed(place)
    streams = {
        name: torch.randn(n, *given.streams[name], generator=generator, dtype=torch.float64) for name in model.streams
    }
    answer = torch.arange(n) ** 2 % CLASSES
    answer[:CLASSES] = torch.arange(CLASSES)
    weight = torch.ones(n, dtype=torch.float64)
    units = torch.zeros(n, len(FACS), dtype=torch.float64)
    units[:, :4] = (torch.rand(n, 4, generator=generator) < 0.5).double()
    edges = torch.rand(given.edge_index.shape[1], generator=generator, dtype=torch.float64)
    made = loss(torch.bincount(answer, minlength=CLASSES)).double()
    return Member(Key("invented", 0, f"fold{place}"), model, made, Batch(streams, answer, weight, units), edges)


def members(make, sizes=RAGGED, **options):
    return [member(make(place), place, n, **options) for place, n in enumerate(sizes)]


def weights(item):
    return torch.cat([value.detach().double().flatten() for value in item.model.state_dict().values()])


def trained(items, recipe=SIX, way=None):
    """Train copies of members; return them with their reports."""
    items = copy.deepcopy(items)
    return items, train(items, recipe, way)


def furthest(first, second):
    return max(float((weights(a) - weights(b)).abs().max()) for a, b in zip(first, second, strict=True))


def alone(items, recipe=SIX):
    return [trained([item], recipe)[0][0] for item in items]


def nudged(items, by=1e-15):
    items = copy.deepcopy(items)
    for item in items:
        for parameter in item.model.parameters():
            parameter.data += by * torch.sign(parameter.data)
    return items


def ways(model):
    return ("vmap", "folded") if getattr(type(model), "folded", False) else ("vmap",)


def test_every_model_is_in_a_stack_what_it_is_alone(model_name):
    """After five steps: within ten times what a change of 1e-15 in the initial weights makes, and 1e-9."""
    recipe = replace(SIX, epochs=1, batch_size=4, lr=0.001)
    items = members(lambda place: network(model_name, place), (17, 20), given=sizes(model_name, 2, 28))
    before = alone(items, recipe)
    bound = min(1e-9, 10 * furthest(before, alone(nudged(items), recipe)))
    for way in ways(items[0].model):
        after, reports = trained(items, recipe, way)
        assert [report.error for report in reports] == [None] * 2
        assert furthest(before, after) <= max(bound, 1e-15), way
        assert furthest(after, items) > 1e-4  # something was trained


@pytest.mark.parametrize(
    "recipe",
    [
        replace(SIX, optimizer="sgd"),
        replace(SIX, optimizer="adam"),
        replace(SIX, clip_norm=0.05),
        replace(SIX, schedule="cosine", epochs=3),
        replace(SIX, schedule="step", step_epochs=1, step_factor=0.3, epochs=3),
    ],
    ids=["sgd", "adam", "clip_norm", "cosine", "step"],
)
def test_every_way_to_train_is_in_a_stack_what_it_is_alone(recipe):
    items = members(gcn)
    before = alone(items, recipe)
    assert furthest(before, trained(items, recipe)[0]) < 1e-11
    assert furthest(before, alone(items)) > 1e-6  # and not what it is without


def gcn(place, dropout=0.3):
    torch.manual_seed(place)
    model = Gcn(SIZES, hidden=8, dropout=dropout)
    seed_dropout(model, place)
    return model.double()


EVERYTHING = Augment("all", 0.5, 20.0, 0.1, 0.1, (0.5, 2.0), True, 0.4)
PLACES = (17, 18, 19, 24, 25, 26)  # six landmarks that are their own mirror image


def augmented(items):
    """Give members siblings, scalers and sampling of their own, and every augmentation."""
    names = tuple(f"lm{i}" for i in PLACES)
    nodes = Nodes(NodeSet(names, tuple((i,) for i in PLACES), (None,) * NODES))
    for place, item in enumerate(items):
        n, generator = len(item.clips), torch.Generator().manual_seed(place)
        streams, mean, deviation = item.clips.streams, {}, {}
        for name, values in streams.items():
            noise = torch.randn(n, 2, *values.shape[1:], generator=generator, dtype=torch.float64)
            item.clips.siblings[name] = values[:, None] + 0.1 * noise
            mean[name] = torch.full([1] * (values.ndim - 1), 0.1 * place, dtype=torch.float64)
            deviation[name] = mean[name] + 1
        arrays = {name: values.float().numpy() for name, values in streams.items()}
        there = {name: np.ones(n, bool) for name in arrays}
        siblings = {name: values.float().numpy() for name, values in item.clips.siblings.items()}
        clip_ids = tuple(f"c{i}" for i in range(n))
        samples = Samples(clip_ids, arrays, there, names, ("dx", "dy"), EDGES, siblings=siblings)
        layouts = layouts_of(EVERYTHING, samples, item.model.streams, nodes, torch.device("cpu"))
        item.raw = Raw(EVERYTHING, layouts, mean, deviation)
        item.chances = torch.rand(n, generator=generator, dtype=torch.float64)
    return items


@pytest.mark.parametrize("name", ["gcn", "ststnet"])
def test_augmented_and_sampled_training_is_in_a_stack_what_it_is_alone(name):
    recipe = replace(SIX, lr=0.001)
    items = augmented(members(lambda place: network(name, place)))
    before = alone(items, recipe)
    bound = min(1e-9, 10 * furthest(before, alone(nudged(items), recipe)))
    after, reports = trained(items, recipe)
    assert [report.error for report in reports] == [None] * 3
    assert furthest(before, after) <= max(bound, 1e-14)
    plain = members(lambda place: network(name, place))
    assert furthest(before, alone(plain, recipe)) > 1e-5  # and not what it is without


def test_curves_are_those_of_each_alone():
    items = members(gcn)
    _, reports = trained(items)
    for item, report in zip(items, reports, strict=True):
        (single,) = trained([item])[1]
        np.testing.assert_allclose(report.curve, single.curve, rtol=1e-12)
        assert report.used.all()
        assert len(report.used) == len(item.clips)


def test_gradients_are_clipped_as_torch_does():
    from mmer.training.optimizer import clip_gradients

    modules = [torch.nn.Linear(3, 2) for _ in range(3)]
    for scale, module in zip((0.01, 1, 100), modules, strict=True):
        (scale * module(torch.ones(4, 3))).square().sum().backward()
    names = ("weight", "bias")
    stacked = [torch.stack([getattr(m, name) for m in modules]).detach().requires_grad_() for name in names]
    for value, name in zip(stacked, names, strict=True):
        value.grad = torch.stack([getattr(m, name).grad for m in modules])
    norms = clip_gradients(stacked, 0.5)
    expected = [torch.nn.utils.clip_grad_norm_(module.parameters(), 0.5) for module in modules]
    torch.testing.assert_close(norms, torch.stack(expected))
    for value, name in zip(stacked, names, strict=True):
        torch.testing.assert_close(value.grad, torch.stack([getattr(m, name).grad for m in modules]))


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        (SIX, [0.003] * 4),
        (
            replace(SIX, schedule="cosine", epochs=4),
            [0.003, 0.003 * 0.8535533905932737, 0.0015, 0.0004393398282201786],
        ),
        (replace(SIX, schedule="step", step_epochs=2, step_factor=0.5), [0.003, 0.003, 0.0015, 0.0015]),
    ],
)
def test_schedules(recipe, expected):
    from mmer.training.optimizer import learning_rate

    assert [learning_rate(recipe, epoch) for epoch in range(1, 5)] == pytest.approx(expected)


def test_a_member_that_diverges_stops_alone_and_is_named():
    items = members(gcn)
    items[1].clips.streams["graph"][3] = torch.nan
    after, reports = trained(items)
    assert str(reports[1].error).startswith(
        "experiment 'invented', seed 0, fold 'fold1': the training loss is nan in epoch 1"
    )
    assert len(reports[1].rows) == 1
    survivors = [items[0], items[2]]
    assert furthest([after[0], after[2]], alone(survivors)) < 1e-11
    assert reports[0].error is None
    assert len(reports[0].rows) == 2


def with_validation(items, n=6):
    for place, item in enumerate(items):
        item.validation = member(item.model, 100 + place, n + place).clips
    return items


PATIENT = replace(SIX, epochs=12, lr=0.05, patience=2)


def test_early_stopping_returns_the_weights_of_the_best_epoch():
    (item,) = with_validation(members(gcn, (20,)))
    losses, states = [], []

    def look(epoch, stack, report):
        model = copy.deepcopy(item.model)
        stack.give_back(0, model)
        states.append(model)

    one = copy.deepcopy(item)
    (report,) = train([one], PATIENT, watch=look)
    for model in states:
        model.eval()
        held = item.validation
        with torch.no_grad():
            losses.append(float(item.loss(model(held.streams, item.edges), held.answer, held.weight)))
    best = int(np.argmin(losses))
    assert len(losses) == len(report.rows) == best + 1 + PATIENT.patience < PATIENT.epochs
    for name, value in one.model.state_dict().items():
        assert torch.equal(value, states[best].state_dict()[name]), name


def test_members_that_stop_early_leave_the_others_as_they_are():
    items = with_validation(members(gcn))
    before = [trained([item], PATIENT) for item in items]
    after, reports = trained(items, PATIENT)
    lengths = [len(report.rows) for report in reports]
    assert lengths == [len(report.rows) for _, (report,) in before]
    assert len(set(lengths)) > 1  # they do stop at different times
    assert furthest(after, [single for (single,), _ in before]) < 1e-9


def test_members_with_other_numbers_of_steps_are_refused():
    with pytest.raises(ValueError, match="same number of steps"):
        train(members(gcn, (20, 40)), SIX)


def test_dropout_of_a_member_knows_no_neighbour():
    """The second dimension counts clips: a shorter batch beside a longer one, and another layout, change no mask."""
    layer = Dropout(0.4).train()
    layer.seed.fill_(77)
    x = torch.ones(5, 4, 6)
    stacked = Dropout(0.4).train()
    stacked.seed, stacked.step = torch.tensor([3, 77]), torch.zeros(2, dtype=torch.int64)
    both = stacked(torch.ones(2, 7, 4, 6))
    assert torch.equal(both[1, :5], layer(x))
    assert torch.equal(layer(x.transpose(0, 1).contiguous(), 1).transpose(0, 1), layer(x))
    assert not torch.equal(both[0], both[1])


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"clip_norm": 0.0}, "clip_norm"),
        ({"schedule": "cosin"}, "did you mean 'cosine"),
        ({"step_epochs": 0}, "step_epochs"),
        ({"step_factor": -1.0}, "step_factor"),
        ({"patience": 0}, "patience"),
        ({"validation_subjects": 0}, "validation_subjects"),
    ],
)
def test_recipe_refuses_nonsense(change, word):
    with pytest.raises(InputError, match=word):
        replace(SIX, **change)
