"""What happens in a Dask worker. Light on imports: the scheduler reads this module too."""

import os
import pickle
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from distributed import Worker, WorkerPlugin
from threadpoolctl import threadpool_limits

from mmer.executors.versions import describe, difference, imported
from mmer.types.errors import InputError

# One thread per worker; read by libraries that are not imported yet.
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS")

_works: dict[str, "Work"] = {}  # in a worker: what it was sent, by name
_lock = threading.Lock()


class Work(WorkerPlugin):
    """What all items of one ``map`` share. Dask sends it once to every worker, also to one that comes later.

    Scattered data would be lost with the workers that hold it, and with it the whole run.

    Parameters
    ----------
    name : str
    payload : bytes
        The pickled function and what is shared: unpickled by the thread that works, for that imports torch.
    preload : sequence of str
    folder : str
        Where the worker works, if there is such a folder.
    version : mapping
        What the worker must run.
    """

    def __init__(
        self, name: str, payload: bytes, preload: Sequence[str], folder: str, version: Mapping[str, str]
    ) -> None:
        self.name, self.payload, self.preload, self.folder = name, payload, tuple(preload), folder
        self.version = dict(version)
        self.ready: tuple[Any, Any] | None = None

    def setup(self, worker: Worker) -> None:
        """Keep this where ``call`` finds it."""
        _works[self.name] = self

    def teardown(self, worker: Worker) -> None:
        """Forget it."""
        _works.pop(self.name, None)

    def do(self, item: bytes) -> Any:
        """Do one item."""
        with _lock:
            if self.ready is None:
                self.ready = self._start()
        function, shared = self.ready
        return function(shared, pickle.loads(item))

    def _start(self) -> tuple[Any, Any]:
        """Check what this worker runs, pin its threads, and unpickle."""
        if differs := difference(describe(), self.version):
            raise InputError(f"worker {who()} is refused: {differs}")
        for name in THREADS:
            os.environ.setdefault(name, "1")
        if Path(self.folder).is_dir():
            os.chdir(self.folder)
            if self.folder not in sys.path:
                sys.path.insert(0, self.folder)  # as `python -m mmer` has it
        for module in self.preload:
            import_module(module)  # not to be taken for the time of an item
        ready = pickle.loads(self.payload)
        imported.set()
        threadpool_limits(1)  # for what was imported before
        return ready


def call(name: str, item: bytes) -> Any:
    """Do one item of the work of this name."""
    work = _works.get(name)
    if work is None:
        raise InputError(f"worker {who()} was not told what to do; run the command again")
    return work.do(item)


def who() -> str:
    """Name this worker."""
    return f"{socket.gethostname()} (process {os.getpid()})"
