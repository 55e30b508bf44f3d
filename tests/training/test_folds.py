"""Folds: what they may depend on, and what stops them before they start."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mmer.training.fit import predict
from mmer.training.folds import check_folds, fit_fold, run_folds
from mmer.types.errors import InputError
from mmer.types.split import Split


def run(task, splits, processes=1):
    return {result.fold: result for result in run_folds(task, splits, processes, stack=1)}


def same(first, second):
    assert first.keys() == second.keys()
    for fold, result in first.items():
        assert result.clip_ids == second[fold].clip_ids
        np.testing.assert_array_equal(result.probabilities, second[fold].probabilities)
        assert result.curve.equals(second[fold].curve)


@pytest.mark.parametrize("model", ["logreg", "gcn", "graph_tcn"])
def test_same_seed_same_bits_and_another_seed_other_bits(corpus, task, model):
    samples, targets, _, splits = corpus()
    first = run(task(samples, targets, model), splits[:2])
    torch.manual_seed(123)  # what was drawn elsewhere must not matter
    same(first, run(task(samples, targets, model), splits[:2]))
    other = run(task(samples, targets, model, seed=1), splits[:2])
    assert not np.array_equal(first[splits[0].fold].probabilities, other[splits[0].fold].probabilities)


def test_global_state_of_torch_is_left_alone(corpus, task):
    samples, targets, _, splits = corpus()
    before = torch.get_rng_state(), torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    run(task(samples, targets, "gcn"), splits[:1])
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1:] == (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())


def test_a_fold_alone_is_the_fold_among_others(corpus, task):
    samples, targets, _, splits = corpus()
    whole = run(task(samples, targets, "gcn"), splits)
    for split in (splits[4], splits[1]):
        same({split.fold: whole[split.fold]}, run(task(samples, targets, "gcn"), [split]))


def test_a_fold_may_test_a_clip_again_in_another_repeat_which_its_result_names(corpus, task):
    samples, targets, _, splits = corpus()
    again = [replace(splits[0], fold=f"repeat {repeat}", repeat=repeat) for repeat in (0, 2)]
    assert {fold: result.repeat for fold, result in run(task(samples, targets), again).items()} == {
        "repeat 0": 0,
        "repeat 2": 2,
    }
    with pytest.raises(InputError, match=r"tested in two folds of one repeat, 'repeat 0' and 'again'"):
        run(task(samples, targets), [again[0], replace(again[0], fold="again")])


def test_order_of_clips_changes_nothing(corpus, task):
    samples, targets, _, splits = corpus()
    turned = list(np.random.default_rng(3).permutation(samples.clip_ids))
    other = task(samples.subset(turned), targets.subset(tuple(sorted(turned, reverse=True))), "gcn")
    shuffled = [replace(split, train=split.train[::-1]) for split in splits[:2]]
    same(run(task(samples, targets, "gcn"), splits[:2]), run(other, shuffled))


def test_processes_change_nothing_and_keep_the_order(corpus, task):
    samples, targets, _, splits = corpus()
    here = list(run_folds(task(samples, targets), splits, processes=1, stack=1))
    there = list(run_folds(task(samples, targets), splits, processes=2, stack=1))
    assert [result.fold for result in there] == [split.fold for split in splits]
    same({result.fold: result for result in here}, {result.fold: result for result in there})


def test_unset_processes_change_nothing(corpus, task):
    samples, targets, _, splits = corpus()
    same(run(task(samples, targets), splits), run(task(samples, targets), splits, processes=None))


def test_an_error_in_a_worker_arrives_here(corpus, task):
    samples, targets, _, splits = corpus()
    with pytest.raises(InputError, match=r"fold 'fake/s00'.*epoch [12].*lower lr"):
        run(task(samples, targets, optimizer="sgd", lr=1e38), splits[:2], processes=2)


def poisoned(targets, split):
    """Targets in which every test clip of a fold has another class, other AUs and another weight."""
    test = np.isin(targets.clip_ids, split.test)
    return replace(
        targets,
        index=np.where(test, (targets.index + 1) % 3, targets.index),
        action_units=np.where(test[:, None], 1 - targets.action_units, targets.action_units),
        weight=np.where(test, 100, targets.weight).astype(np.float32),
    )


@pytest.mark.parametrize("model", ["logreg", "gcn", "graph_tcn"])
def test_who_watches_the_epochs_sees_those_of_shorter_trainings_and_changes_nothing(corpus, task, model):
    """The oracle gap stands or falls with it: the same training, dropout and all, looked at after every epoch."""
    samples, targets, _, splits = corpus()
    fold, tested = splits[2], samples.subset(splits[2].test)
    seen = {}

    def meddle(epoch, fitted):
        seen[epoch] = predict(fitted, tested)
        with torch.no_grad():
            for weight in fitted.model.parameters():
                weight.zero_()
        fitted.model.eval()
        torch.rand(3)

    watched = fit_fold(task(samples, targets, model, epochs=4), fold, meddle)
    assert list(seen) == [1, 2, 3, 4]
    for epochs, found in seen.items():
        alone = fit_fold(task(samples, targets, model, epochs=epochs), fold)
        np.testing.assert_array_equal(found, predict(alone, tested))
    np.testing.assert_array_equal(predict(watched, tested), seen[4])
    assert watched.curve.equals(alone.curve)


def edges_from_classes(targets):
    return np.full(8, 0.1 + targets.index.mean() + targets.weight.mean(), np.float32)


@pytest.mark.parametrize("model", ["logreg", "gcn", "graph_tcn"])
def test_targets_of_test_clips_change_no_bit(corpus, task, model):
    samples, targets, _, splits = corpus()
    fold = splits[2]
    clean = run(task(samples, targets, model, fit_edges=edges_from_classes), [fold])
    same(clean, run(task(samples, poisoned(targets, fold), model, fit_edges=edges_from_classes), [fold]))


def test_no_epoch_is_chosen_by_the_test_clips(corpus, task):
    """Noise, and steps so large that every epoch says something else: whoever kept the best would follow the truth."""
    samples, targets, _, splits = corpus(signal=0)
    for fold in splits[:3]:
        settings = {"epochs": 12, "batch_size": 4, "lr": 0.5}
        first = run(task(samples, targets, **settings), [fold])
        for other in (poisoned(targets, fold), poisoned(poisoned(targets, fold), fold)):
            same(first, run(task(samples, other, **settings), [fold]))


def test_other_test_clips_change_no_bit(corpus, task):
    """What is fitted (scaler, weights, counts) must not know the test clips; each is predicted by itself."""
    samples, targets, _, splits = corpus()
    fold = splits[2]
    values = samples.streams["graph"].copy()
    values[samples.clip_ids.index(fold.test[-1])] += 1000
    clean = run(task(samples, targets, "gcn"), [fold])[fold.fold]
    other = run(task(replace(samples, streams={"graph": values}), targets, "gcn"), [fold])[fold.fold]
    assert clean.curve.equals(other.curve)
    np.testing.assert_array_equal(clean.probabilities[:-1], other.probabilities[:-1])
    assert not np.array_equal(clean.probabilities[-1], other.probabilities[-1])


def test_edge_weights_come_from_the_training_targets(corpus, task):
    samples, targets, _, splits = corpus()
    seen = []

    def remember(train_targets):
        seen.append(train_targets.clip_ids)
        return np.ones(8, np.float32)

    run(task(samples, targets, fit_edges=remember), splits[:2])
    assert [set(ids) for ids in seen] == [set(split.train) for split in splits[:2]]


def test_learns_what_can_be_learned_and_nothing_from_noise(corpus, task):
    samples, targets, _, splits = corpus(subjects=12, per_subject=6)
    truth = dict(zip(targets.clip_ids, targets.index, strict=True))

    def accuracy(samples, truth, targets):
        results = run_folds(task(samples, targets, epochs=30, lr=0.02), splits, processes=1)
        return np.mean(
            [truth[c] == p.argmax() for r in results for c, p in zip(r.clip_ids, r.probabilities, strict=True)]
        )

    assert accuracy(samples, truth, targets) > 0.8

    noise, _, _, _ = corpus(subjects=12, per_subject=6, signal=0, seed=1)
    random = replace(targets, index=np.random.default_rng(2).permutation(targets.index))
    labels = dict(zip(random.clip_ids, random.index, strict=True))
    # Chance is 1/3; four standard deviations of 72 guesses are .22.
    assert 0.11 < accuracy(noise, labels, random) < 0.56


def test_a_class_absent_from_training_is_named(corpus, task):
    samples, targets, _, splits = corpus()
    index = np.where(targets.index == 2, 0, targets.index)
    index[list(targets.clip_ids).index(splits[3].test[0])] = 2
    with pytest.raises(InputError, match=r"'fake/s03'.*no training clip.*'surprise'.*label scheme"):
        check_folds(task(samples, replace(targets, index=index)), splits)


def test_clips_without_a_graph_are_counted_and_named(corpus, task):
    samples, targets, _, splits = corpus()
    present = samples.present["graph"].copy()
    present[[2, 5]] = False
    lacking = replace(samples, present={"graph": present})
    with pytest.raises(InputError, match=r"Logreg needs the stream 'graph', and 2 of 24 clips lack it: fake/s00/k2"):
        run_folds(task(lacking, targets), splits)


def test_clips_left_out_by_a_policy_are_explained(corpus, task):
    samples, targets, _, splits = corpus()
    rest = replace(samples.subset(samples.clip_ids[1:]), excluded={samples.clip_ids[0]: "3 of 20 frames have a face"})
    with pytest.raises(InputError, match=r"1 of 24 clips have no sample: fake/s00/k0 .*3 of 20 frames"):
        check_folds(task(rest, targets), splits)


def test_no_fold_twice_the_fold_and_one_class_are_refused(corpus, task):
    samples, targets, _, splits = corpus()
    with pytest.raises(InputError, match="no fold"):
        check_folds(task(samples, targets), [])
    with pytest.raises(InputError, match="one name"):
        check_folds(task(samples, targets), [splits[0], splits[0]])
    alone = replace(targets, classes=("negative",), index=np.zeros_like(targets.index))
    with pytest.raises(InputError, match="one class"):
        check_folds(task(samples, alone), splits)


def test_a_clip_without_target_is_named(corpus, task):
    samples, targets, _, splits = corpus()
    with pytest.raises(InputError, match="no target for fake/s00/k0"):
        check_folds(task(samples, targets.subset(targets.clip_ids[1:])), splits)


def test_device_and_processes_are_checked(corpus, task):
    samples, targets, _, splits = corpus()
    with pytest.raises(InputError, match="did you mean 'cuda'"):
        check_folds(replace(task(samples, targets), device="cude"), splits)
    with pytest.raises(InputError, match="processes"):
        run_folds(task(samples, targets), splits, processes=0)
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="no GPU"):
            check_folds(replace(task(samples, targets), device="cuda"), splits)


def test_person_dependent_splits_train_too(corpus, task):
    samples, targets, clips, _ = corpus()
    even = clips.index % 2 == 0
    split = Split.of("even", clips[even], clips[~even], person_independent=False)
    assert run(task(samples, targets), [split])["even"].probabilities.shape == (12, 3)
