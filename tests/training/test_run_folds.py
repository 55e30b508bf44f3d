"""Running folds: stacks, seeds, processes, failures, memory, and going on after a kill."""

import multiprocessing
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from mmer.losses.cross_entropy import CrossEntropy
from mmer.stages.build import read_option, target_class
from mmer.stages.fold_cache import FoldCache
from mmer.training import folds, plan
from mmer.training.early_stopping import held_out_clips
from mmer.training.folds import check_folds, run_folds
from mmer.types.errors import InputError


def same(first, second):
    assert [(r.seed, r.fold) for r in first] == [(r.seed, r.fold) for r in second]
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.probabilities, other.probabilities)
        assert one.curve.equals(other.curve)
        assert one.seen == other.seen


def test_stacked_folds_and_seeds_are_the_folds_alone(corpus, task):
    samples, targets, _, splits = corpus()
    alone = list(run_folds(task(samples, targets, "gcn"), splits, 1, seeds=[0, 3], stack=1))
    stacked = list(run_folds(task(samples, targets, "gcn"), splits, 1, seeds=[0, 3], stack=5))
    assert [(r.seed, r.fold) for r in stacked] == [(seed, split.fold) for seed in (0, 3) for split in splits]
    for one, other in zip(alone, stacked, strict=True):
        assert one.seen == other.seen
        assert one.clip_ids == other.clip_ids
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-4)  # float32, 15 steps


def test_every_loss_works_in_a_stack(corpus, task, loss_name):
    """Losses that look at features or action units, that change with time, or that decide differently too."""
    samples, targets, _, splits = corpus()
    units = (np.arange(48).reshape(24, 2) % 5 < 2).astype(np.float32)
    targets = replace(targets, au_names=("AU04", "AU12"), action_units=units)
    if getattr(target_class(read_option("loss", loss_name)), "detection", False):
        targets = replace(targets, classes=("absent", "present"), units=targets.au_names, index=0 * targets.index)
    made = task(samples, targets, "gcn", loss=loss_name, epochs=4)
    alone, stacked = (list(run_folds(made, splits[:3], 1, stack=stack)) for stack in (1, 3))
    for one, other in zip(alone, stacked, strict=True):
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-3)  # float32, 12 steps
        np.testing.assert_allclose(one.curve, other.curve, rtol=1e-3, atol=1e-3)


def test_what_a_loss_decides_reaches_the_predictions(corpus, task):
    samples, targets, _, splits = corpus()
    plain, adjusted = (
        list(run_folds(task(samples, targets, "gcn", loss=name), splits[:2], 1, stack=2))
        for name in ("cross_entropy", "logit_adjustment_posthoc")
    )
    for one, other, split in zip(plain, adjusted, splits, strict=False):
        counts = targets.subset(split.train).class_counts
        expected = one.probabilities / (counts / counts.sum())
        np.testing.assert_allclose(other.probabilities, expected / expected.sum(1, keepdims=True), atol=1e-5)


@pytest.mark.all  # workers that import torch
def test_processes_change_no_bit_of_stacks(corpus, task):
    samples, targets, _, splits = corpus()
    one, two = (list(run_folds(task(samples, targets, "gcn"), splits, n, stack=3)) for n in (1, 2))
    same(one, two)


def test_folds_with_other_numbers_of_steps_are_stacked_apart(corpus, task):
    samples, targets, _, splits = corpus()
    some = replace(splits[1], train=splits[1].train[:12])
    trainings = [(0, split) for split in (splits[0], some, *splits[2:])]
    made = task(samples, targets, "gcn")  # 20 clips: three steps of at most 8; 12 clips: two
    assert sorted(map(sorted, plan.make_stacks(made, trainings, 34))) == [[0, 2, 3, 4, 5], [1]]
    assert sorted(map(len, plan.make_stacks(made, trainings, 3))) == [1, 2, 3]


class Fragile(CrossEntropy):
    """No number in folds that train on other than six clips of the first class."""

    def __init__(self, class_counts):
        super().__init__(class_counts)
        self.register_buffer("factor", torch.where(class_counts[0] == 6, 1.0, torch.nan))

    def forward(self, logits, target, weight):
        return self.factor * super().forward(logits, target, weight)


def test_a_failed_fold_is_named_at_the_end_and_the_others_are_there(corpus, task, caplog):
    samples, targets, _, splits = corpus()
    made = replace(task(samples, targets, "gcn"), make_loss=Fragile)
    good = [split.fold for split in splits if targets.subset(split.train).class_counts[0] == 6]
    bad = [split.fold for split in splits if split.fold not in good]
    assert min(len(good), len(bad)) >= 2
    found = []
    with pytest.raises(InputError, match=f"fold '{bad[0]}'.*lower lr.*{len(bad) - 1} more trainings failed"):
        found.extend(run_folds(made, splits, 1, stack=6))
    assert [result.fold for result in found] == good
    assert all(f"fold {fold!r}: the training loss is nan in epoch 1" in caplog.text for fold in bad)


def test_a_stack_that_does_not_fit_is_halved(corpus, task, monkeypatch):
    samples, targets, _, splits = corpus()
    made, whole, sizes = task(samples, targets, "gcn"), folds.train_stack, []

    def small(task, trainings, way=None):
        sizes.append(len(trainings))
        if len(trainings) > 2:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory")
        return whole(task, trainings, way)

    monkeypatch.setattr(folds, "train_stack", small)
    halved = list(run_folds(made, splits, 1, stack=6))
    assert sizes == [6, 3, 2, 3, 2]
    assert [result.fold for result in halved] == [split.fold for split in splits]


