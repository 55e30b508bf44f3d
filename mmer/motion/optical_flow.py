"""Optical flow from onset to apex on the aligned face, with optical strain."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import pandas as pd

from mmer.motion.alignment import aligned, aligning, rows_of_clip
from mmer.motion.apex import MISSING, RULES, choose_apex
from mmer.motion.dense_flow import ALGORITHMS, dense_flow
from mmer.motion.head_motion import without_head_motion
from mmer.motion.interpolation import INTERPOLATIONS
from mmer.motion.magnify.clip import Magnifier, magnified
from mmer.motion.strain import optical_strain
from mmer.motion.video import KINDS, aligned_video, video_moments
from mmer.types.canonical_face import transform, typical_landmarks
from mmer.types.errors import InputError, nearest
from mmer.types.face_track import FaceTrack
from mmer.types.frames import Frames
from mmer.types.motion import ClipMotion

CHANNELS = ("u", "v", "strain")
MOST_NEIGHBOURS = 50  # each costs as much time and memory as the apex itself
MOST_FRAMES = 1000


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
    n_frames : int
        Aligned faces of the clip that are kept as its video (``ClipMotion.video``): 0, or at least 2. Models that read
        ``video`` need them, and node features of pictures or flow at several moments.
    moments : str
        When they are. ``even``: from onset to offset, both included; ``triplet``: onset, apex, offset (``n_frames`` 3).
    interpolation : str
        What lies between frames: ``linear``, ``tim`` (``mmer.motion.interpolation``, decodes every frame) or
        ``nearest``.
    video_size : int or None
        Edge of the video's pictures, pixels; None: ``size``, which node features need.

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
    n_frames: int = 0
    moments: str = "even"
    interpolation: str = "tim"
    video_size: int | None = None

    needs_track: ClassVar[bool] = True
    magnifies: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for key, valid in (
            ("algorithm", ALGORITHMS),
            ("apex", RULES),
            ("apex_missing", MISSING),
            ("moments", KINDS),
            ("interpolation", INTERPOLATIONS),
        ):
            if getattr(self, key) not in valid:
                raise InputError(f"{self.name}: {key} {getattr(self, key)!r}; {nearest(getattr(self, key), valid)}")
        for key in ("size", "video_size"):
            if getattr(self, key) is not None and not 32 <= getattr(self, key) <= 1024:
                raise InputError(f"{self.name}: {key} must lie in 32..1024 pixels, got {getattr(self, key)}")
        if not 0 <= self.min_valid <= 1:
            raise InputError(f"{self.name}: min_valid is a fraction, 0..1, got {self.min_valid}")
        if not 0 <= self.neighbours <= MOST_NEIGHBOURS:
            raise InputError(f"{self.name}: neighbours must lie in 0..{MOST_NEIGHBOURS}, got {self.neighbours}")
        if self.n_frames == 1 or not 0 <= self.n_frames <= MOST_FRAMES:
            raise InputError(f"{self.name}: n_frames must be 0 or lie in 2..{MOST_FRAMES}, got {self.n_frames}")
        if self.moments == "triplet" and self.n_frames not in (0, 3):
            raise InputError(f"{self.name}: moments triplet are 3, so set n_frames to 3; it is {self.n_frames}")

    @property
    def reads(self) -> tuple[str, ...]:
        """Name the annotations of a clip that are read."""
        return ("onset", "apex", "offset") if self.apex == "given" else ("onset", "offset")

    def describe(
        self, clip: pd.Series, track: FaceTrack | None, frames: Frames | None, magnifier: Magnifier | None = None
    ) -> ClipMotion:
        """Describe the motion of one clip; channels u and v in pixels of the aligned face, and strain.

        Parameters
        ----------
        clip : Series
            One row of a Clips table.
        track : FaceTrack
        frames : Frames
        magnifier : Magnifier or None
            Makes the motion of the aligned faces larger before it is measured (``mmer.motion.magnify``); head motion
            is magnified with the rest, and taken out after.

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
        wanted = [onset, apex, *beside]
        if magnifier is not None and magnifier.whole_clip:
            wanted += frames.between(onset, offset).numbers
        pictures = {number: aligned(image, to_crop, self.size) for number, image in _decoded(frames, rows, wanted)}
        fps = float("nan") if pd.isna(clip.fps) else float(clip.fps)
        if magnifier is not None:
            pictures = dict(sorted(pictures.items()))
            larger = magnified(magnifier, np.stack(list(pictures.values())), fps)
            pictures = dict(zip(pictures, larger, strict=True))
        landmarks = transform(to_crop, typical_landmarks(rows.landmarks))
        moved = {number: self.moved(pictures[onset], pictures[number], landmarks) for number in {apex, *beside}}
        video, moments = self._video(frames.between(onset, offset), rows, (onset, apex, offset), magnifier, fps)
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
            video,
            moments,
        )

    def moved(self, first: np.ndarray, second: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """Return u, v and strain between two aligned pictures.

        Parameters
        ----------
        first, second : ndarray of shape (H, W), uint8
        landmarks : ndarray of shape (68, 2)
            Where the face lies in them.

        Returns
        -------
        ndarray of shape (3, H, W), float32
        """
        flow = dense_flow(first, second, self.algorithm)
        if self.remove_rigid:
            flow = without_head_motion(flow, landmarks)
        return np.concatenate([flow, optical_strain(flow[0], flow[1])[None]]).astype(np.float32)

    def _video(
        self,
        frames: Frames,
        rows: FaceTrack,
        events: tuple[int, int, int],
        magnifier: Magnifier | None,
        fps: float,
    ) -> tuple[np.ndarray, np.ndarray] | tuple[None, None]:
        """Return the aligned faces of a clip and their moments.

        ``frames`` are those of onset..offset, ``events`` onset, apex and offset.
        """
        if not self.n_frames:
            return None, None
        size = self.video_size or self.size
        moments = video_moments(self.moments, self.n_frames, *events)
        matrix = aligning(rows, size, self.min_valid)
        decode = partial(_decoded, frames, rows)
        how = self.interpolation
        return aligned_video(decode, frames.numbers, moments, how, matrix, size, magnifier, fps), moments


def _beside(apex: int, reach: int, numbers: tuple[int, ...]) -> list[int]:
    """Return the frames that stand in for the apex: one per offset -reach..-1, 1..reach.

    ``numbers`` are the frames there are after the onset; without any (a clip of one frame) it is the apex itself.
    """
    wanted = [apex + step for step in range(-reach, reach + 1) if step]
    return [min(numbers or (apex,), key=lambda number: (abs(number - goal), number)) for goal in wanted]


def _decoded(frames: Frames, rows: FaceTrack, numbers: Iterable[int]) -> Iterator[tuple[int, np.ndarray]]:
    """Decode frames of the track ``rows``.

    A track of other pictures, e.g. of a corpus's cropped variant, is refused: its face would be looked for elsewhere.
    """
    x, y = typical_landmarks(rows.landmarks).mean(0)
    for number, image in frames.iterate(numbers):
        height, width = image.shape[:2]
        if (height, width) != tuple(rows.image_size):
            raise InputError(
                f"{rows.clip_id}: frame {number} has {width} x {height} pixels, but the track was made on pictures of "
                f"{rows.image_size[1]} x {rows.image_size[0]}; track the frames that the dataset's yaml names"
            )
        if not (0 <= x < width and 0 <= y < height):
            raise InputError(
                f"{rows.clip_id}: the track has the face at ({x:.4g}, {y:.4g}), outside the {width} x {height} pixels "
                f"of frame {number}; landmarks are pixels of the frames"
            )
        yield number, image
