"""How an experiment is trained on this machine: how many trainings to a stack, and in how many processes.

Stacking takes away what every operation costs however small it is, so it pays for small models and not for large ones;
where the border lies depends on the machine. So a few steps are timed alone and stacked, and the faster way is taken.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from math import ceil
from typing import Any

import numpy as np
import torch

from mmer.training.device import find_device, free_memory
from mmer.training.early_stopping import held_out_clips
from mmer.training.task import Task
from mmer.training.train import steps_per_epoch
from mmer.types.split import Split
from mmer.types.workers import cores

# Starting workers, whose imports ran beside those of the stage (``mmer.types.workers.warm_up``), takes about this many
# seconds. Where they save less, there are none.
START_SECONDS = 5.0
# Below so many seconds in all, the timing of stacks would cost what it saves.
WORTH_STACKING = 10.0
TIMED = 16  # trainings in the stack that is timed: gains saturate there
LARGEST = {"cpu": 34, "cuda": 512}  # trainings in a stack
# A stack's clips exist three times for a moment (cut out, scaled, put together); the rest is for activations.
COPIES, SHARE_OF_MEMORY = 3, 0.5


@dataclass(frozen=True)
class Plan:
    """How to train.

    Parameters
    ----------
    stack : int
        Most trainings that are put together.
    processes : int
    seconds : float
        What a training takes, as far as it was timed.
    said : str
        The choice and its reason, for the log.
    """

    stack: int
    processes: int
    seconds: float
    said: str

    def note(self) -> dict[str, Any]:
        """Return what a later run needs to choose the same: the stacks decide the last bits of the results."""
        return {"stack": self.stack, "seconds": self.seconds}


def make_plan(
    task: Task,
    trainings: Sequence[tuple[int, Split]],
    processes: int | None,
    stack: int | None,
    time_stack: Callable[[int], float],
    modules: Sequence[str] = (),
    noted: dict[str, Any] | None = None,
    cluster: int | None = None,
) -> Plan:
    """Choose what is not given, by timing.

    Parameters
    ----------
    task : Task
    trainings : sequence of (seed, split)
    processes, stack : int or None
        See ``mmer.training.folds.run_folds``.
    time_stack : callable
        Number of trainings in a stack -> seconds that one of them takes.
    modules : sequence of str
        To be imported before anything is timed.
    noted : dict, optional
        The note of an earlier plan of the same trainings; then nothing is timed.
    cluster : int, optional
        How many workers there are, of the kind of the one that plans; they stand for ``processes``.
    """
    cuda = find_device(task.device).type == "cuda" and not task.classical
    if cuda and not cluster:
        processes = min(processes or len(trainings), torch.cuda.device_count())  # one per GPU
    processes = cluster or processes
    workers = min(processes or cores(), len(trainings))
    sharing = min(workers, cores()) if cluster else workers  # as many workers as cores may share a node
    largest = 1 if task.classical else _largest(task, trainings, workers, sharing, "cuda" if cuda else "cpu")
    if noted is not None and stack is None:
        stack, seconds, why = min(noted["stack"], largest), noted["seconds"], "as before"
    elif stack is not None:
        stack, seconds, why = min(stack, largest), 0.0, "as told"
        if processes is None and not cuda:
            seconds = _timed_alone(time_stack, modules)
    else:
        stack, seconds = 1, _timed_alone(time_stack, modules)
        why = f"a training takes {1000 * seconds:.0f} ms alone"
        if largest > 1 and seconds * len(trainings) > WORTH_STACKING:
            timed = min(TIMED, largest)
            stacked = time_stack(timed)
            why += f", {1000 * stacked:.0f} ms in a stack of {timed}"
            if stacked < seconds:
                stack, seconds = largest, stacked
    if processes is None and not cuda:
        saved = seconds * len(trainings) * (1 - 1 / cores())
        workers = cores() if saved > START_SECONDS else 1
    where = f"on {workers} worker(s) of a cluster" if cluster else f"in {workers} process(es) of one thread"
    said = f"{len(trainings)} trainings, at most {stack} to a stack, {where} ({why})"
    return Plan(stack, workers, seconds, said)


def _timed_alone(time_stack: Callable[[int], float], modules: Sequence[str]) -> float:
    """Return the seconds that one training alone takes."""
    for module in modules:
        import_module(module)  # not to be taken for the time of a step
    return time_stack(1)


def _largest(task: Task, trainings: Sequence[tuple[int, Split]], workers: int, sharing: int, device: str) -> int:
    """Return how many trainings a stack may have: as many as keep every process busy, and as fit into memory."""
    most = max(len(split.train) for _, split in trainings)
    parts = [*task.samples.streams.values(), *(task.samples.siblings.values() if task.augment.neighbours else ())]
    clip = sum(values[:1].nbytes for values in parts)
    if device == "cuda":  # one worker per GPU, and a stack that fits on each
        free = min(free_memory(torch.device(device, place)) for place in range(torch.cuda.device_count()))
    else:
        free = free_memory(torch.device(device)) / sharing
    fit = int(SHARE_OF_MEMORY * free / max(COPIES * clip * most, 1))
    rounds = ceil(len(trainings) / (workers * LARGEST[device]))
    return max(1, min(ceil(len(trainings) / (workers * rounds)), fit))


def make_stacks(task: Task, trainings: Sequence[tuple[int, Split]], stack: int) -> list[list[int]]:
    """Put trainings with equally many steps per epoch together.

    Parameters
    ----------
    task : Task
    trainings : sequence of (seed, split)
    stack : int
        Most trainings to a stack; those of equally many steps are cut into even parts.

    Returns
    -------
    list of list of int
        Places in ``trainings``; long work first, so that no process is left alone with it at the end.
    """
    groups: dict[int, list[int]] = {}
    for place, (seed, split) in enumerate(trainings):
        groups.setdefault(_group(task, seed, split), []).append(place)
    stacks = [
        part.tolist()
        for _, places in sorted(groups.items())
        for part in np.array_split(places, ceil(len(places) / stack))
    ]
    work = {steps: steps or 1 for steps in groups}
    of = {place: steps for steps, places in groups.items() for place in places}
    return sorted(stacks, key=lambda places: (-len(places) * work[of[places[0]]], places[0]))


def _group(task: Task, seed: int, split: Split) -> int:
    """Return the number of steps per epoch of a training."""
    if task.classical:
        return 0
    held_out = len(held_out_clips(task, split, seed))
    return steps_per_epoch(len(split.train) - held_out, task.recipe)