def test_another_error_is_not_taken_for_lack_of_memory(corpus, task, monkeypatch):
    samples, targets, _, splits = corpus()
    monkeypatch.setattr(folds, "train_stack", lambda *_: (_ for _ in ()).throw(RuntimeError("a bug")))
    with pytest.raises(RuntimeError, match="a bug"):
        list(run_folds(task(samples, targets, "gcn"), splits, 1, stack=6))


@pytest.mark.parametrize(("alone", "stacked", "expected"), [(1.0, 0.4, 6), (1.0, 1.5, 1), (0.1, 0.01, 1)])
def test_the_faster_way_is_taken_where_it_matters(corpus, task, alone, stacked, expected):
    samples, targets, _, splits = corpus()
    trainings = [(seed, split) for seed in range(5) for split in splits]  # 30
    asked = []

    def time_stack(number):
        asked.append(number)
        return alone if number == 1 else stacked

    made = plan.make_plan(task(samples, targets, "gcn"), trainings, 5, None, time_stack)
    assert (made.stack, made.processes) == (expected, 5)
    assert asked == ([1] if alone * 30 < plan.WORTH_STACKING else [1, 6])
    again = plan.make_plan(task(samples, targets, "gcn"), trainings, 5, None, pytest.fail, noted=made.note())
    assert again.stack == made.stack
    told = plan.make_plan(task(samples, targets, "gcn"), trainings, 5, 4, pytest.fail)
    assert (told.stack, told.processes) == (4, 5)


def test_what_is_done_is_not_done_again(corpus, task, tmp_path, monkeypatch):
    samples, targets, _, splits = corpus()
    made, cache = task(samples, targets, "gcn"), FoldCache(tmp_path)
    first = list(run_folds(made, splits, 1, stack=3, cache=cache))
    monkeypatch.setattr(folds, "train_stack", pytest.fail)
    same(first, list(run_folds(made, splits, 1, stack=3, cache=cache)))


def train_into(made, splits, folder):
    """Train in a process that will be killed."""
    list(run_folds(made, splits, 1, stack=2, cache=FoldCache(folder)))


def test_after_a_kill_the_next_run_goes_on_and_ends_the_same(corpus, task, tmp_path, monkeypatch):
    samples, targets, _, splits = corpus(subjects=8)
    made, cache = task(samples, targets, "gcn", epochs=80), FoldCache(tmp_path / "cache")
    child = multiprocessing.get_context("spawn").Process(target=train_into, args=(made, splits, cache.folder))
    child.start()
    patience = time.monotonic() + 120
    while len(list(cache.folder.glob("*.npz"))) < 3 and child.is_alive() and time.monotonic() < patience:
        time.sleep(0.01)
    child.kill()
    child.join()
    done = len(list(cache.folder.glob("*.npz")))
    assert 3 <= done < 8, "the child was to be killed in the middle"
    trained, whole = [], folds.train_stack

    def counting(task, trainings, way=None):
        trained.extend(split.fold for _, split in trainings)
        return whole(task, trainings, way)

    monkeypatch.setattr(folds, "train_stack", counting)
    resumed = list(run_folds(made, splits, 1, stack=2, cache=cache))
    assert 8 - done <= len(trained) <= 8 - done + 1  # a stack whose second fold was not yet written is trained again
    same(resumed, list(run_folds(made, splits, 1, stack=2)))


PATIENT = {"patience": 1, "validation_subjects": 2, "epochs": 30, "lr": 0.05}


def test_held_out_subjects_are_training_subjects_and_teach_nothing(corpus, task):
    samples, targets, clips, splits = corpus(subjects=8, per_subject=6)
    subjects = dict(zip(clips.clip_id, clips.subject, strict=True))
    made = replace(task(samples, targets, "gcn", fit_edges=edges, **PATIENT), subjects=subjects)
    for result, split in zip(run_folds(made, splits, 1, stack=4), splits, strict=True):
        held_out = set(result.seen["epochs"])
        assert held_out < set(split.train)
        assert len({subjects[clip] for clip in held_out}) == 2
        for what in ("scaler", "loss", "weights", "edge_weight"):
            assert set(result.seen[what]) == set(split.train) - held_out, what
        assert held_out == set(held_out_clips(made, split, 0))
    chosen = {held_out_clips(made, splits[0], seed) for seed in range(6)}
    assert len(chosen) > 1


def edges(targets):
    return np.ones(8, np.float32)


def test_labels_of_test_clips_do_not_decide_when_to_stop(corpus, task):
    samples, targets, clips, splits = corpus(subjects=8, per_subject=6)
    subjects = dict(zip(clips.clip_id, clips.subject, strict=True))
    test = np.isin(targets.clip_ids, splits[1].test)
    poisoned = replace(targets, index=np.where(test, (targets.index + 1) % 3, targets.index))
    first, second = (
        list(run_folds(replace(task(samples, some, "gcn", **PATIENT), subjects=subjects), splits[1:2], 1, stack=1))
        for some in (targets, poisoned)
    )
    same(first, second)


def test_too_few_subjects_to_hold_out_are_refused(corpus, task):
    samples, targets, clips, splits = corpus()
    made = task(samples, targets, "gcn", **PATIENT | {"validation_subjects": 5})
    with pytest.raises(InputError, match="needs to know the subject"):
        check_folds(made, splits)
    made = replace(made, subjects=dict(zip(clips.clip_id, clips.subject, strict=True)))
    with pytest.raises(InputError, match=r"only [0-4] can be held out.*validation_subjects"):
        check_folds(made, splits)
