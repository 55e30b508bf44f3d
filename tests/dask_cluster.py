"""A Dask scheduler and two workers, as a person would start them in three terminals."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
TASKS = ROOT / "tests"  # workers import what they do


class Cluster:
    """Processes of their own; ``address`` is the scheduler's."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.started = folder, []
        self.file = folder / "scheduler.json"
        self.start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(self.file))
        self.address = self.wait_for_address()
        self.workers = [self.start_worker() for _ in range(2)]

    def start(self, *arguments: str, path: str = "") -> subprocess.Popen:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join((path or str(ROOT), str(TASKS)))}
        with (self.folder / f"log-{len(self.started)}").open("w") as log:
            self.started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "dask", *arguments, "--no-dashboard", "--dashboard-address", "127.0.0.1:0"],
                    env=environment,
                    cwd=self.folder,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )
        return self.started[-1]

    def start_worker(self, path: str = "", threads: int = 1) -> subprocess.Popen:
        return self.start("worker", self.address, "--nthreads", str(threads), "--host", "127.0.0.1", path=path)

    def wait_for_address(self) -> str:
        for _ in range(1200):
            try:
                return json.loads(self.file.read_text())["address"]
            except (FileNotFoundError, ValueError):
                time.sleep(0.05)
        raise AssertionError(f"the scheduler did not start: {(self.folder / 'log-0').read_text()}")

    def end(self, process: subprocess.Popen) -> None:
        """End a process and its children, without asking."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.started.remove(process)

    def close(self) -> None:
        for process in reversed(list(self.started)):
            self.end(process)
