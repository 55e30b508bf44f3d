"""py-feat's Detectorv1 in a child process: one box per clip, then landmarks, action units and pose in every frame.

Cheong, Jolly, Xie, Byrne, Kenney, Chang: Py-Feat: Python facial expression analysis toolbox, Affective Science 2023.
"""

import os
import queue
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from mmer.faces import Failure
from mmer.faces import weights as hub
from mmer.faces.pyfeat_worker import AU_SCALES
from mmer.faces.worker_pool import WorkerPool
from mmer.types.errors import InputError, nearest
from mmer.types.face_track import FaceTrack

ACTION_UNITS = tuple(
    f"AU{number:02d}" for number in (1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 17, 20, 23, 24, 25, 26, 28, 43)
)
CLIPS_PER_WORKER = 8  # starting a worker takes as long as a handful of clips


@dataclass(frozen=True)
class PyFeat:
    """Extract tracks with py-feat.

    The face box is found on a few frames and fixed as their median; landmarks, action units and pose come from
    py-feat's own networks inside that box, for every frame of onset..offset. A frame is NaN where the nearest checked
    frame has no face. Of several faces the largest central one is taken. The confidence is the box's score.

    py-feat is imported in child processes only, each of which serves many clips (the import takes over 10 s, the
    process about 1.3 GB, however long the clips are). A clip that fails, or takes its process with it, becomes a
    Failure; the other clips go on.

    Parameters
    ----------
    landmark_model : str
        ``mobilefacenet``, ``mobilenet`` or ``pfld``.
    au_model : str
        ``xgb`` (probabilities), ``svm`` (0 or 1) or ``none``.
    pose : bool
        Whether to estimate pitch, yaw and roll.
    gaze : bool
        Whether to estimate where the eyes look: L2CS-Net (Abdelrahman et al., 2023), a ResNet-50.
    box : str
        ``retinaface`` (needs weights) or ``cascade`` (scikit-image's; frontal faces only, no score, no weights).
    box_every : int, frames
        Look for the face in every k-th frame and the last one; 0: first, middle and last.
    min_score : float, 0..1
        Least score of a face.
    weights : str
        Folder of the weight files.
    chunk : int, frames
        How many frames are held and measured at a time.
    device : str
        ``cpu``, ``cuda`` or ``auto``.
    threads : int
        Threads of one worker. One is fastest for the small landmark networks.
    workers : int
        Processes at a time; 0: one per ``threads`` cores, but no more than there is work for.
    patience : int, seconds
        How long a worker may give no sign of life before it is ended.
    """

    reads: ClassVar[tuple[str, ...]] = ("onset", "offset")
    landmark_model: str = "mobilefacenet"
    au_model: str = "xgb"
    pose: bool = True
    gaze: bool = False
    box: str = "retinaface"
    box_every: int = 0
    min_score: float = 0.5
    weights: str = ".mmer/weights/pyfeat"
    chunk: int = 64
    device: str = "auto"
    threads: int = 1
    workers: int = 0
    patience: int = 600

    def __post_init__(self) -> None:
        choices = {
            "landmark_model": hub.LANDMARKS,
            "au_model": hub.ACTION_UNITS,
            "box": hub.BOXES,
            "device": ("cpu", "cuda", "auto"),
        }
        for name, valid in choices.items():
            if getattr(self, name) not in valid:
                raise InputError(f"pyfeat: {name} {getattr(self, name)!r}; {nearest(getattr(self, name), valid)}")
        for name, least in (("box_every", 0), ("chunk", 1), ("threads", 1), ("workers", 0), ("patience", 1)):
            if getattr(self, name) < least:
                raise InputError(f"pyfeat: {name} must be at least {least}, got {getattr(self, name)}")

    @property
    def files(self) -> tuple[hub.WeightFile, ...]:
        """The weight files this choice of models needs."""
        return (
            *hub.BOXES[self.box],
            *hub.LANDMARKS[self.landmark_model],
            *hub.ACTION_UNITS[self.au_model],
            *(hub.POSE if self.pose else ()),
            *(hub.GAZE if self.gaze else ()),
        )

    def missing(self) -> list[str]:
        """Name the weight files that are not in the folder, and the command that fetches them."""
        return hub.missing(self.weights, self.files)

    def fetch(self) -> list[Path]:
        """Download the weight files into the folder and record their digests."""
        return hub.fetch(self.weights, self.files)

    def about(self) -> dict[str, str]:
        """Describe everything that decides the numbers; refuses a changed weight file.

        Chunk, threads and workers change nothing but time. The device is left out too (it differs between machines, and
        in the last digits only); a track's provenance has it.
        """
        digests = hub.digests(self.weights, self.files)
        return {
            "backend": "pyfeat",
            "version": f"1, py-feat {version('py-feat')}",
            "landmark_model": self.landmark_model,
            "au_model": self.au_model,
            "pose": str(self.pose),
            "box": self.box,
            "box_every": str(self.box_every),
            "min_score": repr(self.min_score),
            "weights": " ".join(f"{name}={digest}" for name, digest in digests.items()),
            **({"gaze": "l2cs"} if self.gaze else {}),  # without it, tracks made before it could be asked for are right
        }

    def sources(self, clip: pd.Series) -> list[Path]:
        """Return none: everything comes from the frames."""
        return []

    def extract(self, clips: pd.DataFrame) -> Iterator[tuple[str, FaceTrack | Failure]]:
        """Yield each clip as it is finished, in the order of finishing.

        Parameters
        ----------
        clips : DataFrame
            Rows of a Clips table. Clips without frames are not yielded: there is nothing to look at.

        Yields
        ------
        clip_id : str
        result : FaceTrack or Failure

        Raises
        ------
        InputError
            Weights are missing or changed, or py-feat cannot be started: no clip could be extracted.
        """
        clips = clips[clips.frames.notna()]
        if clips.empty:
            return
        if missing := self.missing():
            raise InputError(missing[0])
        jobs: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        for clip in clips.itertuples(index=False):
            if pd.isna(clip.onset) or pd.isna(clip.offset) or pd.isna(clip.fps):
                yield clip.clip_id, Failure(f"{clip.clip_id}: onset, offset or fps is empty in the clips table")
            else:
                jobs.put(
                    {
                        "clip_id": clip.clip_id,
                        "frames": str(clip.frames),
                        "onset": int(clip.onset),
                        "offset": int(clip.offset),
                        "fps": float(clip.fps),
                    }
                )
        count = self._worker_count(jobs.qsize())
        pool = WorkerPool(self._settings(), self.threads, self.patience, jobs)
        try:
            yield from pool.run(count)
        finally:
            pool.stop()

    def _worker_count(self, clips: int) -> int:
        """Return how many processes to start for so many clips."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        wanted = self.workers or min(cores // self.threads, -(-clips // CLIPS_PER_WORKER))
        return min(max(1, wanted), clips)

    def _settings(self) -> dict[str, Any]:
        """Return the worker's first line."""
        return {
            "landmark_model": self.landmark_model,
            "au_model": self.au_model,
            "au_names": ACTION_UNITS if self.au_model != "none" else (),
            "au_scale": AU_SCALES[self.au_model],
            "pose": self.pose,
            "gaze": self.gaze,
            "box": self.box,
            "box_every": self.box_every,
            "min_score": self.min_score,
            "chunk": self.chunk,
            "device": self.device,
            "threads": self.threads,
            "weights": str(Path(self.weights).resolve()),
            "revisions": {repo: pin["revision"] for repo, pin in hub.PINS.items()},
            "about": self.about(),
        }
