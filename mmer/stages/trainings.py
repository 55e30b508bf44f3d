"""Train folds that have settings of their own."""

import logging
from collections.abc import Iterator

from mmer.stages.executor import executor
from mmer.stages.experiment import Experiment, how_to_run
from mmer.stages.fold_cache import FoldCache
from mmer.training.checks import check_folds
from mmer.training.fold_result import FoldResult
from mmer.training.many import run_many
from mmer.types.errors import InputError

log = logging.getLogger("mmer")


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
    fresh, failed = iter(run_many(todo, executor(), stack) if todo else ()), []
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
