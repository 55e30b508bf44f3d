"""The workers of a Dask scheduler that somebody started."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmer.executors.dask_executor import DaskExecutor
from mmer.executors.security import check_address
from mmer.types.errors import InputError

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True)
class DaskAddress(DaskExecutor):
    """A scheduler and workers that run already, e.g. by ``dask scheduler`` and ``dask worker ADDRESS --nthreads 1``.

    How often an item may lose its worker is the scheduler's own setting, ``distributed.scheduler.allowed-failures``.

    Parameters
    ----------
    address : str
        ``tcp://127.0.0.1:8786``; of another machine ``tls://HOST:8786``, with ``ca``, ``cert`` and ``key``.
    """

    address: str = ""

    def connect(self) -> "tuple[Client]":
        """Connect to the scheduler."""
        security = self.security(self.where)
        check_address(self.address, security is not None, self.insecure, self.where)
        from distributed import Client

        try:
            return (Client(self.address, security=security, timeout=self.wait, set_as_default=False),)
        except (OSError, TimeoutError) as error:
            raise InputError(
                f"{self.where}: no scheduler answers at {self.address} within {self.wait:g} s; start one with "
                f"`dask scheduler --host 127.0.0.1` ({error})"
            ) from error
