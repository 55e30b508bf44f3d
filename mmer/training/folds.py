"""Train every fold of an experiment and predict its test clips: in stacks, over the cores, with what is done kept."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from time import perf_counter, process_time

import torch

from mmer.executors.processes import Processes
from mmer.training.cache import Cache
from mmer.training.checks import check_folds
from mmer.training.classical import fit_classical
from mmer.training.device import find_device, is_out_of_memory, reproducible, take_device, tune_malloc
from mmer.training.fit import Fitted, fit, prepare
from mmer.training.fold_result import FoldResult
from mmer.training.plan import START_SECONDS, Plan, make_plan, make_stacks
from mmer.training.precision import tensor_cores
from mmer.training.seeds import Key
from mmer.training.stacked_folds import fold_inputs, fold_result, train_together
from mmer.training.task import Task
from mmer.training.train import steps_per_epoch, time_steps
from mmer.types.errors import InputError
from mmer.types.executor import Executor
from mmer.types.split import Split
from mmer.types.workers import place as place_of_worker

__all__ = [
    "PRELOAD",
    "START_SECONDS",
    "Cache",
    "FoldResult",
    "Task",
    "check_folds",
    "fit_fold",
    "run_folds",
    "train_fold",
]

# What every worker needs. torch imports its compiler at the first use of an optimiser, which takes seconds.
PRELOAD = (__name__, "torch._dynamo")
log = logging.getLogger("mmer")
Training = tuple[int, Split]  # a seed and a fold


def train_fold(task: Task, split: Split) -> FoldResult:
    """Fit on the training clips of one fold and predict its test clips."""
    return fold_result(task, split, fit_fold(task, split))


def fit_fold(task: Task, split: Split, after_epoch: Callable[[int, Fitted], None] | None = None) -> Fitted:
    """Fit all that is fitted in one fold, on its training clips; ``after_epoch`` as in ``fit``."""
    if task.classical:
        samples, targets = task.samples.subset(split.train), task.targets.subset(split.train)
        key = Key(task.experiment, task.seed, split.fold)
        return fit_classical(samples, targets, task.make_model, task.recipe, key, after_epoch)
    inputs, seen = fold_inputs(task, split)
    fitted = fit(**inputs, after_epoch=after_epoch)
    return replace(fitted, seen=seen | fitted.seen)


def train_stack(task: Task, trainings: Sequence[Training], way: str | None = None) -> list[FoldResult | InputError]:
    """Train several folds, under several seeds, as one model; ``mmer.training.train`` says what they must share.

    Returns
    -------
    list of FoldResult or InputError
        In the order of ``trainings``; the error of those that failed.
    """
    return train_together([(replace(task, seed=seed), split) for seed, split in trainings], way)


def run_folds(
    task: Task,
    splits: Sequence[Split],
    processes: int | None = None,
    *,
    seeds: Sequence[int] | None = None,
    stack: int | None = None,
    cache: Cache | None = None,
    executor: Executor | None = None,
) -> Iterator[FoldResult]:
    """Check everything, then train all folds under all seeds.

    Parameters
    ----------
    task : Task
    splits : sequence of Split
    processes : int or None
        How many processes, with one thread each. None: one per core, where that is worth their start. On GPUs at most
        one per device. The results do not depend on it.
    seeds : sequence of int, optional
        The task's own when left out.
    stack : int or None
        Most trainings that are put together into one model; 1: each alone. None: what is faster, by timing a few steps.
        Results depend on it in the last bits of their numbers only, which training may amplify.
    cache : Cache, optional
        Keeps what is done: what it holds is not trained again.
    executor : Executor, optional
        Where stacks are trained; processes of this machine when left out. One that says how many ``workers`` it has
        is asked rather than ``processes``.

    Returns
    -------
    iterator of FoldResult
        In the order of ``seeds``, and of ``splits`` within a seed.

    Raises
    ------
    InputError
        What ``check_folds`` finds, before anything is trained; on other machines, which may have other devices, when
        the first result is asked for. At the end, if trainings failed (a loss that is not finite): the others are done
        by then.
    """
    for name, value in (("processes", processes), ("stack", stack)):
        if value is not None and value < 1:
            raise InputError(f"{name} must be at least 1, got {value}")
    executor = executor or Processes()
    if not executor.remote:
        check_folds(task, splits)
    seeds = (task.seed,) if seeds is None else seeds
    trainings = [(seed, split) for seed in seeds for split in splits]
    return _run(task, trainings, processes, stack, cache, executor)


def _run(
    task: Task,
    trainings: list[Training],
    processes: int | None,
    stack: int | None,
    cache: Cache | None,
    executor: Executor,
) -> Iterator[FoldResult]:
    """Train here or in workers; see ``run_folds``."""
    tune_malloc()
    done: dict[int, FoldResult | InputError] = {}
    for place, (seed, split) in enumerate(trainings):
        if cache is not None and (kept := cache.get(seed, split.repeat, split.fold)) is not None:
            done[place] = kept
    if len(done) < len(trainings):
        noted = cache.get_note("plan") if cache is not None else None
        modules = (*PRELOAD, *task.preload)
        if executor.remote:  # its device, memory and speed count
            asked = (executor.workers, stack, noted)
            (plan,) = executor.map(_plan_there, (task, trainings, modules), [asked], modules)
        else:
            processes = executor.workers or processes
            plan = make_plan(task, trainings, processes, stack, lambda k: _seconds(task, trainings, k), modules, noted)
        if cache is not None:
            cache.put_note("plan", plan.note())
        log.info("%s: %s", task.experiment, plan.said)
        yield from _ordered(task, trainings, plan, cache, executor, done)
    else:
        log.info("%s: all %d trainings were done before", task.experiment, len(trainings))
        yield from done.values()


def _seconds(task: Task, trainings: Sequence[Training], number: int) -> float:
    """Time so many trainings (or fewer) in a stack, the largest there would be; return the seconds that one takes."""
    chosen = [trainings[place] for place in make_stacks(task, trainings, number)[0]]
    if task.classical:
        start = perf_counter()
        fit_fold(task, chosen[0][1])
        return perf_counter() - start
    with reproducible(find_device(task.device)):
        inputs = [fold_inputs(replace(task, seed=seed), split)[0] for seed, split in chosen]
        members = [prepare(**one).member for one in inputs]
        steps = task.recipe.epochs * steps_per_epoch(len(members[0].clips), task.recipe)
        with tensor_cores(task.recipe.precision):
            return time_steps(members, task.recipe) * steps


def _plan_there(shared: tuple[Task, list[Training], tuple[str, ...]], asked: tuple) -> Plan:
    """Check and plan in a worker of another machine."""
    (task, trainings, modules), (workers, stack, noted) = shared, asked
    check_folds(task, [split for seed, split in trainings if seed == trainings[0][0]])
    tune_malloc()
    return make_plan(task, trainings, None, stack, lambda k: _seconds(task, trainings, k), modules, noted, workers)


def _ordered(
    task: Task,
    trainings: list[Training],
    plan: Plan,
    cache: Cache | None,
    executor: Executor,
    done: dict[int, FoldResult | InputError],
) -> Iterator[FoldResult]:
    """Train what is not done and yield everything in order; raise at the end if something failed."""
    # Stacks are made of all trainings, done or not, so that what is left is trained beside the same ones as before.
    stacks = make_stacks(task, trainings, plan.stack)
    todo = [places for places in stacks if any(place not in done for place in places)]
    items = [[trainings[place] for place in places] for places in todo]
    for places in todo:
        for place in places:
            done.pop(place, None)
    processes = min(plan.processes, len(items))
    if executor.remote or processes > 1:
        theirs = cache.elsewhere() if executor.remote and cache is not None else cache
        found = executor.map(_stack_here, (task, theirs), items, (*PRELOAD, *task.preload), processes)
    else:
        found = (_stack_here((task, cache), item) for item in items)
    place, failed = 0, []
    for places, results in zip(todo, found, strict=True):
        if executor.remote and cache is not None:
            for result in results:
                if isinstance(result, FoldResult):
                    cache.put(result)
        done |= dict(zip(places, results, strict=True))
        while place in done:
            result = done.pop(place)
            place += 1
            if isinstance(result, InputError):
                log.warning("%s", result)
                failed.append(result)
            else:
                yield result
    while place in done:
        yield done.pop(place)
        place += 1
    if failed:
        more = f" (and {len(failed) - 1} more trainings failed, see the log)" if failed[1:] else ""
        raise InputError(f"{failed[0]}{more}")


def _stack_here(shared: tuple[Task, Cache | None], trainings: list[Training]) -> list[FoldResult | InputError]:
    """Train one stack in this process; where memory runs out, its halves one after the other."""
    task, cache = shared
    tune_malloc()
    if not task.classical:
        take_device(task.device, place_of_worker())
    cuda = find_device(task.device).type == "cuda" and not task.classical
    clock = perf_counter if cuda else process_time
    start = clock()
    try:
        if len(trainings) == 1:
            ((seed, split),) = trainings
            try:
                results = [train_fold(replace(task, seed=seed), split)]
            except InputError as error:
                results = [error]
        else:
            results = train_stack(task, trainings)
    except (MemoryError, RuntimeError) as error:
        if len(trainings) == 1 or not is_out_of_memory(error):
            raise
        half = len(trainings) // 2
        log.warning("%s: no memory for a stack of %d; trying %d", task.experiment, len(trainings), half)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return [result for part in (trainings[:half], trainings[half:]) for result in _stack_here(shared, part)]
    seconds = (clock() - start) / len(trainings)
    results = [replace(one, seconds=seconds) if isinstance(one, FoldResult) else one for one in results]
    for result in results:
        if cache is not None and isinstance(result, FoldResult):
            cache.put(result)
    return results
