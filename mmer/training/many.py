"""Train tasks that differ: the trials of a search. Those that differ only in numbers are one stack.

What the members of a stack have in common is their ``Frame``. Everything else is each member's own: its clips, labels,
edge weights, sampling, seeds, learning rate, decay, dropout.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil
from time import perf_counter, process_time

import numpy as np
import torch

from mmer.executors.processes import Processes
from mmer.training.device import (
    find_device,
    free_memory,
    is_out_of_memory,
    reproducible,
    take_device,
    tune_malloc,
)
from mmer.training.fold_result import FoldResult
from mmer.training.folds import PRELOAD, train_fold
from mmer.training.frame import Frame, Frames
from mmer.training.plan import COPIES, LARGEST, SHARE_OF_MEMORY, START_SECONDS, TIMED
from mmer.training.precision import tensor_cores
from mmer.training.stacked_folds import prepared, train_together
from mmer.training.task import Task
from mmer.training.train import time_steps
from mmer.types.errors import InputError
from mmer.types.executor import Executor
from mmer.types.split import Split
from mmer.types.workers import cores
from mmer.types.workers import place as place_of_worker

Training = tuple[Task, Split]
Result = FoldResult | InputError
# A model of which a step takes so many seconds on a CPU has nothing to gain, and its stack takes long to time.
HEAVY = 0.05
AT_ONCE = 8  # halving a smaller stack to keep all workers busy gains nothing
AGAIN_SECONDS = 1.0  # what it costs to fork workers again, and to load compiled kernels in each
log = logging.getLogger("mmer")
_saved = [0.0]  # seconds that workers would have saved in this process, had it always had them
_timed: dict[Frame, tuple[float, bool]] = {}  # seconds of a step of one training; whether stacking is faster


def run_many(
    trainings: Sequence[Training], executor: Executor | None = None, stack: int | None = None
) -> Iterator[Result]:
    """Train folds of many tasks.

    Parameters
    ----------
    trainings : sequence of (Task, Split)
        Tasks may differ in anything. What they share (samples, targets), should be the same object: it is sent to every
        worker once.
    executor : Executor, optional
        Where stacks are trained; processes of this machine when left out, as many as are worth it.
    stack : int or None
        Most trainings that are put together into one model, however many workers there are; 1: each alone. None: what
        is faster, by timing a few steps of every architecture, once in this process. Results depend on it in the last
        bits of their numbers only, which training may amplify.

    Returns
    -------
    iterator of FoldResult or InputError
        In the order of ``trainings``. The error of a training that cannot be done or that failed (a loss that is not
        finite); the others go on.

    Raises
    ------
    InputError
        ``stack`` is below 1; or what the executor raises, e.g. when its workers are killed.
    """
    if stack is not None and stack < 1:
        raise InputError(f"stack must be at least 1, got {stack}")
    return _run(list(trainings), executor or Processes(), stack)


def _run(trainings: list[Training], executor: Executor, stack: int | None) -> Iterator[Result]:
    """Group, train, and yield in order; see ``run_many``."""
    tune_malloc()
    frames = Frames()
    done: dict[int, Result] = {}
    groups: dict[Frame | int, list[int]] = {}
    for place, (task, split) in enumerate(trainings):
        try:
            groups.setdefault(place if task.classical else frames.of(task, split, checked=executor.remote), []).append(
                place
            )
        except InputError as error:
            done[place] = error
    preload = tuple(dict.fromkeys(name for task, _ in trainings for name in (*PRELOAD, *task.preload)))
    stacks, processes = _stacks(trainings, groups, executor, stack, preload)
    shared, items = _shared(trainings, stacks)
    if executor.remote or processes > 1:
        found = executor.map(_stack_here, shared, items, preload, processes)
    else:
        found = (_stack_here(shared, item) for item in items)
    place = 0
    for places, results in zip(stacks, found, strict=True):
        done |= dict(zip(places, results, strict=True))
        while place in done:
            yield done.pop(place)
            place += 1
    while place in done:
        yield done.pop(place)
        place += 1


def _stacks(
    trainings: list[Training],
    groups: dict[Frame | int, list[int]],
    executor: Executor,
    stack: int | None,
    preload: tuple[str, ...],
) -> tuple[list[list[int]], int]:
    """Cut groups into stacks, the longest work first; return them and in how many processes they are trained."""
    cuda = not executor.remote and any(  # of another machine's devices nothing is known here
        find_device(task.device).type == "cuda" for task, _ in trainings if not task.classical
    )
    workers = executor.workers or (torch.cuda.device_count() if cuda else cores())
    free = executor.workers is None and not (executor.remote or cuda)  # to use fewer processes
    cost, stacked = {}, {}
    for frame, places in groups.items():
        cost[frame], stacked[frame] = 1.0, not isinstance(frame, int)  # a classical model takes a moment, or seconds
        if stacked[frame] and (stack is None or free):
            seconds, faster = _time(frame, [trainings[place] for place in places], executor, preload)
            cost[frame] = seconds * frame.steps * frame.recipe.epochs
            stacked[frame] = faster or stack is not None
    many, total = sum(map(len, groups.values())), sum(cost[frame] * len(places) for frame, places in groups.items())
    # Stacks are the same whether or not workers are started: how large they are, shows in the last bits.
    share = max(AT_ONCE, ceil(many / (workers if len(groups) == 1 else 2 * workers)))
    found = []
    for frame, places in groups.items():
        most = min(stack or share, _largest(trainings, places, workers, cuda)) if stacked[frame] else 1
        found += [
            (-len(part) * cost[frame], part.tolist()) for part in np.array_split(places, ceil(len(places) / most))
        ]
    if free and not _worth(total * (1 - 1 / workers)):
        workers = 1
    log.info("%d trainings of %d kinds: %d stacks, %d at once", many, len(groups), len(found), workers)
    return [part for _, part in sorted(found)], min(workers, max(1, len(found)))


def _worth(saved: float) -> bool:
    """Say whether workers that save so many seconds are worth their start.

    The first start is that of the process which they are forked from. A search comes here generation by generation: as
    many seconds as that costs are given away once.
    """
    _saved[0] += saved
    return saved > AGAIN_SECONDS and _saved[0] > START_SECONDS


def _time(frame: Frame, trainings: list[Training], executor: Executor, preload: tuple[str, ...]) -> tuple[float, bool]:
    """Return the seconds that a step of one training takes, in the faster way, and whether that is a stack."""
    if frame not in _timed:
        number = min(TIMED, len(trainings))
        shared, items = _shared(trainings[:number], [list(range(number))])
        (_timed[frame],) = executor.map(_time_here, shared, items, preload) if executor.remote else [
            _time_here(shared, items[0])
        ]  # fmt: skip
    return _timed[frame]


def _time_here(shared: tuple[list[Task], list[Split]], item: list[tuple[int, int]]) -> tuple[float, bool]:
    """Time a step alone and in a stack of these trainings."""
    tasks, splits = shared
    chosen = [(tasks[task], splits[split]) for task, split in item]
    first = chosen[0][0]
    if first.classical:
        return 0.0, False

    def timed(some: list[Training]) -> float:
        members = [one[0].member for one in prepared(some) if not isinstance(one, InputError)]
        with reproducible(find_device(first.device)), tensor_cores(first.recipe.precision):
            return time_steps(members, first.recipe) if members else 0.0

    alone = timed(chosen[:1])
    heavy = find_device(first.device).type == "cpu" and alone > HEAVY
    if len(chosen) == 1 or heavy:
        return alone, False
    together = timed(chosen)
    log.info("a step takes %.2f ms alone, %.2f ms in a stack of %d", 1e3 * alone, 1e3 * together, len(chosen))
    return min(alone, together), together < alone


def _largest(trainings: list[Training], places: list[int], workers: int, cuda: bool) -> int:
    """Return how many trainings a stack may have to fit into memory."""
    clip = max(sum(values[:1].nbytes for values in trainings[place][0].samples.streams.values()) for place in places)
    most = max(len(trainings[place][1].train) for place in places)
    free = free_memory(torch.device("cuda" if cuda else "cpu")) / (1 if cuda else workers)
    return max(1, min(LARGEST["cuda" if cuda else "cpu"], int(SHARE_OF_MEMORY * free / max(COPIES * clip * most, 1))))


def _shared(
    trainings: list[Training], stacks: list[list[int]]
) -> tuple[tuple[list[Task], list[Split]], list[list[tuple[int, int]]]]:
    """Return tasks and splits, each once, and of every stack their places."""
    tasks, splits = ({id(pair[part]): pair[part] for pair in trainings} for part in (0, 1))
    rows = [{key: row for row, key in enumerate(part)} for part in (tasks, splits)]
    at = [tuple(row[id(one)] for row, one in zip(rows, pair, strict=True)) for pair in trainings]
    return (list(tasks.values()), list(splits.values())), [[at[place] for place in places] for places in stacks]


def _stack_here(shared: tuple[list[Task], list[Split]], item: list[tuple[int, int]]) -> list[Result]:
    """Train one stack in this process; where memory runs out, its halves one after the other."""
    tasks, splits = shared
    trainings = [(tasks[task], splits[split]) for task, split in item]
    first = trainings[0][0]
    tune_malloc()
    if not first.classical:
        take_device(first.device, place_of_worker())
    clock = perf_counter if not first.classical and find_device(first.device).type == "cuda" else process_time
    start = clock()
    try:
        if len(trainings) == 1:
            try:
                results = [train_fold(*trainings[0])]
            except InputError as error:
                results = [error]
        else:
            results = train_together(trainings)
    except (MemoryError, RuntimeError) as error:
        if len(trainings) == 1 or not is_out_of_memory(error):
            raise
        half = len(trainings) // 2
        log.warning("%s: no memory for a stack of %d; trying %d", first.experiment, len(trainings), half)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return [result for part in (item[:half], item[half:]) for result in _stack_here(shared, part)]
    seconds = (clock() - start) / len(trainings)
    return [replace(one, seconds=seconds) if isinstance(one, FoldResult) else one for one in results]
