"""Jobs as text: nothing is submitted, the machine of the tests has no batch system."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dask_tasks
from mmer.executors.pbs import Pbs
from mmer.executors.slurm import Slurm
from mmer.types.errors import InputError


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))


def lines(executor):
    return executor.script().splitlines()


def test_a_slurm_job_with_a_gpu(tmp_path):
    job = {"gpus": 1, "cores": 4, "memory": "16 GiB", "walltime": "01:30:00", "queue": "gpu", "account": "lab"}
    lab = {"extra": ("--constraint=a100",), "setup": ("module load cuda",), "python": "/envs/my env/bin/python"}
    slurm = Slurm(jobs=8, **job, **lab)
    found = lines(slurm)
    assert slurm.workers == 8
    wanted = ["-J mmer", "-p gpu", "-A lab", "-n 1", "--cpus-per-task=4", "--mem=16G", "-t 01:30:00", "--gres=gpu:1"]
    for directive in (*wanted, "--constraint=a100"):
        assert f"#SBATCH {directive}" in found
    assert found.index("module load cuda") < found.index("export OMP_NUM_THREADS=1") < found.index(f"cd {tmp_path}")
    command = found[-1] or found[-2]
    assert command.startswith("'/envs/my env/bin/python' -m distributed.cli.dask_worker tls://SCHEDULER:8786 ")
    for option in (
        "--nthreads 1 ",
        "--nanny",
        "--no-dashboard --dashboard-address 127.0.0.1:0",
        "--memory-limit 16.00GiB",
    ):
        assert option in command
    assert "--nworkers" not in command  # one process, whatever its cores: torch takes one GPU


def test_a_slurm_job_of_many_cores_has_as_many_workers_of_one_thread():
    found = "\n".join(lines(Slurm(jobs=2, per_job=32, memory="64 GiB")))
    assert "#SBATCH --cpus-per-task=32" in found
    assert "--nthreads 1 --memory-limit 2.00GiB --nworkers 32" in found
    assert Slurm(jobs=2, per_job=32).workers == 64
    assert "--gres" not in found


def test_a_pbs_job():
    found = lines(Pbs(per_job=4, memory="8 GiB", queue="work", extra=("-W group_list=lab",)))
    for directive in ("-N mmer", "-q work", "-l select=1:ncpus=4:mem=8192MB", "-l walltime=04:00:00"):
        assert f"#PBS {directive}" in found
    assert "#PBS -W group_list=lab" in found
    assert "#PBS -l select=1:ncpus=1:mem=4096MB:ngpus=1" in lines(Pbs(gpus=1))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"gpus": 1, "per_job": 2}, "one worker per GPU"),
        ({"gpus": 2}, "one worker per GPU"),
        ({"jobs": 0}, "jobs must be at least 1"),
        ({"per_job": 8, "cores": 4}, "8 workers need as many cores"),
        ({"extra": ("--mem=1\nrm -rf ~",)}, "one line per entry"),
        ({"wait": 0.0}, "wait must be more than 0"),
        ({"folder": "lab/mmer"}, "folder must be an absolute path"),
        ({"insecure": True, "ca": "ca.pem"}, "exclude each other"),
    ],
)
@pytest.mark.parametrize("kind", [Slurm, Pbs])
def test_what_cannot_be_submitted_is_refused(kind, keys, message):
    with pytest.raises(InputError, match=message):
        kind(**keys)


def test_a_machine_without_the_batch_system_is_said():
    with pytest.raises(InputError, match="no command sbatch here"):
        list(Slurm().map(len, None, [1]))
    with pytest.raises(InputError, match="no command qsub here"):
        Pbs().client()


SUBMIT = """#!/bin/sh
cp "$1" submitted.sh
export PYTHONPATH={tasks}
setsid /bin/bash submitted.sh > job.log 2>&1 &
echo "Submitted batch job $!"
"""
CANCEL = """#!/bin/sh
echo "$1" >> cancelled
kill -9 -- "-$1"
"""


def test_a_job_is_submitted_works_encrypted_and_is_cancelled(tmp_path, monkeypatch):
    """A batch system of two lines: it runs the job at once, on this machine."""
    monkeypatch.setenv("PATH", os.pathsep.join((str(tmp_path), "/usr/local/bin", "/usr/bin", "/bin")))
    for name, text in (("sbatch", SUBMIT), ("scancel", CANCEL)):
        (tmp_path / name).write_text(text.format(tasks=Path(__file__).parents[1]))
        (tmp_path / name).chmod(0o755)
    slurm = Slurm(jobs=1, host="127.0.0.1", wait=120, memory="1 GiB", python=sys.executable)
    try:
        assert list(slurm.map(dask_tasks.pinned, None, [0])) == [("1", str(tmp_path))]
        assert slurm.client().scheduler.address.startswith("tls://127.0.0.1:")
        assert list(slurm.map(dask_tasks.add, 1, [1, 2])) == [2, 3]
        (key,) = tmp_path.glob(".mmer/jobs/tls-*/key.pem")
        assert (key.stat().st_mode | key.parent.stat().st_mode) & 0o077 == 0
    finally:
        slurm.close()
    assert not key.exists()
    (job,) = (tmp_path / "cancelled").read_text().split()
    for _ in range(200):
        if not subprocess.run(["/bin/ps", "-o", "pid=", "--ppid", job], capture_output=True).stdout.strip():
            return
        time.sleep(0.05)
    raise AssertionError("the job goes on after its executor was closed")
