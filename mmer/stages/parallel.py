"""Run one function over many items, one single-threaded process per core."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_state: dict[str, Any] = {}


def cores() -> int:
    """Return the number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(function: Callable, shared: Any) -> None:
    import cv2

    cv2.setNumThreads(1)
    _state.update(function=function, shared=shared)


def _call(item: Any) -> Any:
    return _state["function"](_state["shared"], item)


def parallel_map(
    function: Callable[[Any, Item], Result], shared: Any, items: Sequence[Item], processes: int | None = None
) -> Iterator[Result]:
    """Yield ``function(shared, item)`` for every item, in order.

    Parameters
    ----------
    function : callable
        A function of a module (it is pickled by name).
    shared : object
        Sent once to each process, e.g. a component.
    items : sequence
    processes : int, optional
        One per core when left out; with 1, or a single item, everything runs here.
    """
    processes = min(processes or cores(), len(items))
    if processes <= 1:
        yield from (function(shared, item) for item in items)
        return
    context = multiprocessing.get_context("spawn")  # a forked OpenCV or torch may hang
    with ProcessPoolExecutor(processes, context, _start, (function, shared)) as pool:
        chunk = max(1, len(items) // (processes * 8))
        yield from pool.map(_call, items, chunksize=chunk)
