"""Classical models in folds: what they see, what they leave behind, what is refused."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from mmer.audit.poison import trace
from mmer.stages.build import build, read_option
from mmer.stages.recipe import split_model
from mmer.training.classical import fit_classical
from mmer.training.fit import predict
from mmer.training.folds import Task, check_folds, fit_fold, run_folds, train_fold
from mmer.training.seeds import Key
from mmer.types.errors import InputError
from mmer.types.samples import Samples


@pytest.fixture
def flow_corpus(corpus):
    """(samples, targets, LOSO splits) of invented clips with motion and nothing else."""

    def make(**options):
        samples, targets, _, splits = corpus(**options)
        rng = np.random.default_rng(1)
        flow = 5 + 3 * rng.normal(size=(len(samples.clip_ids), 3, 16, 16))
        flow[:, 0, :8] += 4 * (targets.index == 0)[:, None, None]
        flow[:, 1, 8:] += 4 * (targets.index == 1)[:, None, None]
        there = {"flow": np.ones(len(flow), bool)}
        return Samples(samples.clip_ids, {"flow": flow.astype(np.float32)}, there), targets, splits

    return make


def classical(samples, targets, name, seed=0):
    model, recipe = split_model(read_option("model", name))
    return Task("invented", seed, samples, targets, partial(build, model), None, None, recipe, "cpu", (), True)


def test_folds_learn_and_the_probabilities_are_the_models_own(flow_corpus, classical_name):
    samples, targets, splits = flow_corpus()
    task = classical(samples, targets, classical_name)
    right = 0
    for result, split in zip(run_folds(task, splits, 1), splits, strict=True):
        fitted = fit_fold(task, split)
        scaled = fitted.scaler.transform(samples.subset(split.test))
        np.testing.assert_allclose(result.probabilities, fitted.model.model.probabilities(scaled), rtol=0, atol=1e-12)
        right += (result.probabilities.argmax(1) == targets.subset(split.test).index).sum()
        assert list(result.curve.epoch) == [1]
        assert result.curve.accuracy[0] > 0.9
    assert right / len(samples.clip_ids) > 0.8


def test_the_ledger_names_the_training_clips(flow_corpus, classical_name):
    samples, targets, splits = flow_corpus()
    seen = train_fold(classical(samples, targets, classical_name), splits[2]).seen
    assert set(seen) == {"scaler", "loss", "weights"}
    assert all(set(clips) == set(splits[2].train) for clips in seen.values())


def test_nothing_of_a_fold_depends_on_its_test_clips(flow_corpus, classical_name):
    samples, targets, splits = flow_corpus()
    split = splits[1]
    honest = trace(classical(samples, targets, classical_name), split)
    assert honest.consistent
    rows = np.isin(samples.clip_ids, split.test)
    index = targets.index.copy()
    index[rows] = (index[rows] + 1) % 3
    weight = targets.weight.copy()
    weight[rows] = 9
    others = trace(classical(samples, replace(targets, index=index, weight=weight), classical_name), split)
    flow = samples.streams["flow"].copy()
    flow[rows] *= -50
    moved = trace(classical(replace(samples, streams={"flow": flow}), targets, classical_name), split)
    for part, arrays in honest.parts.items():
        for name, values in arrays.items():
            np.testing.assert_array_equal(others.parts[part][name], values, err_msg=f"{part} {name}")
            if part != "predictions":
                np.testing.assert_array_equal(moved.parts[part][name], values, err_msg=f"{part} {name}")
    assert set(honest.parts["weights"]) >= {"centre", "length"}


def test_order_of_clips_and_processes_change_nothing(flow_corpus, classical_name):
    samples, targets, splits = flow_corpus(subjects=4)
    turned = list(np.random.default_rng(3).permutation(samples.clip_ids))
    other = classical(samples.subset(turned), targets.subset(tuple(turned[::-1])), classical_name)
    here = run_folds(classical(samples, targets, classical_name), splits, 1)
    # Processes take long to start, and are the same for every model.
    processes = 2 if classical_name == "svm_rbf" else 1
    there = run_folds(other, [replace(split, train=split.train[::-1]) for split in splits], processes)
    for first, second in zip(here, there, strict=True):
        assert (first.fold, first.clip_ids) == (second.fold, second.clip_ids)
        np.testing.assert_array_equal(first.probabilities, second.probabilities)


def test_the_observer_is_called_once_with_what_is_returned(flow_corpus):
    samples, targets, splits = flow_corpus()
    calls = []
    fitted = fit_fold(classical(samples, targets, "svm_rbf"), splits[0], lambda *now: calls.append(now))
    assert [epoch for epoch, _ in calls] == [1]
    test = samples.subset(splits[0].test)
    np.testing.assert_array_equal(predict(calls[0][1], test), predict(fitted, test))


def test_action_units_are_refused_before_anything_is_fitted(flow_corpus, classical_name):
    samples, targets, splits = flow_corpus()
    task = classical(samples, replace(targets, units=("AU04",)), classical_name)
    with pytest.raises(InputError, match=r"'invented'.*names one class per clip.*choose a network"):
        check_folds(task, splits)
    with pytest.raises(InputError, match="choose a network"):
        fit_fold(task, splits[0])


def test_a_lacking_stream_and_foreign_targets_are_refused(flow_corpus, corpus):
    samples, targets, splits = flow_corpus()
    graphs = corpus()[0]
    with pytest.raises(InputError, match="flow"):
        check_folds(classical(graphs, targets, "svm_linear"), splits)
    task = classical(samples, targets, "svm_linear")
    with pytest.raises(InputError, match=r"different clips, e\.g\. fake/s00/k0"):
        fit_classical(
            samples.subset(samples.clip_ids[1:]), targets, task.make_model, task.recipe, Key("invented", 0, "s00")
        )
