"""One worker per GPU. The machine of the tests has none: what torch says of devices is invented."""

import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from mmer.training import plan
from mmer.training.augment.augment import Augment
from mmer.training.device import take_device
from mmer.types.workers import in_processes, place

GIB = 2**30


@pytest.fixture
def gpus(monkeypatch):
    """Three devices; the list of those that were taken."""
    taken = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device=None: (8 * GIB, 8 * GIB))
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    return taken


@pytest.mark.parametrize(("asked", "workers"), [(None, 3), (2, 2), (8, 3)])
def test_as_many_processes_as_devices(gpus, corpus, task, asked, workers):
    samples, targets, _, splits = corpus()
    trainings = [(seed, split) for seed in range(4) for split in splits]
    made = plan.make_plan(replace(task(samples, targets, "gcn"), device="auto"), trainings, asked, 1, pytest.fail)
    assert made.processes == workers


def test_a_stack_fits_on_the_device_with_the_least_memory(gpus, corpus, task, monkeypatch):
    samples, targets, _, splits = corpus()
    gcn = replace(task(samples, targets, "gcn"), device="auto")
    clip = sum(values[:1].nbytes for values in samples.streams.values())
    room = 100 * plan.COPIES * clip * len(splits[0].train) / plan.SHARE_OF_MEMORY  # for a hundred trainings
    free = (8 * GIB, int(room) + 1, 4 * GIB)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free[device.index], 8 * GIB))
    trainings = [(seed, splits[0]) for seed in range(3 * 512)]
    made = plan.make_plan(gcn, trainings, None, 512, pytest.fail)
    assert made.stack == 100
    # Four neighbours of each clip are clips too, where they are shown.
    siblings = {"graph": np.stack([samples.streams["graph"]] * 4, axis=1)}
    gcn = replace(gcn, samples=replace(samples, siblings=siblings))
    assert plan.make_plan(gcn, trainings, None, 512, pytest.fail).stack == 100
    shown = replace(gcn, augment=Augment(neighbours=True))
    assert plan.make_plan(shown, trainings, None, 512, pytest.fail).stack == 20


def test_workers_take_devices_in_turn_and_the_only_process_keeps_its_own(gpus):
    for number in (0, 1, 2, 3, None):
        take_device("auto", number)
    take_device("cpu", 1)
    assert gpus == [0, 1, 2, 0]


def where(shared, item):
    """The place of this worker, told once the other worker is here too, however long it took to start."""
    (shared / str(place())).touch()
    until = time.monotonic() + 120
    while len(list(shared.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    return place()


def test_workers_know_their_place_and_others_have_none(tmp_path):
    assert set(in_processes(where, tmp_path, range(6), 2)) == {0, 1}
    assert place() is None
