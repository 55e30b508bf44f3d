"""Beat: signs of life of the workers on a search, and who of them is gone.

Optuna's own heartbeat works in its databases only, and not where trials are asked for and told one by one, as they are
where a generation trains together. So each worker writes a counter into the first study of the search, whatever the
storage. Others watch whether it moves, by their own clock: those of two machines may differ. A process of the same
machine is looked up, so after a crash the next run need not wait.
"""

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import optuna

KEY = "worker "

log = logging.getLogger("mmer")


def this_worker() -> dict[str, Any]:
    """Describe this process: an id, its machine, its number there and when it started."""
    return {
        "id": uuid.uuid4().hex,
        "host": socket.gethostname(),
        "machine": _machine(),
        "pid": os.getpid(),
        "started": _started(os.getpid()),
    }


class Beat:
    """``with Beat(study, seconds) as me:`` beats in a thread until the block ends.

    Parameters
    ----------
    roll : Study
        All workers of a search write into the same one.
    seconds : float
        Between two beats.
    """

    def __init__(self, roll: optuna.Study, seconds: float) -> None:
        self.roll, self.seconds, self.me = roll, seconds, this_worker()
        self._count = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> dict[str, Any]:
        self._write()
        self._thread.start()
        return self.me

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        try:
            self._write(ended=True)
        except Exception:  # the storage may be what went wrong; others then wait for the grace
            log.debug("the last beat failed", exc_info=True)

    def _run(self) -> None:
        while not self._stop.wait(self.seconds):
            try:
                self._write()
            except Exception as error:  # a storage may be away for a moment, and training goes on
                log.warning("no sign of life could be written: %s", error)

    def _write(self, ended: bool = False) -> None:
        self._count += 1
        self.roll.set_user_attr(f"{KEY}{self.me['id']}", self.me | {"beat": self._count, "ended": ended})


class Watch:
    """Tells who is gone.

    Parameters
    ----------
    roll : Study
        Where the beats are.
    me : dict
        This worker.
    grace : float
        Seconds without a beat after which a worker counts as gone.
    """

    def __init__(self, roll: optuna.Study, me: Mapping[str, Any], grace: float) -> None:
        self.roll, self.me, self.grace = roll, me, grace
        self._beats: dict[str, Any] = {}
        self._seen: dict[str, tuple[Any, float]] = {}

    def look(self) -> None:
        """Read the beats of all."""
        self._beats = {key: value for key, value in self.roll.user_attrs.items() if key.startswith(KEY)}

    def gone(self, worker: Mapping[str, Any] | None, trial: str) -> bool:
        """Say whether the worker of a trial is gone.

        Parameters
        ----------
        worker : dict or None
            As the trial has it; None where it died, or is, before it wrote that down.
        trial : str
            Name of the trial.
        """
        if worker is None:
            return self._still(trial, None)
        if worker["id"] == self.me["id"]:
            return False
        found = self._beats.get(f"{KEY}{worker['id']}", {})
        if found.get("ended") or dead(worker):
            return True
        return self._still(worker["id"], found.get("beat"))

    def _still(self, name: str, beat: Any) -> bool:
        """Say whether a counter has not moved for the grace."""
        now = time.monotonic()
        if name not in self._seen or self._seen[name][0] != beat:
            self._seen[name] = (beat, now)
        return now - self._seen[name][1] > self.grace


def on_this_machine(worker: Mapping[str, Any]) -> bool:
    """Say whether a worker can be looked up here."""
    return bool(worker["machine"] and worker["started"] and worker["machine"] == _machine())


def dead(worker: Mapping[str, Any]) -> bool:
    """Say whether a worker of this machine has ended; False where it is of another, or cannot be looked up."""
    return on_this_machine(worker) and _started(worker["pid"]) != worker["started"]


def _machine() -> str:
    """Name this machine since it started, and whose process numbers it has (a container's); "" if unknown."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip() + os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _started(pid: int) -> str:
    """Return when a process started, in the kernel's ticks: numbers are used again. "" if there is none."""
    try:
        # Behind the name, which may hold blanks and brackets: state is the first word, start the twentieth.
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if words[0] in "ZX" else words[19]
