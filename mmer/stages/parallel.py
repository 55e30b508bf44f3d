"""Run one function over many items, one single-threaded worker per core."""

import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from mmer.stages import paths
from mmer.stages.executor import executor
from mmer.types.errors import InputError
from mmer.types.executor import Executor
from mmer.types.workers import cores

Item = TypeVar("Item")
Result = TypeVar("Result")


def parallel_map(
    function: Callable[[Any, Item], Result],
    shared: Any,
    items: Sequence[Item],
    processes: int | None = None,
    where: Executor | None = None,
) -> Iterator[Result]:
    """Yield ``function(shared, item)`` for every item, in order.

    Parameters
    ----------
    function : callable
        A function of a module (it is pickled by name).
    shared : object
        Sent once to each worker, e.g. a component.
    items : sequence
    processes : int, optional
        Most processes of this machine; one per core when left out. With 1, or a single item, everything runs here.
    where : Executor, optional
        The one that ``mmer.stages.executor`` finds when left out. Workers of other machines read the same files.
    """
    where = where or executor()
    count = min(processes or where.workers or cores(), len(items))
    if where.remote:
        return where.map(_on_shared_files, (_mark(), function, shared), items)
    if count <= 1:
        return (function(shared, item) for item in items)
    return where.map(_single_threaded, (function, shared), items, workers=count)


def _single_threaded(both: tuple[Callable[[Any, Item], Result], Any], item: Item) -> Result:
    """Call the function in a worker; the other cores have workers of their own."""
    import cv2

    cv2.setNumThreads(1)
    function, shared = both
    return function(shared, item)


def _mark() -> tuple[str, bytes]:
    """Return what tells this repository's files from others: the resolved configuration, if there is one."""
    path = paths.CONFIG
    return str(path), path.read_bytes() if path.is_file() else b""


def _on_shared_files(all_three: tuple, item: Item) -> Result:
    """Call the function in a worker of another machine, if that sees the files of this one."""
    (name, content), function, shared = all_three
    path = Path(name)
    if (path.read_bytes() if path.is_file() else b"") != content:
        raise InputError(
            f"worker {socket.gethostname()} does not see {name} of this repository in {Path.cwd()}; clips are worked "
            "on where the files are: let the workers share this disk (`folder` of the executor), or use "
            "`MMER_EXECUTOR=processes` for this stage"
        )
    return _single_threaded((function, shared), item)
