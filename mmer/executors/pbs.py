"""Workers in PBS jobs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmer.executors.jobs import Jobs

if TYPE_CHECKING:
    from dask_jobqueue.core import Job, JobQueueCluster


@dataclass(frozen=True)
class Pbs(Jobs):
    """Jobs of PBS; the fields are those of ``mmer.executors.jobs.Jobs``."""

    submit = "qsub"

    def kinds(self) -> "tuple[type[Job], type[JobQueueCluster]]":
        """Return the classes of dask-jobqueue."""
        from dask_jobqueue import PBSCluster

        return PBSCluster.job_cls, PBSCluster

    def directives(self) -> dict[str, Any]:
        """Return what only PBS is told."""
        from dask.utils import parse_bytes

        wanted = f"select=1:ncpus={self.job_cores}:mem={parse_bytes(self.memory) // 2**20}MB"
        gpu = f":ngpus={self.gpus}" if self.gpus else ""
        return {"resource_spec": wanted + gpu, "job_extra_directives": list(self.extra)}
