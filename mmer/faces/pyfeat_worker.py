"""The child process that runs py-feat's Detectorv1: ``python -m mmer.faces.pyfeat_worker``.

Importing py-feat takes over 10 s and constructing a detector turns gradients off for the whole process, so it happens
here and nowhere else. One json line in per clip, one json line out per event:

    in    settings                                               (first line)
          {clip_id, frames, onset, offset, fps, path}            (one per clip)
    out   {event: ready, device, threads}  |  {event: unusable, reason}
          {event: alive}                                         (after each chunk of frames)
          {event: track, peak_mb}  |  {event: failed, reason}

The track itself is written to ``path``. py-feat and the libraries under it print as they like; that goes to stderr.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from mmer.faces.boxes import CascadeFinder, Finder, checked_places, fix_box
from mmer.types.errors import InputError, listing
from mmer.types.face_track import LANDMARKS, FaceTrack
from mmer.types.frames import Frames

CONTEXT = 1.2  # py-feat widens a box by this much before it cuts the face out
AU_SCALES = {"xgb": "probability", "svm": "0-1", "none": "none"}
# What a .skops file may rebuild: the classes py-feat's AU models are made of. py-feat itself would trust any name.
TRUSTED_PREFIXES = ("feat.au_detectors.", "sklearn.", "xgboost.")
TRUSTED_NAMES = {"__main__.XGBClassifier", "__main__.SVMClassifier", "builtins.bytearray", "collections.OrderedDict"}

Reader = Callable[[np.ndarray, np.ndarray], dict[str, np.ndarray]]
"""Pictures (n, H, W, 3) uint8 RGB and one box (5,) -> landmarks (n, 68, 2), action_units (n, A), pose (n, 3), gaze."""


def read_clip(
    job: dict[str, Any], settings: dict[str, Any], find: Finder, read: Reader, alive: Callable[[], None]
) -> FaceTrack:
    """Extract one clip. A frame that the corpus lacks inside onset..offset has a row too, of NaN.

    Parameters
    ----------
    job : dict
        ``clip_id``, ``frames``, ``onset``, ``offset``, ``fps``.
    settings : dict
        ``box_every``, ``chunk``, ``min_score``, ``au_names``, ``au_scale``, ``gaze``, ``about``.
    find : callable
        Finds the faces of one picture.
    read : callable
        Measures the face in a box.
    alive : callable
        Called after each piece of work.

    Raises
    ------
    InputError
        The onset or offset frame is missing, or frames do not decode or differ in size.
    """
    onset, offset = job["onset"], job["offset"]
    frames = Frames.open(job["frames"]).between(onset, offset)
    if ends := [number for number in (onset, offset) if number not in frames.numbers]:
        missing = listing(frames.missing(onset, offset))
        raise InputError(
            f"{job['frames']}: frame {missing} of {onset}..{offset} is missing, {listing(ends)} among them"
        )
    length, size = len(frames.numbers), None
    checked, boxes = [frames.numbers[place] for place in checked_places(length, settings["box_every"])], {}
    for number, image in frames.iterate(checked):
        size = size or image.shape[:2]
        found = find(image)
        boxes[frames.numbers.index(number)] = found[found[:, 4] >= settings["min_score"]]
        alive()
    box = fix_box(boxes, length, size)

    names = tuple(settings["au_names"])
    landmarks = np.full((length, LANDMARKS, 2), np.nan, np.float32)
    action_units = np.full((length, len(names)), np.nan, np.float32)
    pose = np.full((length, 3), np.nan, np.float32)
    gaze = np.full((length, 2), np.nan, np.float32)
    wanted = [number for number, found in zip(frames.numbers, box.found, strict=True) if found]
    rows = np.flatnonzero(box.found)
    if wanted:
        corner, part = face_region(box.edges, size)
        inside = np.append(box.edges - np.tile(corner, 2), box.score.max())
        done = 0
        # Only the face's part of at most `chunk` frames is held; of each chunk only the numbers are kept.
        for pictures in _chunks(frames, wanted, part, size, settings["chunk"]):
            here = rows[done : done + len(pictures)]
            values = read(pictures, inside)
            landmarks[here] = values["landmarks"] + corner
            action_units[here] = values["action_units"]
            pose[here] = values["pose"]
            if settings["gaze"]:
                gaze[here] = values["gaze"]
            done += len(pictures)
            alive()
    left, top, right, bottom = box.edges
    edges = np.array([left, top, right - left, bottom - top])
    every = np.arange(onset, offset + 1)
    there = np.isin(every, frames.numbers)

    def spread(values: np.ndarray, absent: float) -> np.ndarray:
        whole = np.full((len(every), *values.shape[1:]), absent, values.dtype)
        whole[there] = values
        return whole

    return FaceTrack(
        clip_id=job["clip_id"],
        frame=every,
        time=(every - onset) / float(job["fps"]),
        landmarks=spread(landmarks, np.nan),
        action_units=spread(action_units, np.nan),
        au_names=names,
        au_scale=settings["au_scale"],
        box=spread(np.where(box.found[:, None], edges, np.nan).astype(np.float32), np.nan),
        confidence=spread(box.score, 0),
        n_faces=spread(box.n_faces, 0),
        pose=spread(pose, np.nan),
        image_size=size,
        provenance=settings["about"],
        gaze=spread(gaze, np.nan) if settings["gaze"] else None,
    )


def face_region(edges: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, tuple[slice, slice]]:
    """Return the corner (x, y) and the slices of the part of the picture that py-feat will look at.

    That is the box widened by ``CONTEXT`` and 4 pixels for rounding and interpolation, within the picture. The corner
    is even, because py-feat rounds half to even and an odd shift would round the other way. py-feat's sampling
    stretches the picture by width / (width - 1), so landmarks differ from those of the whole picture (measured: by
    .7 px at most, .06 px in the mean); the stretch is the same in every frame of the clip.
    """
    centre, half = (edges[0:2] + edges[2:4]) / 2, (edges[2:4] - edges[0:2]) / 2 * CONTEXT + 4
    low = np.maximum(np.floor((centre - half) / 2) * 2, 0).astype(int)
    high = np.minimum(np.ceil(centre + half), np.array([size[1], size[0]])).astype(int)
    return low, (slice(low[1], high[1]), slice(low[0], high[0]))


def _chunks(
    frames: Frames, numbers: list[int], part: tuple[slice, slice], size: tuple[int, int], most: int
) -> Iterator[np.ndarray]:
    """Yield the part of at most ``most`` pictures at a time, (n, h, w, 3)."""
    held: list[np.ndarray] = []
    for number, image in frames.iterate(numbers):
        if image.shape[:2] != size:
            raise InputError(f"{frames.source}: frame {number} has {image.shape[:2]} pixels, the first one {size}")
        held.append(image[part].copy())  # a view would keep the whole picture
        if len(held) == most:
            yield np.stack(held)
            held = []
    if held:
        yield np.stack(held)


def load(settings: dict[str, Any]) -> tuple[Finder, Reader, dict[str, Any]]:
    """Import py-feat and construct its detector on our own weight folder, without the network.

    Returns
    -------
    find, read : callable
    facts : dict
        Device and threads in use.
    """
    import huggingface_hub

    original = huggingface_hub.hf_hub_download

    def from_folder(repo_id: str, filename: str, cache_dir: str | None = None, **other: Any) -> str:
        # py-feat names its own package folder as the cache; ours survives the environment and is the one checked.
        other |= {"cache_dir": settings["weights"], "revision": settings["revisions"].get(repo_id)}
        return original(repo_id=repo_id, filename=filename, local_files_only=True, **other)

    huggingface_hub.hf_hub_download = from_folder  # before feat is imported: most of it binds the name at import
    import feat.detector
    import feat.utils.face_pose_mlp as pose_mlp
    import torch

    torch.set_num_threads(settings["threads"])
    device = settings["device"]
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    untrusted = feat.detector.get_untrusted_types
    feat.detector.get_untrusted_types = lambda **given: _only_trusted(untrusted(**given), given.get("file"))
    if settings["box"] == "cascade":
        feat.detector.Retinaface = lambda device: None  # its weights are neither needed nor there
    if not settings["pose"]:
        pose_mlp.pose_from_landmarks_mlp = lambda landmarks: None
    detector = feat.detector.Detectorv1(
        face_model="retinaface",
        landmark_model=settings["landmark_model"],
        au_model=None if settings["au_model"] == "none" else settings["au_model"],
        emotion_model=None,
        identity_model=None,
        gaze_model="l2cs" if settings["gaze"] else None,
        device=device,
    )
    find = CascadeFinder() if settings["box"] == "cascade" else _retinaface(detector.facepose_detector)
    return find, _reader(detector, settings["au_names"]), {"device": device, "threads": torch.get_num_threads()}


def _only_trusted(names: list[str], file: str | None) -> list[str]:
    """Refuse a .skops file that would rebuild anything but the parts of an AU model."""
    strange = [name for name in names if name not in TRUSTED_NAMES and not name.startswith(TRUSTED_PREFIXES)]
    if strange:
        raise InputError(f"{file}: would load {listing(strange)}, which no AU model is made of; refused")
    return names


def _retinaface(network: Callable[..., list]) -> Finder:
    """Make a finder of py-feat's RetinaFace."""
    import torch

    def find(image: np.ndarray) -> np.ndarray:
        found = network(torch.from_numpy(image).permute(2, 0, 1)[None])[0]
        return np.array(found, dtype=np.float64).reshape(-1, 5)

    return find


