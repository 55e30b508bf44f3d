"""Poison test: an honest fold keeps every bit, and a peek in any room after the split is found."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch

from mmer.audit.poison import differing, largest, poison, poisoned_clips, trace, with_other_features
from mmer.losses.weighted_cross_entropy import WeightedCrossEntropy
from mmer.models.logreg import Logreg
from mmer.training import folds
from mmer.types.clips import LABELS
from mmer.types.errors import InputError


def run(invented, change=lambda task: task, folds_to_test=2):
    """Run the poison test with ``change`` applied to every task that is made, honest or poisoned."""
    return poison(change(invented.task), invented.splits[:folds_to_test], invented.poisoned(change))


def parts(finding, what):
    return [set(fold[what]) for fold in finding.details["folds"]]


@pytest.mark.parametrize("units", [(), ("AU01", "AU04", "AU12")])
def test_an_honest_fold_keeps_every_bit(invented, units):
    finding = run(invented(units=units))
    assert finding.status == "clean"
    assert [fold["changed"] for fold in finding.details["folds"]] == [4, 4]
    assert "casme2/sub01" in finding.summary


# One peek per room. Each gets the task of all clips, as no room does.


class Remembering(Logreg):
    """A model that starts from what it should not know."""

    def __init__(self, sizes, counts):
        super().__init__(sizes)
        self.classifier.bias.data += torch.as_tensor(counts, dtype=torch.float32).log1p()


def peek_in_edges(task):
    everything = task.targets
    return replace(task, fit_edges=lambda targets: task.fit_edges(everything))


def peek_in_loss(task):
    counts = torch.from_numpy(task.targets.class_counts**2)
    return replace(task, make_loss=lambda _: WeightedCrossEntropy(counts))


def peek_in_model(task):
    return replace(task, make_model=partial(Remembering, counts=task.targets.index[:3]))


def peek_in_labels(task):
    """Classes are numbered by how often they occur."""
    order = np.argsort(task.targets.class_counts[::-1], kind="stable")
    return replace(task, targets=replace(task.targets, index=np.argsort(order)[task.targets.index]))


def peek_in_sampling(task):
    """Clips weigh by the frequency of their class among all clips."""
    weight = (1 / task.targets.class_counts)[task.targets.index].astype(np.float32)
    return replace(task, targets=replace(task.targets, weight=weight))


def peek_in_recipe(task):
    first = task.targets.action_units[:4].sum()
    return replace(task, recipe=replace(task.recipe, lr=0.01 * (1 + float(first))))


def peek_in_samples(task):
    """Features are centred by a class mean over all clips: training clips change with the labels of test clips."""
    x, index = task.samples.streams["graph"], task.targets.index
    mean = np.stack([x[index == k].mean(0) for k in range(3)])
    return replace(task, samples=replace(task.samples, streams={"graph": x - 0.5 * mean[index]}))


@pytest.mark.parametrize(
    ("peek", "first"),
    [
        (peek_in_edges, "edge weights"),
        (peek_in_loss, "weights"),
        (peek_in_model, "weights"),
        (peek_in_labels, "training labels"),
        (peek_in_sampling, "training labels"),
        (peek_in_recipe, "weights"),
        (peek_in_samples, "scaler"),
    ],
)
def test_a_peek_in_any_room_is_found(invented, peek, first):
    """The first part that differs says where the peek is."""
    table = invented(clips=5)  # classes that are not equally frequent
    finding = run(table, peek, folds_to_test=1)
    assert finding.status == "leak"
    assert finding.details["folds"][0]["labels"][0] == first
    assert "other labels of the test clips" in finding.summary


def test_a_peek_in_training_is_found(invented, monkeypatch):
    """Training starts from a seed that comes from the labels of all clips."""
    table, honest = invented(), folds.fit_fold

    def fit_fold(task, split, after_epoch=None):
        return honest(replace(task, seed=int(task.targets.index @ np.arange(len(task.targets.index)))), split)

    monkeypatch.setattr(folds, "fit_fold", fit_fold)
    finding = run(table)
    assert finding.status == "leak"
    assert all({"training curve"} <= found for found in parts(finding, "labels"))


def test_a_scaler_on_all_clips_is_found_though_it_reads_no_label(invented, scaler_on_all_clips):
    finding = run(invented())
    assert finding.status == "leak"
    assert parts(finding, "labels") == [set(), set()]
    assert all({"scaler", "weights", "predictions"} <= found for found in parts(finding, "features"))


def test_an_epoch_chosen_on_the_test_clips_is_found(invented, best_test_epoch):
    finding = run(invented(epochs=15, lr=0.5, signal=0), folds_to_test=3)
    assert finding.status == "leak"
    assert {"predictions"} in parts(finding, "labels")


class Comparing(Logreg):
    """A model that centres its features on the clips it is tested with."""

    def forward(self, batch, edge_weight):
        x = batch["graph"]
        return super().forward({"graph": x if self.training else x - x.mean(0)}, edge_weight)


def test_clips_that_are_predicted_together_must_not_matter(invented):
    finding = run(invented(), lambda task: replace(task, make_model=Comparing))
    assert finding.status == "leak"
    assert parts(finding, "features") == [{"predictions"}, {"predictions"}]


@pytest.mark.parametrize("error", [FileNotFoundError(2, "No such file", "data/casme2/x.xlsx"), InputError("no class")])
def test_who_asks_for_the_truth_that_was_taken_away_is_found(invented, error):
    def poisoned(split):
        raise error

    table = invented()
    finding = poison(table.task, table.splits[:1], poisoned)
    assert finding.status == "leak"
    assert str(error) in finding.summary


def test_what_differs_by_itself_tells_nothing(invented):
    """A model that draws from a running counter is no leak; it is not reproducible, and says so."""
    table = invented()
    counter = iter(range(1000))

    def unsteady(sizes):
        return Remembering(sizes, np.full(3, next(counter)) * [1, 2, 3])

    finding = run(table, lambda task: replace(task, make_model=unsteady))
    assert finding.status == "warning"
    assert "differ already" in finding.summary


def test_who_changes_predictions_after_training_is_named(invented, monkeypatch):
    honest = folds.train_fold

    def train_fold(task, split):
        result = honest(task, split)
        return replace(result, probabilities=result.probabilities**2)

    monkeypatch.setattr(folds, "train_fold", train_fold)
    finding = run(invented())
    assert finding.status == "warning"
    assert "not those of the model" in finding.summary


def test_a_corpus_of_one_class_cannot_be_poisoned_and_says_so(invented):
    table = invented()
    only = table.clips.assign(emotion=table.clips.emotion.mask(table.clips.dataset == "casme2", "disgust"))
    finding = run(replace(table, clips=only))
    assert finding.status == "skipped"
    assert [fold["changed"] for fold in finding.details["folds"]] == [0, 0]


def test_only_labels_of_test_clips_are_poisoned_and_the_corpus_has_the_word(invented):
    table = invented()
    split = table.splits[4]
    poisoned = poisoned_clips(table.clips.sample(frac=1, random_state=1), split.test, table.targets)
    before, after = table.clips.set_index("clip_id"), poisoned.set_index("clip_id")
    rest = [name for name in before if name not in LABELS]
    pd.testing.assert_frame_equal(after[rest], before[rest])
    train = list(split.train)
    pd.testing.assert_frame_equal(after.loc[train], before.loc[train])
    test = list(split.test)
    assert (after.emotion[test] != before.emotion[test]).all()
    assert (after.action_units[test] != before.action_units[test]).all()
    assert set(after.emotion[test]) <= set(before.emotion[before.dataset == "samm"])
    again = poisoned_clips(table.clips, split.test, table.targets)
    pd.testing.assert_frame_equal(poisoned, again)


def test_of_units_another_set_is_another_answer(invented):
    table = invented(units=("AU12",))
    split = table.splits[0]
    poisoned = poisoned_clips(table.clips, split.test, table.targets).set_index("clip_id").action_units
    before = table.clips.set_index("clip_id").action_units
    for clip in split.test:
        assert ("AU12" in poisoned[clip]) != ("AU12" in before[clip])


def test_other_features_leave_training_clips_and_one_test_clip_alone(invented):
    table = invented()
    split = table.splits[0]
    task, kept = with_other_features(table.task, split)
    same = [*split.train, kept]
    assert kept in split.test
    np.testing.assert_array_equal(
        task.samples.subset(same).streams["graph"], table.samples.subset(same).streams["graph"]
    )
    changed = [clip for clip in split.test if clip != kept]
    assert (task.samples.subset(changed).streams["graph"] != table.samples.subset(changed).streams["graph"]).all()
    assert np.isfinite(task.samples.streams["graph"]).all()


def test_siblings_of_test_clips_are_changed_with_them(invented):
    table = invented()
    split = table.splits[0]
    siblings = {"graph": np.repeat(table.samples.streams["graph"][:, None], 2, axis=1)}
    task, kept = with_other_features(replace(table.task, samples=replace(table.samples, siblings=siblings)), split)
    for row, clip in enumerate(task.samples.clip_ids):
        left_alone = clip in split.train or clip == kept
        assert (task.samples.siblings["graph"][row] == siblings["graph"][row]).all() == left_alone
    assert np.isfinite(task.samples.siblings["graph"]).all()


def test_bits_are_compared_not_values(invented):
    table = invented()
    first = trace(table.task, table.splits[0])
    turned = replace(first, parts=first.parts | {"edge weights": {"": np.float32([-0.0])}})
    straight = replace(first, parts=first.parts | {"edge weights": {"": np.float32([0.0])}})
    assert differing(turned, straight) == ["edge weights"]
    assert differing(first, first) == []


def test_the_largest_folds_are_tested(invented):
    table = invented()
    small = replace(table.splits[0], test=table.splits[0].test[:1])
    assert [split.fold for split in largest([small, *table.splits[1:]], 2)] == ["casme2/sub02", "casme2/sub03"]
