"""Worker processes: what is shared is sent once to each, items go to whoever is free."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

_shared: list[Any] = []  # in a worker: the function and what all items share


def cores() -> int:
    """Count the cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_processes(
    function: Callable[[Any, Any], Any],
    shared: Any,
    items: Sequence[Any],
    processes: int,
    preload: Sequence[str],
) -> Iterator[Any]:
    """Call ``function(shared, item)`` for every item in other processes.

    Parameters
    ----------
    function : callable
        Importable by name.
    shared : object
        Pickled once per worker, not once per item.
    items : sequence
    processes : int
    preload : sequence of str
        Modules to import once, before the workers are forked.

    Returns
    -------
    iterator
        Results in the order of ``items``. The first error stops the rest and is raised here.
    """
    # Never a plain fork: this process may hold threads of OpenMP and Arrow, whose locks a child would inherit.
    if "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(preload))
    else:
        context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(processes, mp_context=context, initializer=_start, initargs=(function, shared))
    try:
        futures = [executor.submit(_call, item) for item in items]
        for future in futures:
            yield future.result()
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _start(function: Callable[[Any, Any], Any], shared: Any) -> None:
    """Keep in the worker what all items share."""
    _shared[:] = [function, shared]


def _call(item: Any) -> Any:
    """Do one item in the worker."""
    function, shared = _shared
    return function(shared, item)
