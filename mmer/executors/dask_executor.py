"""What all executors on Dask have in common."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmer.executors.connections import connection, disconnect
from mmer.executors.security import Tls
from mmer.types.errors import InputError

if TYPE_CHECKING:
    from distributed import Client

# No dashboard: it has no password. What is left of the scheduler's pages (its health) would be served to all machines,
# on a port that a second command finds taken.
QUIET_SCHEDULER = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}


@dataclass(frozen=True)
class DaskExecutor(Tls):
    """A cluster; a subclass says how to come to it.

    Parameters
    ----------
    wait : float, seconds
        How long to wait for the first worker, and for another when all are gone.
    folder : str
        The root of the repository as the workers see it; empty: as it is called here. A worker on another disk has
        none, which only matters to what reads files (the per-clip stages).
    insecure : bool
        Whether the network is trusted, so that no TLS is needed.
    """

    wait: float = 60.0
    folder: str = ""
    insecure: bool = False
    remote = True

    def __post_init__(self) -> None:
        if self.wait <= 0:
            raise InputError(f"{self.where}: wait must be more than 0 seconds, got {self.wait:g}")
        if self.folder and not Path(self.folder).is_absolute():
            raise InputError(f"{self.where}: folder must be an absolute path, got {self.folder!r}")

    @property
    def where(self) -> str:
        """Name the executor in messages."""
        return f"executor {type(self).__module__.rpartition('.')[2]}"

    @property
    def workers(self) -> int | None:
        """Workers that are there now."""
        from mmer.executors.dask_map import await_workers

        client = self.client()
        await_workers(client, self.wait)
        return len(client.nthreads())

    def connect(self) -> tuple[Any, ...]:
        """Make a client, and what is to be closed after it."""
        raise NotImplementedError

    def client(self) -> "Client":
        """Return the open connection.

        Raises
        ------
        InputError
            Dask is not installed, or nobody answers.
        """
        try:
            import distributed  # noqa: F401
        except ImportError as error:
            raise InputError(f"{self.where} needs Dask: pip install 'mmer-lab[cluster]'") from error
        logging.getLogger("distributed").setLevel(logging.ERROR)  # it tells of every connection
        return connection(self, self.connect)

    def close(self) -> None:
        """End the connection, and the cluster if this executor started it; the end of the process does it too."""
        disconnect(self)

    def map(
        self,
        function: Callable[[Any, Any], Any],
        shared: Any,
        items: Sequence[Any],
        preload: Sequence[str] = (),
        workers: int | None = None,
    ) -> Iterator[Any]:
        """Call ``function(shared, item)`` for every item; see ``mmer.types.executor.Executor``."""
        if not items:
            return iter(())
        client = self.client()
        from mmer.executors.dask_map import map_over

        return map_over(client, function, shared, items, preload, self.folder or str(Path.cwd()), self.wait)