def _reader(detector: Any, au_names: list[str]) -> Reader:
    """Make a reader of py-feat's own landmark, AU and pose code, with the box given instead of found.

    ``detect_faces`` and ``forward`` are called directly: ``detect`` gives the same numbers, but reads the first batch
    twice, prints bars and collects 694 columns per frame.
    """
    import torch
    from torch.utils.data import default_collate

    xs, ys = ([f"{axis}_{i}" for i in range(LANDMARKS)] for axis in "xy")

    def read(pictures: np.ndarray, box: np.ndarray) -> dict[str, np.ndarray]:
        images = torch.from_numpy(pictures).permute(0, 3, 1, 2)
        detector.facepose_detector = lambda batch: [[box.tolist()]] * len(batch)
        padding = {"Left": 0, "Top": 0, "Right": 0, "Bottom": 0}
        batch = default_collate([{"Scale": 1.0, "Padding": padding}] * len(images)) | {"Image": images}
        faces = detector.detect_faces(images, face_size=detector.face_size, face_detection_threshold=0.0)
        table = detector.forward(faces, batch)
        return {
            "landmarks": np.stack([table[xs].to_numpy(), table[ys].to_numpy()], axis=2),
            "action_units": table[list(au_names)].to_numpy(),
            # py-feat's network gives radians
            "pose": np.degrees(table[["Pitch", "Yaw", "Roll"]].to_numpy()),
            "gaze": np.degrees(table[["gaze_pitch", "gaze_yaw"]].to_numpy()),
        }

    return read


