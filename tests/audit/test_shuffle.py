"""Shuffle test: who is taught shuffled labels is no better than chance, unless the test clips' truth gets in."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score

from mmer.audit.pooled import orders_within, right, said, scores
from mmer.audit.shuffle import shuffle, shuffled_fold, with_exchanged_features, with_shuffled_labels
from mmer.training import folds
from mmer.types.errors import InputError


def run(table, permutations=20):
    return shuffle(table.task, table.splits, table.corpora, permutations, processes=1)


@pytest.mark.parametrize("units", [(), ("AU01", "AU04", "AU12")])
def test_an_honest_pipeline_is_at_chance(invented, units):
    table = invented(signal=3, units=units)
    finding = run(table)
    assert finding.status == "clean"
    assert finding.details["score"] == ("macro_f1" if units else "uf1")
    assert abs(finding.details["excess"]) < 4 * finding.details["standard_error"] + 1e-9
    assert len(finding.details["scores"]) == 20


def test_who_fits_on_the_test_clips_is_found(invented, monkeypatch):
    honest = folds.fit_fold

    def fit_fold(task, split, after_epoch=None):
        return honest(task, replace(split, train=(*split.train, *split.test), test=("nobody",)), after_epoch)

    monkeypatch.setattr(folds, "fit_fold", fit_fold)
    finding = run(invented(epochs=20, lr=0.2))
    assert finding.status == "leak"
    assert "truth of the test clips" in finding.summary


@pytest.mark.all  # many trainings
def test_an_epoch_chosen_on_the_test_clips_is_found(invented, best_test_epoch):
    finding = run(invented(epochs=15, lr=0.5))
    assert finding.status == "leak"
    assert finding.details["excess"] > 0.1


def test_a_model_that_says_one_class_only_is_at_chance(invented, monkeypatch):
    honest = folds.train_fold

    def train_fold(task, split):
        result = honest(task, split)
        return replace(result, probabilities=np.tile([0.2, 0.5, 0.3], (len(split.test), 1)))

    monkeypatch.setattr(folds, "train_fold", train_fold)
    finding = run(invented(epochs=1))
    assert finding.status == "clean"
    assert finding.details["excess"] == pytest.approx(0, abs=1e-9)


def test_knowing_the_corpus_is_no_leak(invented):
    """Corpora of different classes: who tells the corpora apart is above 1/C, and still at chance."""
    table = invented(subjects=4, signal=0).with_labels_at_random()
    emotions = np.where(table.clips.dataset == "samm", "happiness", "disgust")
    mixed = np.where(np.arange(len(emotions)) % 4 == 0, "surprise", emotions)
    samples = table.samples
    x = samples.streams["graph"] + np.where(table.clips.dataset == "samm", 3, -3).reshape(-1, 1, 1, 1)
    table = replace(
        table,
        clips=table.clips.assign(emotion=mixed),
        samples=replace(samples, streams={"graph": x.astype(np.float32)}),
        recipe=replace(table.recipe, epochs=10, lr=0.05),
    )
    finding = run(table)
    assert finding.details["mean"] > 0.4
    assert finding.status == "clean"


def test_features_whose_size_goes_with_a_rare_class_are_no_leak(invented):
    """Whatever a model was taught, it says rare classes where features are large."""
    table = invented(subjects=5, clips=6, signal=0, epochs=12, lr=0.05)
    truth = np.resize(["disgust"] * 5 + ["happiness"] * 2 + ["surprise"], len(table.clips))
    truth = np.random.default_rng(3).permutation(truth)
    size = np.where(truth == "surprise", 6, 1).reshape(-1, 1, 1, 1)
    samples = replace(table.samples, streams={"graph": (table.samples.streams["graph"] * size).astype(np.float32)})
    assert run(replace(table, clips=table.clips.assign(emotion=truth), samples=samples)).status == "clean"


def test_test_clips_exchange_features_within_their_corpus(invented):
    table = invented()
    split = table.splits[4]
    tested = sorted(table.clips.clip_id)
    siblings = {"graph": np.repeat(table.samples.streams["graph"][:, None], 2, axis=1)}
    task = replace(table.task, samples=replace(table.samples, siblings=siblings))
    mixed = with_exchanged_features(task, split, tested, table.corpora, 1).samples
    assert (mixed.siblings["graph"] == mixed.streams["graph"][:, None]).all()
    before, after = (part.subset(split.train).streams["graph"] for part in (table.samples, mixed))
    np.testing.assert_array_equal(before, after)
    everything = {values.tobytes(): clip for clip, values in zip(tested, table.samples.streams["graph"], strict=True)}
    shown = [everything[values.tobytes()] for values in mixed.subset(split.test).streams["graph"]]
    assert len(set(shown)) == len(shown)
    assert {table.corpora[clip] for clip in shown} == {"samm"}
    assert shown != list(split.test)
    over_folds = [
        everything[values.tobytes()]
        for fold in table.splits
        for values in with_exchanged_features(table.task, fold, tested, table.corpora, 1)
        .samples.subset(fold.test)
        .streams["graph"]
    ]
    assert sorted(over_folds) == tested  # one permutation over all folds


def test_labels_move_within_their_corpus_and_together(invented):
    table = invented(subjects=3, clips=5)
    split = table.splits[0]
    mixed = with_shuffled_labels(table.task, split, table.corpora, 3).targets
    again = with_shuffled_labels(table.task, split, table.corpora, 3).targets
    other = with_shuffled_labels(table.task, split, table.corpora, 4).targets
    np.testing.assert_array_equal(mixed.index, again.index)
    assert (mixed.index != other.index).any()
    before, after = table.targets.subset(split.train), mixed.subset(split.train)
    assert (before.index != after.index).any()
    for corpus in ("casme2", "samm"):
        rows = [table.corpora[clip] == corpus for clip in split.train]
        assert sorted(before.index[rows]) == sorted(after.index[rows])
    # Of these clips each class has its own units, so a unit that stayed behind would show.
    pairs = {tuple(units): k for units, k in zip(before.action_units.tolist(), before.index, strict=True)}
    assert all(pairs[tuple(units)] == k for units, k in zip(after.action_units.tolist(), after.index, strict=True))
    np.testing.assert_array_equal(mixed.subset(split.test).index, table.targets.subset(split.test).index)


def test_too_few_permutations_are_refused(invented):
    with pytest.raises(InputError, match="at least 20 permutations"):
        run(invented(), 19)


def test_what_workers_need_can_be_sent(invented):
    table = invented()
    function, shared = pickle.loads(pickle.dumps((shuffled_fold, (table.task, tuple(table.splits), table.corpora))))
    here = shuffled_fold((table.task, table.splits, table.corpora), (2, 1))
    np.testing.assert_array_equal(function(shared, (2, 1)).probabilities, here.probabilities)


def test_orders_are_permutations_within_corpora():
    corpora = ["a", "b", "a", "b", "b", "a"]
    orders = orders_within(corpora, 500, np.random.default_rng(0))
    assert (np.sort(orders, 1) == np.arange(6)).all()
    assert (np.array(corpora)[orders] == np.array(corpora)).all()
    assert len(np.unique(orders, axis=0)) == 36


def test_stacked_scores_are_those_of_scikit_learn(invented):
    random = np.random.default_rng(0)
    for units in ((), ("AU01", "AU04", "AU12")):
        targets = invented(units=units).targets
        n = len(targets.clip_ids)
        predicted = said(random.dirichlet(np.ones(3), n), bool(units))
        orders = orders_within(["one"] * n, 7, random)
        found = scores(targets, predicted, orders)
        for row, order in enumerate(orders):
            truth = targets.answer[order].astype(int)
            names = ("macro_f1", "micro_f1") if units else ("uf1", "uar")
            second = f1_score(truth, predicted, average="micro") if units else recall_score(
                truth, predicted, average="macro"
            )  # fmt: skip
            assert found[names[0]][row] == pytest.approx(f1_score(truth, predicted, average="macro"), abs=1e-12)
            assert found[names[1]][row] == pytest.approx(second, abs=1e-12)


def test_units_that_nobody_annotated_do_not_count():
    answer = np.array([[1, np.nan], [0, 1]])
    assert right(answer, np.array([[[1, 0], [0, 0]], [[1, 1], [0, 1]]])).tolist() == [2 / 3, 1]
