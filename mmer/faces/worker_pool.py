"""Several py-feat child processes on one queue of clips: results as they come, a dead process replaced."""

import queue
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmer.faces import Failure
from mmer.faces.worker_process import WorkerDiedError, WorkerProcess
from mmer.types.errors import InputError
from mmer.types.face_track import FaceTrack


class WorkerPool:
    """Processes that take clips from one queue; one thread each, which only waits for its process.

    Parameters
    ----------
    settings : dict
        What every worker is told first.
    threads : int
        Threads of one worker.
    patience : float, seconds
        How long a worker may be silent.
    jobs : queue of dict
        ``clip_id``, ``frames``, ``onset``, ``offset``, ``fps`` of every clip.
    """

    def __init__(self, settings: dict[str, Any], threads: int, patience: float, jobs: queue.SimpleQueue) -> None:
        self.settings, self.threads, self.patience, self.jobs = settings, threads, patience, jobs
        self.results: queue.SimpleQueue[tuple[str, FaceTrack | Failure] | Exception | None] = queue.SimpleQueue()
        self.folder = tempfile.TemporaryDirectory(prefix="mmer-tracks-")
        self.alive: set[WorkerProcess] = set()
        self.stopped = False
        self.lock = threading.Lock()
        self.hands: list[threading.Thread] = []

    def run(self, count: int) -> Iterator[tuple[str, FaceTrack | Failure]]:
        """Yield results until every thread is done; raise what stops them all."""
        self.hands = [threading.Thread(target=self._work, args=(place,), daemon=True) for place in range(count)]
        for hand in self.hands:
            hand.start()
        left = count
        while left:
            result = self.results.get()
            if isinstance(result, Exception):
                raise result
            if result is None:
                left -= 1
            else:
                yield result

    def stop(self) -> None:
        """End every process and thread, also when the caller stopped asking."""
        with self.lock:
            self.stopped = True
            processes = list(self.alive)
        for process in processes:
            process.process.kill()
        for hand in self.hands:
            hand.join()
        self.folder.cleanup()

    def _work(self, place: int) -> None:
        """Serve clips with one process, starting another when it dies."""
        worker = None
        try:
            while not self.stopped:
                try:
                    job = self.jobs.get_nowait()
                except queue.Empty:
                    break
                worker = worker or self._started()
                path = Path(self.folder.name) / f"{place}.parquet"
                try:
                    event = worker.ask({**job, "path": str(path)})
                except WorkerDiedError as error:
                    self._drop(worker)
                    worker = None
                    self.results.put((job["clip_id"], Failure(str(error))))
                    continue
                if event["event"] == "track":
                    self.results.put((job["clip_id"], FaceTrack.load(path)))
                    path.unlink()
                else:
                    self.results.put((job["clip_id"], Failure(event["reason"])))
        except Exception as error:  # handed to the caller's thread, which raises it
            self.results.put(error)
        finally:
            if worker is not None:
                self._drop(worker)
            self.results.put(None)

    def _started(self) -> WorkerProcess:
        """Start one process and wait for its detector."""
        with self.lock:
            if self.stopped:
                raise InputError("py-feat was stopped")
            worker = WorkerProcess(self.settings, self.threads, self.patience)
            self.alive.add(worker)
        try:
            worker.start()
        except InputError:
            self._drop(worker)
            raise
        return worker

    def _drop(self, worker: WorkerProcess) -> None:
        with self.lock:
            self.alive.discard(worker)
        worker.kill()
