"""Spread the trainings of a check over the cores, as training does with folds."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from time import perf_counter
from typing import Any, TypeVar

from mmer.training.device import find_device
from mmer.training.folds import PRELOAD, START_SECONDS
from mmer.training.task import Tasks, each_task
from mmer.types.workers import cores, in_processes

Item = TypeVar("Item")
# Shows how far a check is: takes what is to be done and how many there are, and gives it back one by one.
Watch = Callable[[Iterable[Any], int], Iterable[Any]]


def unwatched(items: Iterable[Item], total: int) -> Iterable[Item]:
    """Show nothing."""
    return items


def spread(
    function: Callable[[Any, Item], Any],
    tasks: Tasks,
    shared: tuple,
    items: Sequence[Item],
    processes: int | None = None,
) -> Iterator[Any]:
    """Yield ``function((tasks, *shared), item)`` for every item, in order.

    Parameters
    ----------
    function : callable
        Importable by name.
    tasks : Task, or mapping of str to Task
        Of all folds, or of each.
    shared : tuple
        What else all items need; sent once to each process.
    items : sequence
    processes : int or None
        None: one per core, where that is worth their start (the first item is done here and timed). On a GPU it is
        always this one.
    """
    shared, items = (tasks, *shared), list(items)
    if any(find_device(task.device).type == "cuda" for task in each_task(tasks)):
        processes = 1
    modules = tuple(dict.fromkeys((*PRELOAD, *(name for task in each_task(tasks) for name in task.preload))))
    if processes is None and items:
        for module in modules:
            import_module(module)  # not to be taken for the time of a fold
        start = perf_counter()
        yield function(shared, items[0])
        items = items[1:]
        saved = (perf_counter() - start) * len(items) * (1 - 1 / cores())
        processes = cores() if saved > START_SECONDS else 1
    processes = min(processes or 1, len(items))
    if processes > 1:
        yield from in_processes(function, shared, items, processes, modules)
    else:
        yield from (function(shared, item) for item in items)
