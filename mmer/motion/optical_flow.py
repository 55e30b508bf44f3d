"""Optical flow from onset to apex on the aligned face, with optical strain."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from mmer.motion.alignment import aligned, aligning, rows_of_clip
from mmer.motion.apex import MISSING, RULES, choose_apex
from mmer.motion.dense_flow import ALGORITHMS, dense_flow
from mmer.motion.head_motion import without_head_motion
from mmer.motion.strain import optical_strain
from mmer.types.canonical_face import transform, typical_landmarks
from mmer.types.errors import InputError, nearest
from mmer.types.face_track import FaceTrack
from mmer.types.frames import Frames
from mmer.types.motion import ClipMotion

CHANNELS = ("u", "v", "strain")
MOST_NEIGHBOURS = 50  # each costs as much time and memory as the apex itself


@dataclass(frozen=True)
class OpticalFlow:
    """Flow from onset to apex and its optical strain (``mmer.motion.strain``).

    Parameters
    ----------
    name : str
    algorithm : str
        ``dis``, ``farneback`` or ``tvl1`` (some twenty times slower, closer to the truth).
    size : int
        Edge of the aligned picture, pixels; the outer eye corners lie .44 of it apart.
    apex : str
        ``given``, ``middle`` or ``peak_motion``.
    apex_missing : str
        What is done under ``given`` where the annotation has no apex: ``middle``, ``peak_motion`` or ``error``. The
        source is recorded for every clip.
    remove_rigid : bool
        Whether head motion between the two frames is taken out of the flow.
    min_valid : float
        A clip with a face in fewer of its frames is excluded, 0..1.
    neighbours : int
        How many frames before the apex, and as many after it, are taken in its place too (``ClipMotion.neighbours``):
        siblings of the clip to train on, see ``conf/augment``. 0: none. Kept inside onset + 1..offset, so at a border a
        frame occurs more than once; where a corpus lacks a frame the nearest one stands in, the earlier of two.

    Raises
    ------
    InputError
        A field has a value that does not exist.
    """

    name: str = "optical_flow"
    algorithm: str = "dis"
    size: int = 128
    apex: str = "given"
    apex_missing: str = "middle"
    remove_rigid: bool = True
    min_valid: float = 0.9
    neighbours: int = 0

    needs_track: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for key, valid in (("algorithm", ALGORITHMS), ("apex", RULES), ("apex_missing", MISSING)):
            if getattr(self, key) not in valid:
                raise InputError(f"{self.name}: {key} {getattr(self, key)!r}; {nearest(getattr(self, key), valid)}")
        if not 32 <= self.size <= 1024:
            raise InputError(f"{self.name}: size must lie in 32..1024 pixels, got {self.size}")
        if not 0 <= self.min_valid <= 1:
            raise InputError(f"{self.name}: min_valid is a fraction, 0..1, got {self.min_valid}")
        if not 0 <= self.neighbours <= MOST_NEIGHBOURS:
            raise InputError(f"{self.name}: neighbours must lie in 0..{MOST_NEIGHBOURS}, got {self.neighbours}")

    @property
    def reads(self) -> tuple[str, ...]:
        """Name the annotations of a clip that are read."""
        return ("onset", "apex", "offset") if self.apex == "given" else ("onset", "offset")

    def describe(self, clip: pd.Series, track: FaceTrack | None, frames: Frames | None) -> ClipMotion:
        """Describe the motion of one clip; channels u and v in pixels of the aligned face, and strain.

        Parameters
        ----------
        clip : Series
            One row of a Clips table.
        track : FaceTrack
        frames : Frames

        Raises
        ------
        Excluded
            Too few frames have a face.
        InputError
            The clip has no track, no frames, no onset or offset, the frames are missing or unreadable, or the track
            was made on other pictures.
        """
        if track is None:
            raise InputError(
                f"{clip.clip_id}: optical flow needs a face track to align the face; run the tracks stage for this "
                "clip, or choose `motion: precomputed` where motion comes with the dataset"
            )
        if frames is None or pd.isna(clip.onset) or pd.isna(clip.offset):
            raise InputError(
                f"{clip.clip_id}: optical flow needs frames, onset and offset; correct the annotation, "
                "or choose `motion: precomputed` where motion comes with the dataset"
            )
        onset, offset = int(clip.onset), int(clip.offset)
        rows = rows_of_clip(track, onset, offset)
        to_crop = aligning(rows, self.size, self.min_valid)
        given = None if self.apex != "given" or pd.isna(clip.apex) else int(clip.apex)
        apex, source = choose_apex(self.apex, self.apex_missing, onset, given, offset, rows, frames)
        beside = _beside(apex, self.neighbours, frames.between(onset + 1, offset).numbers)
        images = dict(frames.iterate([onset, apex, *beside]))
        _check_place(rows, images, clip.clip_id)
        pictures = {number: aligned(image, to_crop, self.size) for number, image in images.items()}
        landmarks = transform(to_crop, typical_landmarks(rows.landmarks))
        moved = {number: self._moved(pictures[onset], pictures[number], landmarks) for number in {apex, *beside}}
        return ClipMotion(
            clip.clip_id,
            moved[apex],
            CHANNELS,
            to_crop,
            apex,
            source,
            np.stack([pictures[onset], pictures[apex]]),
            np.stack([moved[number] for number in beside]) if beside else None,
            np.array(beside, np.int64) if beside else None,
        )

    def _moved(self, first: np.ndarray, second: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """Return u, v and strain between two aligned pictures: (3, size, size) float32."""
        flow = dense_flow(first, second, self.algorithm)
        if self.remove_rigid:
            flow = without_head_motion(flow, landmarks)
        return np.concatenate([flow, optical_strain(flow[0], flow[1])[None]]).astype(np.float32)


def _beside(apex: int, reach: int, numbers: tuple[int, ...]) -> list[int]:
    """Return the frames that stand in for the apex: one per offset -reach..-1, 1..reach.

    ``numbers`` are the frames there are after the onset; without any (a clip of one frame) it is the apex itself.
    """
    wanted = [apex + step for step in range(-reach, reach + 1) if step]
    return [min(numbers or (apex,), key=lambda number: (abs(number - goal), number)) for goal in wanted]


def _check_place(rows: FaceTrack, images: dict[int, np.ndarray], clip_id: str) -> None:
    """Refuse a track of other pictures, e.g. of a corpus's cropped variant: its face would be looked for elsewhere."""
    x, y = typical_landmarks(rows.landmarks).mean(0)
    for number, image in images.items():
        height, width = image.shape[:2]
        if (height, width) != tuple(rows.image_size):
            raise InputError(
                f"{clip_id}: frame {number} has {width} x {height} pixels, but the track was made on pictures of "
                f"{rows.image_size[1]} x {rows.image_size[0]}; track the frames that the dataset's yaml names"
            )
        if not (0 <= x < width and 0 <= y < height):
            raise InputError(
                f"{clip_id}: the track has the face at ({x:.4g}, {y:.4g}), outside the {width} x {height} pixels "
                f"of frame {number}; landmarks are pixels of the frames"
            )
