"""Steps that are recorded and replayed are the ordinary ones, to the last bit; a tape stands in for the graph."""

import copy
import importlib
import logging
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from model_inputs import sizes
from tape import TapeRecorder
from test_stack import PATIENT, RAGGED, SIX, augmented, gcn, member, members, network, weights, with_validation

from mmer.losses.ldam import Ldam
from mmer.models import dropout, folded, norm_pool
from mmer.stages.build import build, read_option, target_class
from mmer.stages.recipe import split_model
from mmer.training import capture
from mmer.training.capture import TIMED, WARM
from mmer.training.folds import run_folds
from mmer.training.recipe import Recipe
from mmer.training.train import time_steps, train
from mmer.types.errors import InputError
from mmer.types.targets import FACS, Targets

ON = replace(SIX, epochs=4, cuda_graph="on")  # 12 steps, of two shapes


@pytest.fixture(autouse=True)
def torch_alone(monkeypatch):
    """As on a GPU: a tape sees what torch does, but not what compiled kernels do."""
    for module in (dropout, folded, norm_pool):
        monkeypatch.setattr(module, "fits", lambda x: False)


@pytest.fixture
def tapes(monkeypatch):
    """The recorders that trainings make from here on."""
    monkeypatch.setitem(capture.RECORDERS, "cpu", TapeRecorder)
    monkeypatch.setattr(TapeRecorder, "made", [])
    return TapeRecorder.made


def ordinary(items, recipe):
    """Train copies of members as if nothing could be recorded."""
    recorders, capture.RECORDERS = capture.RECORDERS, {}
    try:
        return trained(items, replace(recipe, cuda_graph="off"))
    finally:
        capture.RECORDERS = recorders


def trained(items, recipe):
    items = copy.deepcopy(items)
    return items, train(items, recipe)


def in_float32(items):
    for item in items:
        item.model.float(), item.loss.float()
        item.edges, item.clips = item.edges.float(), item.clips.map(lambda v: v.float() if v.is_floating_point() else v)
    return items


def check_same(before, after):
    """The weights, and how the losses went, are the same to the last bit."""
    for (one, report), (other, again) in zip(zip(*before, strict=True), zip(*after, strict=True), strict=True):
        assert torch.equal(weights(one), weights(other))
        assert repr(report.rows) == repr(again.rows)  # nan is not nan


RECIPES = {
    "adamw": {},
    "sgd": {"optimizer": "sgd"},
    "adam, step": {"optimizer": "adam", "schedule": "step", "step_epochs": 1, "step_factor": 0.3},
    "clip_norm, cosine": {"clip_norm": 0.05, "schedule": "cosine"},
}


@pytest.mark.parametrize("clips", [RAGGED, RAGGED[:1]], ids=["stack", "alone"])
@pytest.mark.parametrize("changed", RECIPES.values(), ids=RECIPES)
@pytest.mark.parametrize("name", ["gcn", "ststnet", "auw_gcn"])  # folded; pictures; vmap, batch normalisation
def test_replayed_training_is_the_ordinary_one(name, changed, clips, tapes):
    items, recipe = members(lambda place: network(name, place), clips), replace(ON, **changed)
    after = trained(items, recipe)
    check_same(ordinary(items, recipe), after)
    (recorder,) = tapes
    assert (recorder.warm, len(recorder.tapes), recorder.replays) == (2 * WARM, 2, 12 - 2 * WARM)
    assert not torch.equal(weights(items[0]), weights(after[0][0]))


@pytest.mark.parametrize("name", ["gcn", "auw_gcn"])
def test_mixed_precision_is_replayed(tapes, name):
    items = in_float32(members(lambda place: network(name, place)))
    recipe = replace(ON, precision="bf16")
    after = trained(items, recipe)
    check_same(ordinary(items, recipe), after)
    assert tapes[0].replays
    assert after[1][0].rows != trained(items, ON)[1][0].rows


def test_members_leave_and_the_rest_is_recorded_anew(tapes):
    """Members stop at different times, one of them diverges; what was recorded for more of them is not replayed."""
    items = with_validation(members(gcn, (20, 17, 23, 18)))
    items[3].clips.streams["graph"][3] = torch.nan
    recipe = replace(PATIENT, patience=3, epochs=30, cuda_graph="on")
    after = trained(items, recipe)
    check_same(ordinary(items, recipe), after)
    reports = after[1]
    assert reports[3].error is not None
    assert len({len(report.rows) for report in reports}) > 2
    assert sum(recorder.replays > 0 for recorder in tapes) > 1
    assert tapes[-1].replays


