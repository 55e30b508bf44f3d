"""Folds on the workers of a Dask cluster are the folds of this process, also where a worker dies in mid-run."""

import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from dask_cluster import Cluster
from dask_tasks import lethal_loss
from mmer.executors.dask_address import DaskAddress
from mmer.executors.serial import Serial
from mmer.stages.fold_cache import FoldCache
from mmer.training.folds import run_folds
from mmer.training.many import run_many
from mmer.types.errors import InputError


@pytest.fixture(scope="module")
def executor(tmp_path_factory):
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    made = DaskAddress(address=cluster.address, wait=120)
    made.client().wait_for_workers(2, timeout=120)
    yield made
    made.close()
    cluster.close()


@pytest.mark.all  # two workers import torch
@pytest.mark.parametrize("stack", [1, 3])
def test_a_killed_worker_changes_no_bit(corpus, task, executor, tmp_path, stack):
    samples, targets, _, splits = corpus()
    made = task(samples, targets, "gcn")
    here = list(run_folds(made, splits, seeds=(0, 1), stack=stack, executor=Serial()))
    cache = FoldCache(tmp_path / "folds")
    lethal = replace(made, make_loss=partial(lethal_loss, cache.folder, made.make_loss))
    there = list(run_folds(lethal, splits, seeds=(0, 1), stack=stack, executor=executor, cache=cache))
    assert (cache.folder / "killed").exists()
    assert [(one.seed, one.fold) for one in there] == [(one.seed, one.fold) for one in here]
    for one, other in zip(here, there, strict=True):
        np.testing.assert_array_equal(one.probabilities, other.probabilities)
        assert one.curve.equals(other.curve)
        assert one.seen == other.seen
    # All is in the cache of the process that asked: a second run trains nothing and needs no worker.
    again = list(run_folds(made, splits, seeds=(0, 1), stack=stack, executor=DaskAddress(address="tcp://127.0.0.1:9"),
                           cache=cache))  # fmt: skip
    for one, other in zip(there, again, strict=True):
        np.testing.assert_array_equal(one.probabilities, other.probabilities)


@pytest.mark.all
def test_what_would_make_a_fold_fail_is_found_there_too(corpus, task, executor):
    samples, targets, _, splits = corpus()
    with pytest.raises(InputError, match="two folds have one name"):
        list(run_folds(task(samples, targets, "gcn"), [*splits, splits[0]], executor=executor))
    start = time.monotonic()
    with pytest.raises(InputError, match=r"nan|finite"):
        list(run_folds(task(samples, targets, "gcn", lr=1e30, epochs=5), splits[:2], stack=1, executor=executor))
    assert time.monotonic() - start < 60


@pytest.mark.all
def test_trials_on_a_cluster_are_the_trials_of_this_process(corpus, task, executor):
    samples, targets, _, splits = corpus()
    tasks = [task(samples, targets, "gcn", lr=lr, epochs=20) for lr in (0.01, 0.03)]
    trainings = [(one, split) for one in tasks for split in splits[:3]]
    here, there = (list(run_many(trainings, where, stack=3)) for where in (Serial(), executor))
    for one, other in zip(here, there, strict=True):
        assert one.fold == other.fold
        np.testing.assert_array_equal(one.probabilities, other.probabilities)
