"""Open connections to clusters: one per executor, until the process ends."""

import atexit
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any

_open: dict[Hashable, tuple[Any, ...]] = {}  # executor -> its client, and what else is to be closed


def connection(executor: Hashable, connect: Callable[[], tuple[Any, ...]]) -> Any:
    """Return the client of an executor, the same at every call.

    A stage maps several times: to plan, to train, generation by generation. Jobs must not queue anew for each.

    Parameters
    ----------
    executor : object
        Equal ones share a connection.
    connect : callable
        Makes a client, and what is to be closed after it: the cluster, its files.
    """
    if executor in _open and _open[executor][0].status != "running":
        disconnect(executor)
    if executor not in _open:
        _open[executor] = connect()
    return _open[executor][0]


def disconnect(executor: Hashable) -> None:
    """Close the connection of an executor, and its cluster where it started one."""
    for part in _open.pop(executor, ()):
        with suppress(TimeoutError, OSError):
            part.close()


@atexit.register
def _disconnect_all() -> None:
    """Leave no job and no worker behind."""
    for executor in list(_open):
        disconnect(executor)
