"""The parent's side of one py-feat child process: start it, give it clips, notice that it died or hangs."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from mmer.types.errors import InputError

MODULE = "mmer.faces.pyfeat_worker"
ROOT = Path(__file__).parents[2]  # so that the child finds this mmer, installed or not


class WorkerDiedError(Exception):
    """The child is gone, or gave no sign of life in time; the message says how."""


class WorkerProcess:
    """One child process. Whoever made it must ``kill`` it.

    Parameters
    ----------
    settings : dict
        The first line the child gets; see ``mmer.faces.pyfeat_worker``.
    threads : int
        Threads its libraries may use.
    patience : float, seconds
        How long it may be silent before it is taken for hung and killed.
    """

    def __init__(self, settings: dict[str, Any], threads: int, patience: float) -> None:
        self.settings, self.patience = settings, patience
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        # Set for the child only: py-feat reads OMP_NUM_THREADS at import, and the hub must stay out of it.
        numbers = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
        environment = {**os.environ, **numbers, "HF_HUB_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(paths)}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", MODULE],  # -P: a json.py in the current folder is not imported
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=environment,
            text=True,
            encoding="utf-8",
        )
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        """Move the child's lines into a queue, which unlike a pipe can be waited on with a time limit."""
        with self.process.stdout as pipe:
            for line in pipe:
                self.lines.put(line)
        self.lines.put("")  # the end

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()
        except (BrokenPipeError, ValueError, OSError) as error:
            raise WorkerDiedError(self._end()) from error

    def answer(self) -> dict[str, Any]:
        """Wait for the next event that is more than a sign of life.

        Raises
        ------
        WorkerDiedError
            The child ended, or was silent for longer than ``patience`` and was killed.
        """
        while True:
            try:
                line = self.lines.get(timeout=self.patience)
            except queue.Empty:
                self.kill()
                raise WorkerDiedError(
                    f"the py-feat process gave no sign of life for {self.patience:g} s and was ended"
                ) from None
            if not line:
                raise WorkerDiedError(self._end())
            event = json.loads(line)
            if event["event"] != "alive":
                return event

    def start(self) -> dict[str, Any]:
        """Wait until the detector is constructed.

        Raises
        ------
        InputError
            It cannot be; another clip would meet the same.
        """
        try:
            event = self.ask(self.settings)
        except WorkerDiedError as error:
            raise InputError(f"py-feat could not be started: {error}") from error
        if event["event"] != "ready":
            raise InputError(f"py-feat could not be started: {event['reason']}")
        return event

    def ask(self, job: dict[str, Any]) -> dict[str, Any]:
        """Hand over one message and wait for its event: for a clip, ``track`` or ``failed``."""
        self._send(job)
        return self.answer()

    def kill(self) -> None:
        """End the child at once and wait for it."""
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(BrokenPipeError):  # closing flushes what the dead child no longer reads
            self.process.stdin.close()
        self.log.close()

    def _end(self) -> str:
        """Say how the child ended, with the last thing it printed."""
        self.process.kill()  # it may have closed its output and live on
        code = self.process.wait()
        self.log.seek(0)
        words = self.log.read().decode(errors="replace").strip().splitlines()
        last = f"; it last said: {words[-1].strip()}" if words else ""
        if code < 0:
            name = signal.Signals(-code).name
            why = f"was ended by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
        else:
            why = f"ended with status {code}"
        return f"the py-feat process {why}{last}"