def test_a_loss_that_changes_with_time_is_replayed(tapes):
    """Classes are weighed from the middle of the epochs on; until then another recording has been at work."""
    items = members(gcn, loss=partial(Ldam, start=0.7))
    recipe = replace(ON, epochs=8)
    after = trained(items, recipe)
    check_same(ordinary(items, recipe), after)
    never = trained(members(gcn, loss=partial(Ldam, start=1.0)), recipe)
    assert not torch.equal(weights(after[0][0]), weights(never[0][0]))


def recorded(items):
    """Record a step; return its tape."""
    train(items, replace(ON, epochs=WARM + 1, batch_size=8))
    (recorder,) = TapeRecorder.made
    (tape,) = recorder.tapes
    return tape


def test_a_step_of_every_model_can_be_recorded(model_name, tapes, monkeypatch):
    monkeypatch.setattr(capture, "WARM", 0)
    monkeypatch.setattr(f"{__name__}.WARM", 0)
    items = members(lambda place: network(model_name, place), (3, 4), given=sizes(model_name, 2, 28))
    assert recorded(in_float32(items)).waits() == []


def targets(clips):
    n, units = len(clips), clips.units.float().numpy()
    names = tuple(f"clip{i}" for i in range(n))
    return Targets(names, tuple("abc"), clips.answer.numpy(), tuple(FACS), units, np.ones(n, np.float32))


def test_a_step_of_every_loss_can_be_recorded(loss_name, tapes):
    node, items = read_option("loss", loss_name), members(gcn, (6, 7))
    for item in items:
        if getattr(target_class(node), "detection", False):
            item.detection, item.clips.answer = True, item.clips.units[:, :3]
            item.loss = build(node, torch.tensor([[3, 2], [1, 4], [2, 3]])).double()
        else:
            item.loss = build(node, torch.bincount(item.clips.answer)).double()
            if hasattr(item.loss, "fit"):
                item.loss.fit(targets(item.clips))
    assert recorded(items).waits() == []


def test_augmented_training_is_not_replayed(tapes, caplog):
    items = augmented(members(gcn))
    with caplog.at_level(logging.INFO, "mmer"):
        after = trained(items, ON)
    check_same(ordinary(items, ON), after)
    assert [recorder.replays for recorder in tapes] == [0, 0]
    (said,) = caplog.messages
    assert said == (
        "invented, stack of 3 from seed 0, fold fold0: steps are not replayed: augmentation draws its numbers outside "
        "the GPU"
    )


@pytest.mark.parametrize("good", [0, 1])
def test_a_step_that_cannot_be_recorded_is_taken_as_ever(good, tapes, monkeypatch, caplog):
    """The first or the second shape cannot: neither is replayed from then on, and no number changes."""

    class Unwilling(TapeRecorder):
        def record(self, work):
            if len(self.tapes) == good:
                raise RuntimeError("operation not permitted when stream is capturing\nSearch for more")
            return super().record(work)

    monkeypatch.setitem(capture.RECORDERS, "cpu", Unwilling)
    items = members(gcn)
    after = trained(items, ON)
    check_same(ordinary(items, ON), after)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.message.endswith(
        "steps are not replayed: one could not be recorded (operation not permitted when stream is capturing)"
    )


@pytest.mark.parametrize("faster", ["ordinary", "replayed"])
def test_the_faster_way_is_taken(faster, tapes, monkeypatch, caplog):
    """By a clock that says how long a step takes; whichever way it is, the numbers are the same."""
    seconds = {"ordinary": (0.004, 0.005), "replayed": (0.004, 0.003)}[faster]  # of a step as written, and replayed
    now = [0.0, 0]

    def clock():
        now[1] += 1
        now[0] += seconds[bool(tapes[0].tapes)] if now[1] % 2 == 0 else 1.0
        return now[0]

    monkeypatch.setattr(capture, "perf_counter", clock)
    items, recipe = members(gcn), replace(ON, epochs=10, cuda_graph="auto")
    with caplog.at_level(logging.INFO, "mmer"):
        after = trained(items, recipe)
    check_same(ordinary(items, recipe), after)
    (said,) = caplog.messages
    if faster == "ordinary":
        assert said.endswith("steps are not replayed: a step takes 4.00 ms, replayed 5.00 ms")
        assert tapes[0].replays - TIMED < TIMED  # those of the other shape, until then
        assert not tapes[1].warm
    else:
        assert said.endswith("steps are replayed: one takes 3.00 ms, else 4.00 ms")
        assert len(tapes) == 1


