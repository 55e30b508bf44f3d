"""A Dask cluster on this machine."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmer.executors.dask_executor import QUIET_SCHEDULER, DaskExecutor
from mmer.types.errors import InputError
from mmer.types.workers import cores, deaf_to_interrupts

if TYPE_CHECKING:
    from distributed import Client, LocalCluster


@dataclass(frozen=True)
class DaskLocal(DaskExecutor):
    """A scheduler and worker processes on loopback, for this command alone, encrypted: other people may be logged in.

    Parameters
    ----------
    processes : int or None
        How many workers; None: one per core.
    failures : int
        How many workers an item may lose before it is given up.
    """

    processes: int | None = None
    failures: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.processes is not None and self.processes < 1:
            raise InputError(f"{self.where}: processes must be at least 1, got {self.processes}")

    def connect(self) -> "tuple[Client, LocalCluster]":
        """Start a cluster."""
        import dask
        from distributed import Client, LocalCluster

        with deaf_to_interrupts(), dask.config.set({"distributed.scheduler.allowed-failures": self.failures}):
            cluster = LocalCluster(
                n_workers=self.processes or cores(),
                threads_per_worker=1,
                host="127.0.0.1",
                scheduler_kwargs=QUIET_SCHEDULER,
                security=self.security(self.where) or (None if self.insecure else True),
                protocol="tcp://" if self.insecure else "tls://",
                silence_logs="ERROR",
            )
        return Client(cluster, timeout=self.wait, set_as_default=False), cluster
