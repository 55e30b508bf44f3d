"""Items over the workers of a Dask cluster, results in order."""

import logging
import pickle
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Any

import dask
from distributed import Client, Future, KilledWorker, wait

from mmer.executors.dask_work import Work, call
from mmer.executors.versions import describe, difference, own_version
from mmer.types.errors import InputError, listing

POLL = 5.0  # seconds between two looks whether anybody is still working
log = logging.getLogger("mmer")


def map_over(
    client: Client,
    function: Callable[[Any, Any], Any],
    shared: Any,
    items: Sequence[Any],
    preload: Sequence[str],
    folder: str,
    patience: float,
) -> Iterator[Any]:
    """Call ``function(shared, item)`` for every item; see ``mmer.types.executor.Executor``.

    Parameters
    ----------
    folder : str
        Where the workers work, if they have such a folder.
    patience : float, seconds
        How long there may be no worker at all.
    """
    items = list(items)
    if not items:
        return
    await_workers(client, patience)
    check_workers(client)
    name = f"{getattr(function, '__name__', 'work').strip('_')}-{uuid.uuid4().hex[:12]}"
    futures: deque[Future] = deque()
    client.register_plugin(Work(name, pickle.dumps((function, shared)), preload, folder, own_version()), name=name)
    try:
        # Unique keys: Dask must neither merge two equal items nor remember them.
        keys = [f"{name}-{place}" for place in range(len(items))]
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GiB"}):
            blobs = [pickle.dumps(item) for item in items]
            futures.extend(client.map(call, [name] * len(blobs), blobs, key=keys, pure=False))
        while futures:
            _await(client, futures[0], patience)
            yield _result(futures[0])
            futures.popleft().release()
    finally:
        # After an error or Ctrl-C: what is queued is dropped; an item that runs is finished, and nobody takes it.
        if client.status == "running":
            client.cancel(list(futures), force=True)
            client.unregister_worker_plugin(name)


def await_workers(client: Client, patience: float) -> None:
    """Wait until there is a worker.

    Raises
    ------
    InputError
        There is none for so many seconds.
    """
    try:
        client.wait_for_workers(1, timeout=patience)
    except TimeoutError as error:
        raise InputError(
            f"the Dask scheduler {client.scheduler.address} has no worker after {patience:g} s; look whether workers "
            "were started or jobs still queue, or set `wait` of the executor higher"
        ) from error


def check_workers(client: Client) -> None:
    """Refuse workers that would compute something else, or with several threads.

    Raises
    ------
    InputError
        Naming them.
    """
    ours, wrong = own_version(), []
    for address, found in sorted(client.run(describe, on_error="return").items()):
        if isinstance(found, Exception):
            wrong.append(f"{address} cannot import this version of mmer ({found})")
        elif differs := difference(found, ours):
            wrong.append(f"{address} on {found['host']}: {differs}")
    if wrong:
        lines = "\n  ".join(wrong)
        raise InputError(
            f"workers of {client.scheduler.address} are refused; start them from the same checkout and environment as "
            f"this command:\n  {lines}"
        )
    if busy := [address for address, threads in sorted(client.nthreads().items()) if threads != 1]:
        raise InputError(
            f"workers with several threads are refused, for results depend on their number: {listing(busy)}; start "
            "them with `dask worker ADDRESS --nthreads 1 --nworkers N`"
        )


def _await(client: Client, future: Future, patience: float) -> None:
    """Wait until an item is done, however that ends."""
    alone = None
    while not future.done():
        try:
            with client.as_current():
                wait([future], timeout=POLL)
        except TimeoutError:
            if client.status != "running" or client.nthreads():
                alone = None
            elif alone is None:
                alone = monotonic()
                log.warning("%s has lost all its workers; waiting for one", client.scheduler.address)
            elif monotonic() - alone > patience:
                raise InputError(
                    f"all workers of {client.scheduler.address} are gone for {patience:g} s; what is finished is kept, "
                    "run the command again when there are some"
                ) from None
        except Exception:
            if not future.done():
                raise


def _result(future: Future) -> Any:
    """Return what an item gave, or raise what it raised."""
    if future.status in ("cancelled", "lost"):
        raise InputError("the Dask scheduler is gone, or dropped the work; what is finished is kept, run it again")
    try:
        return future.result()
    except KilledWorker as error:
        raise InputError(
            f"{error.allowed_failures + 1} workers died one after the other in the same item, most likely because "
            f"memory ran out; the last was {error.last_worker.address}"
        ) from error
