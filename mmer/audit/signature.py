"""What one clip shows, small enough to compare all clips of an experiment: digests of its frames, and a signature.

A signature has two parts. The *look* is the mean picture of the clip; it tells people, rooms and framings apart. The
*movement* is how the picture changes from moment to moment; it tells the clips of one person apart, which look alike
and differ by a twitch. Head sway and camera noise are as much part of it as the expression is, so no two recordings
share it, and a copy keeps it when it is encoded again, resized, brightened, mirrored or cut one frame later.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from mmer.types.arrays import load_arrays, save_arrays
from mmer.types.errors import InputError, listing
from mmer.types.frames import Frames
from mmer.types.motion import ClipMotion

FRAMES = "frames"  # kind of a clip whose pictures were seen
UNSEEN = "unseen"  # kind of a clip of which nothing could be read
LOOK = 16  # edge of the mean picture and of a motion plane
COARSE = 8  # edge of the pictures whose changes are the movement; coarse, so that resizing and JPEG leave them alone
MOMENTS = 16
TRIMS = ((0, 0), (1, 0), (0, 1), (1, 1))  # frames left out at the start and at the end: aligns copies cut one frame off
SHORTEST_TRIMMED = 8  # frames; of a shorter clip too little would be left
BLANK = 1.0  # grey levels; a frame whose small picture varies less shows nothing
STILL = 1e-4  # change between moments as part of the picture's contrast; less is rounding, not movement


@dataclass(frozen=True)
class ClipPicture:
    """What one clip shows.

    Parameters
    ----------
    clip_id : str
    kind : str
        ``frames``, ``unseen``, or ``motion`` with the channel names: clips of different kinds cannot be compared.
    digests : tuple of str
        sha256 of each decoded frame (of the values, for motion) that is not blank, of itself or of its mirror image,
        whichever comes first in byte order.
    mirrored : tuple of bool
        Whether that was the mirror image.
    blank : int
        Number of frames without contrast; they show nothing, so they are no evidence of a leak.
    look : ndarray of shape (C, 16, 16), float16
        Mean grey picture (C = 1), or the motion planes; unit length. No element where nothing was seen.
    movement : ndarray of shape (4, 15, 8, 8), float16
        Change between successive moments, once per entry of ``TRIMS``, each of unit length. No element where nothing
        moves (a single picture), and for motion, whose movement is its look.
    problems : tuple of str
        What could not be read, in words.
    """

    clip_id: str
    kind: str
    digests: tuple[str, ...]
    mirrored: tuple[bool, ...]
    blank: int
    look: np.ndarray
    movement: np.ndarray
    problems: tuple[str, ...] = ()

    @classmethod
    def unseen(cls, clip_id: str, reason: str) -> "ClipPicture":
        """Make the picture of a clip of which nothing can be read, e.g. because its folder is gone."""
        return cls(clip_id, UNSEEN, (), (), 0, _nothing(), _nothing(), (reason,))


def describe_clip(clip: pd.Series, frames: Frames | None, motion: ClipMotion | None = None) -> ClipPicture:
    """Describe one clip by its frames from onset to offset, or by its motion where it has no frames.

    Parameters
    ----------
    clip : Series
        One row of a Clips table; all frames count where it has no onset or no offset.
    frames : Frames or None
    motion : ClipMotion or None
        Used only without frames.

    Returns
    -------
    ClipPicture
        Frames that do not exist or do not decode are named in ``problems``; nothing is raised for them.
    """
    if frames is None and motion is None:
        return ClipPicture.unseen(clip.clip_id, "it has neither frames nor motion")
    if frames is None:
        return _describe_motion(motion)
    problems = []
    if not (pd.isna(clip.onset) or pd.isna(clip.offset)):
        onset, offset = int(clip.onset), int(clip.offset)
        if missing := frames.missing(onset, offset):
            problems.append(f"no frame {listing(missing)}, though the clip is {onset}..{offset}")
        frames = frames.between(onset, offset)
    digests, mirrored, small, blank = [], [], [], 0
    for image in _readable(frames, problems):
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
        thumbnail = cv2.resize(grey, (LOOK, LOOK), interpolation=cv2.INTER_AREA)
        if thumbnail.std() < BLANK:
            blank += 1
            continue
        digest, flipped = _digest(image, image[:, ::-1], "frame")
        digests.append(digest)
        mirrored.append(flipped)
        small.append(thumbnail)
    if not small:
        problems.append("every frame of it that can be read is blank" if blank else "no frame of it can be read")
        return ClipPicture(clip.clip_id, UNSEEN, (), (), blank, _nothing(), _nothing(), tuple(problems))
    look, movement = _signature(np.stack(small).astype(np.float64))
    return ClipPicture(clip.clip_id, FRAMES, tuple(digests), tuple(mirrored), blank, look, movement, tuple(problems))


def _readable(frames: Frames, problems: list[str]) -> Iterator[np.ndarray]:
    """Yield the frames that decode; note why the others do not."""
    todo = list(frames.numbers)
    while todo:
        try:
            for _, image in frames.iterate(tuple(todo)):
                todo.pop(0)
                yield image
        except InputError as error:
            problems.append(str(error))
            todo.pop(0)
            if not frames.names:  # a video is stepped through from its start, so nothing behind the fault is reached
                if todo:
                    problems.append(f"frames {todo[0]}..{todo[-1]} behind it are not read")
                return


def _digest(values: np.ndarray, flipped: np.ndarray, what: str) -> tuple[str, bool]:
    """Digest an array or its mirror image, whichever is first in byte order, so that mirrored copies meet."""
    straight, mirror = (np.ascontiguousarray(side).tobytes() for side in (values, flipped))
    total = hashlib.sha256(f"{what} {values.dtype} {values.shape} ".encode())
    total.update(min(straight, mirror))
    return total.hexdigest(), mirror < straight


def _signature(small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return look and movement of small grey pictures (T, 16, 16)."""
    look = _unit(small).mean(0)
    coarse = _unit(small.reshape(len(small), COARSE, LOOK // COARSE, COARSE, LOOK // COARSE).mean((2, 4)))
    movement = []
    for start, end in TRIMS:
        part = coarse[start : len(coarse) - end] if len(coarse) >= SHORTEST_TRIMMED else coarse
        # Scaled again, for a mean of unit pictures is shorter where they differ.
        moments = _unit(np.tensordot(_weights(len(part)), part, 1))
        steps = np.diff(moments, axis=0)
        size = float(np.linalg.norm(steps))
        if size <= STILL:
            return _packed(look[None]), _nothing()
        movement.append(steps / size)
    return _packed(look[None]), np.stack(movement).astype(np.float16)


def _unit(pictures: np.ndarray) -> np.ndarray:
    """Take brightness and contrast out of pictures (T, H, W): each gets mean 0 and length 1."""
    centred = pictures - pictures.mean((1, 2), keepdims=True)
    return centred / np.maximum(np.linalg.norm(centred, axis=(1, 2), keepdims=True), 1e-12)


@lru_cache(maxsize=64)
def _weights(frames: int) -> np.ndarray:
    """Return how much each frame counts in each moment, (MOMENTS, T): means over equal parts of the clip.

    Where the parts are shorter than a frame, it is interpolation at their middles.
    """
    edges = np.linspace(0, frames, MOMENTS + 1)
    places = np.arange(frames)
    if frames >= MOMENTS:
        overlap = np.minimum(edges[1:, None], places + 1) - np.maximum(edges[:-1, None], places)
    else:
        middle = np.clip((edges[1:, None] + edges[:-1, None]) / 2 - 0.5, 0, frames - 1)
        overlap = 1 - np.abs(middle - places)
    weights = np.clip(overlap, 0, None)
    return weights / weights.sum(1, keepdims=True)


def _describe_motion(motion: ClipMotion) -> ClipPicture:
    """Describe a clip by its motion: there are no pictures to look at."""
    kind = f"motion {','.join(motion.channels)}"
    values = np.asarray(motion.values, np.float32) + np.float32(0)  # turns -0 into 0
    if not np.ptp(values):
        reason = "its motion is the same everywhere, so it shows nothing"
        return ClipPicture(motion.clip_id, UNSEEN, (), (), 1, _nothing(), _nothing(), (reason,))
    digest, flipped = _digest(values, mirror(values, kind) + np.float32(0), kind)
    small = np.stack([cv2.resize(plane, (LOOK, LOOK), interpolation=cv2.INTER_AREA) for plane in values])
    return ClipPicture(motion.clip_id, kind, (digest,), (flipped,), 0, _packed(_balanced(small, kind)), _nothing())


def _balanced(planes: np.ndarray, kind: str) -> np.ndarray:
    """Give every quantity the same say: u and v are one quantity in pixels, strain is another."""
    names = kind.removeprefix("motion ").split(",")
    flow = [place for place, name in enumerate(names) if name in ("u", "v")]
    groups = [flow] * bool(flow) + [[place] for place in range(len(names)) if place not in flow]
    planes = planes.astype(np.float64)
    for group in groups:
        planes[group] /= max(float(np.linalg.norm(planes[group])), 1e-12)
    return planes


def mirror(planes: np.ndarray, kind: str) -> np.ndarray:
    """Mirror pictures or motion planes (..., C, H, W) left to right; motion to the right becomes motion to the left."""
    flipped = planes[..., ::-1].copy()
    if kind.startswith("motion "):
        for place, name in enumerate(kind.removeprefix("motion ").split(",")):
            if name == "u":
                flipped[..., place, :, :] *= -1
    return flipped


def _packed(look: np.ndarray) -> np.ndarray:
    return (look / np.linalg.norm(look)).astype(np.float16)


def _nothing() -> np.ndarray:
    return np.zeros(0, np.float16)


def save_pictures(path: str | Path, pictures: Sequence[ClipPicture]) -> None:
    """Write pictures of clips to one npz, e.g. of one clip as a cache or of one dataset."""
    pictures = sorted(pictures, key=lambda picture: picture.clip_id)
    arrays, about = {}, []
    for number, picture in enumerate(pictures):
        arrays |= {f"look{number}": picture.look, f"movement{number}": picture.movement}
        names = ("clip_id", "kind", "digests", "mirrored", "blank", "problems")
        about.append({name: getattr(picture, name) for name in names})
    save_arrays(path, arrays, {"pictures": about})


def load_pictures(path: str | Path) -> tuple[ClipPicture, ...]:
    """Read what ``save_pictures`` wrote."""
    arrays, about = load_arrays(path)
    try:
        return tuple(
            ClipPicture(
                **{name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()},
                look=arrays[f"look{number}"],
                movement=arrays[f"movement{number}"],
            )
            for number, entry in enumerate(about["pictures"])
        )
    except (KeyError, TypeError) as error:
        raise InputError(
            f"{path}: not pictures of clips written by mmer; remove it and audit again ({error})"
        ) from error