def test_the_steps_that_are_timed_for_the_plan_are_those_of_the_training(tapes, monkeypatch):
    timed = members(gcn, (32,))
    for choice, ordinary_steps in (("on", WARM), ("auto", WARM + TIMED)):
        monkeypatch.setattr(capture, "perf_counter", lambda: 0.0 if tapes[-1].tapes else float(tapes[-1].warm))
        assert time_steps(copy.deepcopy(timed), replace(SIX, cuda_graph=choice), steps=4) > 0
        assert tapes[-1].warm == ordinary_steps  # and all others were replayed, the timed ones among them
        assert tapes[-1].replays > 8  # of 12 or 22 steps


def test_off_records_nothing_where_it_could(tapes):
    items = members(gcn)
    check_same(ordinary(items, ON), trained(items, replace(ON, cuda_graph="off")))
    assert not tapes


def test_a_cpu_has_no_graphs_to_replay(corpus, task):
    items = members(gcn)
    check_same(ordinary(items, ON), trained(items, replace(ON, cuda_graph="auto")))
    said = r"cuda_graph is 'on', but training runs on the cpu.*use cuda_graph: auto or off, or device: cuda"
    with pytest.raises(InputError, match=said):
        train(items, ON)
    samples, targets, _, splits = corpus()
    with pytest.raises(InputError, match=said):
        run_folds(task(samples, targets, cuda_graph="on"), splits)  # before the first fold is asked for


def test_choices():
    with pytest.raises(InputError, match=r"cuda_graph is 'of'; .*off"):
        replace(SIX, cuda_graph="of")
    node = read_option("model", "gcn")
    for written, read in ((True, "on"), (False, "off"), ("auto", "auto"), ("on", "on")):  # yaml reads on as true
        assert split_model(node | {"cuda_graph": written})[1].cuda_graph == read
    assert split_model(node)[1].cuda_graph == Recipe(1, 1, 1.0).cuda_graph == "auto"


def test_the_rivals_of_the_benchmark_train_the_same(tapes, monkeypatch):
    """The one that replays too; as far as a tape can show it, to which torch's default Adam hands numbers."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "scripts")
    bench, rivals = (importlib.import_module(name) for name in ("bench_training", "bench_cuda"))
    monkeypatch.setattr(bench, "CLIPS", 70)  # in batches of 23 and 24
    monkeypatch.setattr(torch.optim, "Adam", partial(torch.optim.Adam, fused=True))
    recipe = Recipe(epochs=3, batch_size=32, lr=bench.LR)
    cpu = torch.device("cpu")
    found = rivals.compare("gcn17", 3, 1, recipe, cpu, lambda: None)  # ends where losses differ
    assert set(found["ratio to others"]) == {"graphs", "stack without graphs"}
    if not torch.cuda.is_available():
        monkeypatch.setattr(sys, "argv", ["bench_cuda.py"])
        with pytest.raises(SystemExit, match="2"):
            rivals.main()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("changed", RECIPES.values(), ids=RECIPES)
@pytest.mark.parametrize("name", ["gcn", "ststnet", "auw_gcn"])
def test_a_gpu_replays_what_it_does_otherwise(name, changed, caplog):
    def on_gpu(item):
        item.model, item.loss, item.edges = item.model.cuda(), item.loss.cuda(), item.edges.cuda()
        item.clips = item.clips.map(torch.Tensor.cuda)
        return item

    items = [on_gpu(member(network(name, place), place, n)) for place, n in enumerate(RAGGED)]
    recipe = replace(ON, **changed)
    after, before = trained(items, recipe), trained(items, replace(recipe, cuda_graph="off"))
    assert not caplog.messages  # it was recorded
    for one, other in zip(after[0], before[0], strict=True):
        torch.testing.assert_close(weights(one), weights(other), rtol=0, atol=1e-12)
