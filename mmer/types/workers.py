"""Workers: processes that share a list of items. What all items need is sent once to each, items go to who is free."""

import multiprocessing
import multiprocessing.connection
import multiprocessing.forkserver
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from mmer.types.errors import InputError

_shared: list[Any] = []  # in a worker: the function and what all items share
_place: list[int] = []  # in a worker: its place among those that were started together


def cores() -> int:
    """Count the cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def place() -> int | None:
    """Return the place of this worker among those that were started with it; None in a process that is no worker."""
    return _place[0] if _place else None


def warm_up(modules: Sequence[str]) -> None:
    """Let the process that workers are forked from start now, while this one does its own imports.

    Importing torch takes seconds on one core, here and there; one after the other, a stage would wait for both.

    Parameters
    ----------
    modules : sequence of str
        What the workers will need.
    """
    if cores() > 1 and "forkserver" in multiprocessing.get_all_start_methods():
        multiprocessing.get_context("forkserver").set_forkserver_preload(list(modules))
        with deaf_to_interrupts():
            multiprocessing.forkserver.ensure_running()


def in_processes(
    function: Callable[[Any, Any], Any],
    shared: Any,
    items: Sequence[Any],
    processes: int,
    preload: Sequence[str] = (),
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

    Raises
    ------
    InputError
        A worker was killed.
    """
    # Never a plain fork: this process may hold threads of OpenMP, OpenCV and Arrow, whose locks a child would inherit.
    if "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(preload))
    else:
        context = multiprocessing.get_context("spawn")
    before = set(multiprocessing.active_children())
    told = (context.Value("i", 0), function, shared)
    executor = ProcessPoolExecutor(processes, mp_context=context, initializer=_start, initargs=told)
    try:
        with deaf_to_interrupts():
            futures = [executor.submit(_call, item) for item in items]
        for future in futures:
            yield future.result()
    except BrokenProcessPool as error:
        raise InputError(
            f"one of {processes} worker processes was killed, most likely because memory ran out; "
            "free some memory and run the command again"
        ) from error
    except BaseException:
        # Whoever asked is gone, after an error or Ctrl-C: an item may take minutes, so nobody waits for it.
        for worker in set(multiprocessing.active_children()) - before:
            worker.terminate()
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Ignore Ctrl-C while workers start: they inherit it, and this process alone says that it was stopped."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _start(started: Any, function: Callable[[Any, Any], Any], shared: Any) -> None:
    """Keep in the worker what all items share, and end with the process that started it, however that ends."""
    with started.get_lock():
        _place[:] = [started.value]
        started.value += 1
    _shared[:] = [function, shared]
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait until the process that asked is gone: killed, it cannot tell its workers."""
    multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])
    os._exit(1)


def _call(item: Any) -> Any:
    """Do one item in the worker."""
    function, shared = _shared
    return function(shared, item)
