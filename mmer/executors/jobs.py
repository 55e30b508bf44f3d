"""Workers that are jobs of a batch system, submitted by dask-jobqueue."""

import shutil
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mmer.executors.dask_executor import QUIET_SCHEDULER, DaskExecutor
from mmer.executors.security import temporary_files
from mmer.types.errors import InputError

if TYPE_CHECKING:
    from dask_jobqueue.core import Job, JobQueueCluster
    from distributed import Client

# One thread per worker, before Python starts.
THREADS = tuple(f"export {name}_NUM_THREADS=1" for name in ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "NUMBA"))


@dataclass(frozen=True)
class Jobs(DaskExecutor):
    """A scheduler in the process that asks, and workers in jobs; a subclass says of which batch system.

    The scheduler is reached over the network, so everything is encrypted: with ``ca``, ``cert`` and ``key``, else with
    certificates that are made for this command and lie in ``logs``, which the nodes must see. Jobs that end by their
    walltime are not submitted again; their items are done by the others.

    Parameters
    ----------
    jobs : int
        How many jobs are submitted; work begins with the first that runs.
    per_job : int
        Workers per job, one core and one thread each.
    cores : int
        Cores of a job; 0: as many as workers.
    memory : str
        Of a job, e.g. ``16 GiB``. A worker that takes more than its share is killed.
    walltime : str
        ``HH:MM:SS`` of a job.
    queue, account : str
        Empty: the system's default.
    gpus : int
        Of a job: 0 or 1. With 1 a job has one worker: one worker per device.
    extra : tuple of str
        More directives, e.g. ``--constraint=icelake``.
    setup : tuple of str
        Lines of shell before the worker starts, e.g. ``module load cuda``.
    python : str
        Of the workers; empty: the one that runs here, which the nodes must see.
    interface : str
        Network interface between nodes, e.g. ``ib0``; empty: the default route's.
    host : str
        Address or name under which the nodes reach this machine, instead of ``interface``.
    logs : str
        Folder of what the jobs print, and of temporary certificates.
    failures : int
        How many workers an item may lose before it is given up.
    """

    jobs: int = 4
    per_job: int = 1
    cores: int = 0
    memory: str = "4 GiB"
    walltime: str = "04:00:00"
    queue: str = ""
    account: str = ""
    gpus: int = 0
    extra: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    python: str = ""
    interface: str = ""
    host: str = ""
    logs: str = ".mmer/jobs"
    failures: int = 3

    submit = ""  # the command that must be there

    def __post_init__(self) -> None:
        super().__post_init__()
        for key, least in (("jobs", 1), ("per_job", 1), ("cores", 0), ("failures", 0)):
            if getattr(self, key) < least:
                raise InputError(f"{self.where}: {key} must be at least {least}, got {getattr(self, key)}")
        if self.gpus not in (0, 1) or (self.gpus and self.per_job != 1):
            raise InputError(
                f"{self.where}: one worker per GPU: set gpus to 0 or 1 and, with 1, per_job to 1, and ask for more "
                f"jobs; got gpus {self.gpus}, per_job {self.per_job}"
            )
        if self.cores and self.cores < self.per_job:
            raise InputError(f"{self.where}: {self.per_job} workers need as many cores, got cores {self.cores}")
        if self.insecure and (self.ca or self.cert or self.key):
            raise InputError(f"{self.where}: `insecure: true` and ca, cert, key exclude each other")
        for key in ("extra", "setup"):
            if bad := [line for line in getattr(self, key) if "\n" in line]:
                raise InputError(f"{self.where}: {key} has one line per entry, got {bad[0]!r}")

    @property
    def workers(self) -> int | None:
        """Workers when all jobs run; they need not yet."""
        return self.jobs * self.per_job

    @property
    def job_cores(self) -> int:
        """Cores of a job."""
        return self.cores or self.per_job

    def kinds(self) -> "tuple[type[Job], type[JobQueueCluster]]":
        """Return the classes of dask-jobqueue."""
        raise NotImplementedError

    def directives(self) -> dict[str, Any]:
        """Return what only this batch system is told."""
        raise NotImplementedError

    def options(self) -> dict[str, Any]:
        """Return what a job is made of."""
        folder = self.folder or str(Path.cwd())
        return {
            "cores": self.per_job,
            "processes": self.per_job,
            "memory": self.memory,
            "walltime": self.walltime,
            "queue": self.queue or None,
            "account": self.account or None,
            "python": quote(self.python or sys.executable),
            "interface": self.interface or None,
            "log_directory": str(Path(folder, self.logs)),
            "local_directory": "${TMPDIR:-/tmp}",  # the node's own disk
            "death_timeout": int(self.wait),
            # Pages about a worker would be served to all machines, without a password; these two keep them on its own.
            "worker_extra_args": ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"],
            "job_name": "mmer",
            # The code that this command runs, wherever it was installed.
            "job_script_prologue": [
                *self.setup,
                *THREADS,
                f"export PYTHONPATH={quote(str(Path(__file__).parents[2]))}${{PYTHONPATH:+:$PYTHONPATH}}",
                f"cd {quote(folder)}",
            ],
            **self.directives(),
        }

    def script(self, address: str = "tls://SCHEDULER:8786") -> str:
        """Return the job that would be submitted, to read it before."""
        job, _ = self._classes()
        return job(address, name="NAME", **self.options()).job_script()

    def connect(self) -> "tuple[Client, JobQueueCluster, ExitStack]":
        """Start a scheduler here and submit the jobs."""
        _, kind = self._classes()
        if shutil.which(self.submit) is None:
            raise InputError(f"{self.where}: there is no command {self.submit} here; run this where jobs are submitted")
        import dask
        from distributed import Client

        options = self.options()
        Path(options["log_directory"]).mkdir(parents=True, exist_ok=True)
        own = QUIET_SCHEDULER | ({"host": self.host} if self.host else {})
        files = ExitStack()
        with dask.config.set({"distributed.scheduler.allowed-failures": self.failures}):
            try:
                security = None if self.insecure else self.security(self.where)
                if security is None and not self.insecure:
                    folder = files.enter_context(TemporaryDirectory(prefix="tls-", dir=options["log_directory"]))
                    security = temporary_files(Path(folder)).security(self.where)
                cluster = kind(
                    security=security,
                    protocol="tcp://" if self.insecure else "tls://",
                    scheduler_options=own,
                    **options,
                )
                cluster.scale(jobs=self.jobs)
            except (OSError, RuntimeError, ValueError) as error:
                files.close()
                raise InputError(f"{self.where}: the cluster cannot be started: {error}") from error
        return Client(cluster, timeout=60, set_as_default=False), cluster, files

    def _classes(self) -> "tuple[type[Job], type[JobQueueCluster]]":
        try:
            return self.kinds()
        except ImportError as error:
            raise InputError(f"{self.where} needs dask-jobqueue: pip install 'mmer-lab[cluster]'") from error