def _peak_mb() -> float:
    """Most memory this process has held so far, MiB."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def serve(lines: TextIO, channel: TextIO) -> int:
    """Answer jobs until the input ends; return the exit status."""

    def say(event: str, **more: Any) -> None:
        channel.write(json.dumps({"event": event, **more}) + "\n")
        channel.flush()

    settings = json.loads(lines.readline())
    try:
        find, read, facts = load(settings)
    except Exception as error:
        traceback.print_exc()
        say("unusable", reason=_reason(error))
        return 1
    settings["about"] = settings["about"] | {"device": facts["device"]}
    say("ready", **facts)
    for line in lines:
        job = json.loads(line)
        try:
            read_clip(job, settings, find, read, lambda: say("alive")).save(Path(job["path"]))
        except Exception as error:  # one clip must not take the others with it; the reason is recorded
            traceback.print_exc()
            say("failed", reason=_reason(error))
        else:
            say("track", peak_mb=_peak_mb())
    return 0


def _reason(error: Exception) -> str:
    """One line for a person; the trace is on stderr."""
    text = " ".join(str(error).split()) or "no message"
    return text if isinstance(error, InputError) else f"{type(error).__name__}: {text}"


if __name__ == "__main__":
    # Keep the true stdout for events and send everything anybody prints, C code included, to stderr.
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.exit(serve(sys.stdin, events))
