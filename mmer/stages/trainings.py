"""Train what differs from training to training: folds with settings of their own, trials of a search."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import process_time

from mmer.stages.experiment import Experiment, how_to_run
from mmer.stages.fold_cache import FoldCache
from mmer.training.checks import check_folds
from mmer.training.fold_result import FoldResult
from mmer.training.folds import train_fold
from mmer.training.task import Task
from mmer.types.errors import InputError
from mmer.types.split import Split

log = logging.getLogger("mmer")


def train_all(trainings: Sequence[tuple[Task, Split]], stack: int | None = None) -> Iterator[FoldResult | InputError]:
    """Train everything and yield results in order, or the error of a training that failed."""
    for task, split in trainings:
        start = process_time()
        try:
            result = train_fold(task, split)
            yield replace(result, seconds=process_time() - start)
        except InputError as error:
            yield error


def run_searched(experiment: Experiment, cache: FoldCache) -> Iterator[FoldResult]:
    """Train every fold under the settings that its own search chose; what the cache holds is not trained again.

    Raises
    ------
    InputError
        What ``check_folds`` finds, before anything is trained. At the end, if trainings failed.
    """
    stack, _ = how_to_run(experiment.config)
    for seed in experiment.config["seeds"]:
        for split in experiment.splits:
            check_folds(experiment.task(seed, split.fold), [split])
    trainings = experiment.trainings()
    kept = [cache.get(task.seed, split.repeat, split.fold) for task, split in trainings]
    todo = [pair for pair, result in zip(trainings, kept, strict=True) if result is None]
    log.info("%s: %d of %d trainings are to be done", experiment.name, len(todo), len(trainings))
    fresh, failed = iter(train_all(todo, stack) if todo else ()), []
    for result in kept:
        found = next(fresh) if result is None else result
        if isinstance(found, InputError):
            log.warning("%s", found)
            failed.append(found)
            continue
        if result is None:
            cache.put(found)
        yield found
    if failed:
        more = f" (and {len(failed) - 1} more trainings failed, see the log)" if failed[1:] else ""
        raise InputError(f"{failed[0]}{more}")
