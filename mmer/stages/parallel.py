"""Run one function over many items, one single-threaded process per core."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from mmer.types.workers import cores, in_processes

Item = TypeVar("Item")
Result = TypeVar("Result")


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
    else:
        yield from in_processes(_single_threaded, (function, shared), items, processes)


def _single_threaded(both: tuple[Callable[[Any, Item], Result], Any], item: Item) -> Result:
    """Call the function in a worker; the other cores have workers of their own."""
    import cv2

    cv2.setNumThreads(1)
    function, shared = both
    return function(shared, item)
