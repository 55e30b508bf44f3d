"""Workers in SLURM jobs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmer.executors.jobs import Jobs

if TYPE_CHECKING:
    from dask_jobqueue.core import Job, JobQueueCluster


@dataclass(frozen=True)
class Slurm(Jobs):
    """Jobs of SLURM; the fields are those of ``mmer.executors.jobs.Jobs``."""

    submit = "sbatch"

    def kinds(self) -> "tuple[type[Job], type[JobQueueCluster]]":
        """Return the classes of dask-jobqueue."""
        from dask_jobqueue import SLURMCluster

        return SLURMCluster.job_cls, SLURMCluster

    def directives(self) -> dict[str, Any]:
        """Return what only SLURM is told."""
        gpu = (f"--gres=gpu:{self.gpus}",) if self.gpus else ()
        return {"job_cpu": self.job_cores, "job_extra_directives": [*gpu, *self.extra]}
