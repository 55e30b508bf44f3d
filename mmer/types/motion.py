"""Motion: how the face moved between onset and apex, of one clip and of many."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from mmer.types.arrays import load_arrays, save_arrays
from mmer.types.errors import InputError, listing
from mmer.types.view import facts, number


@dataclass(frozen=True)
class ClipMotion:
    """Motion of one clip on the aligned face.

    Parameters
    ----------
    clip_id : str
    values : ndarray of shape (C, H, W), float32
        One plane per channel; ``u`` and ``v`` in pixels of the aligned face, ``strain`` without unit.
    channels : tuple of C str
        Usually ``("u", "v", "strain")``.
    to_crop : ndarray of shape (2, 3), float64
        Similarity transform from pixels of the source frame to pixels of the aligned face; NaN where unknown
        (precomputed motion whose alignment is not ours).
    apex : int
        The corpus's own number of the apex frame that was used; -1 where unknown.
    apex_source : str
        ``given``, ``middle``, ``peak_motion`` or ``precomputed``.
    pictures : ndarray of shape (2, H, W), uint8, or None
        Aligned grey onset and apex pictures, for the report.
    neighbours : ndarray of shape (M, C, H, W), float32, or None
        The same motion with other frames, beside the apex, in its place; None where none were asked for.
    neighbour_frames : ndarray of shape (M,), int64, or None
        The corpus's own numbers of these frames.
    video : ndarray of shape (T, h, w), uint8, or None
        Aligned grey faces from onset to offset, T at least 2; None where none were asked for.
    moments : ndarray of shape (T,), float64, or None
        When each of them is, in the corpus's own frame numbers, ascending; between frames they are interpolated.
    """

    clip_id: str
    values: np.ndarray
    channels: tuple[str, ...]
    to_crop: np.ndarray
    apex: int
    apex_source: str
    pictures: np.ndarray | None = None
    neighbours: np.ndarray | None = None
    neighbour_frames: np.ndarray | None = None
    video: np.ndarray | None = None
    moments: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or len(self.values) != len(self.channels):
            raise InputError(
                f"motion of {self.clip_id}: values must have shape (C, H, W) with C = {len(self.channels)} "
                f"{self.channels}, got {self.values.shape}"
            )
        if self.to_crop.shape != (2, 3):
            raise InputError(f"motion of {self.clip_id}: to_crop must have shape (2, 3), got {self.to_crop.shape}")
        if not np.isfinite(self.values).all():
            raise InputError(f"motion of {self.clip_id}: values are not finite")
        if (self.neighbours is None) != (self.neighbour_frames is None):
            raise InputError(f"motion of {self.clip_id}: neighbours and neighbour_frames belong together")
        if self.neighbours is not None:
            m = len(self.neighbours)
            if m < 1 or self.neighbours.shape[1:] != self.values.shape or self.neighbour_frames.shape != (m,):
                raise InputError(
                    f"motion of {self.clip_id}: neighbours must have shape (M, C, H, W) of {self.values.shape} and "
                    f"neighbour_frames (M,), got {self.neighbours.shape} and {self.neighbour_frames.shape}"
                )
            if not np.isfinite(self.neighbours).all():
                raise InputError(f"motion of {self.clip_id}: neighbours are not finite")
        if (self.video is None) != (self.moments is None):
            raise InputError(f"motion of {self.clip_id}: video and moments belong together")
        if self.video is not None:
            t = len(self.moments)
            if t < 2 or self.video.ndim != 3 or len(self.video) != t or self.video.dtype != np.uint8:
                raise InputError(
                    f"motion of {self.clip_id}: video must be uint8 of shape (T, h, w) with one of T >= 2 moments for "
                    f"each picture, got {self.video.dtype} {self.video.shape} and {t} moments"
                )
            if not (np.diff(self.moments) >= 0).all():
                raise InputError(f"motion of {self.clip_id}: the moments of the video do not ascend: {self.moments}")

    def _repr_html_(self) -> str:
        return facts(
            f"Motion of {self.clip_id}",
            {
                "channels": f"{', '.join(self.channels)}, {self.values.shape[2]} x {self.values.shape[1]} pixels",
                "apex": f"{self.apex} ({self.apex_source})",
                "most": ", ".join(
                    f"{name} {np.abs(plane).max():.3g}" for name, plane in zip(self.channels, self.values, strict=True)
                ),
                "video": None if self.video is None else f"{len(self.video)} pictures",
            },
        )

    def siblings(self) -> "list[ClipMotion]":
        """Return the clip as seen at each neighbouring frame: apex and values are those of the frame.

        ``pictures`` are None: the second one shows another frame.
        """
        if self.neighbours is None:
            return []
        bare = replace(self, neighbours=None, neighbour_frames=None, pictures=None)
        pairs = zip(self.neighbours, self.neighbour_frames, strict=True)
        return [replace(bare, values=values, apex=int(frame)) for values, frame in pairs]


@dataclass(frozen=True)
class Motion:
    """Motion of the clips of one dataset.

    Parameters
    ----------
    clip_ids : tuple of n str
    values : ndarray of shape (n, C, H, W), float32
    channels : tuple of C str
    to_crop : ndarray of shape (n, 2, 3), float64
    apex : ndarray of shape (n,), int64
    apex_source : tuple of n str
    pictures : ndarray of shape (n, 2, H, W), uint8
        Zero where a clip has none.
    excluded : dict of clip_id to reason
        Clips left out by a stated policy, e.g. too few valid frames; listed in the report.
    neighbours : ndarray of shape (n, M, C, H, W), float32, or None
    neighbour_frames : ndarray of shape (n, M), int64, or None
    video : ndarray of shape (n, T, h, w), uint8, or None
    moments : ndarray of shape (n, T), float64, or None
    """

    clip_ids: tuple[str, ...]
    values: np.ndarray
    channels: tuple[str, ...]
    to_crop: np.ndarray
    apex: np.ndarray
    apex_source: tuple[str, ...]
    pictures: np.ndarray
    excluded: dict[str, str] = field(default_factory=dict)
    neighbours: np.ndarray | None = None
    neighbour_frames: np.ndarray | None = None
    video: np.ndarray | None = None
    moments: np.ndarray | None = None

    @classmethod
    def stack(cls, clips: Sequence[ClipMotion], excluded: dict[str, str]) -> "Motion":
        """Stack the motion of single clips, sorted by clip id; all must share channels, size and neighbours."""
        if not clips:
            reasons = listing(f"{name}: {reason}" for name, reason in sorted(excluded.items()))
            raise InputError(f"no clip is left that has motion; excluded: {reasons or '(none)'}")
        clips = sorted(clips, key=lambda clip: clip.clip_id)
        first = clips[0]
        for clip in clips:
            if clip.channels != first.channels or clip.values.shape != first.values.shape:
                raise InputError(
                    f"motion of {clip.clip_id} is {clip.channels} {clip.values.shape}, but that of {first.clip_id} is "
                    f"{first.channels} {first.values.shape}; one dataset needs one size and one set of channels"
                )
            if _count(clip) != _count(first):
                raise InputError(
                    f"motion of {clip.clip_id} has {_count(clip)} neighbours, that of {first.clip_id} {_count(first)}; "
                    "one dataset needs one number"
                )
            if _shape(clip.video) != _shape(first.video):
                raise InputError(
                    f"the video of {clip.clip_id} has shape {_shape(clip.video)}, that of {first.clip_id} "
                    f"{_shape(first.video)}; one dataset needs one"
                )
        size, has_neighbours, has_video = first.values.shape[1:], first.neighbours is not None, first.video is not None
        empty = np.zeros((2, *size), np.uint8)
        return cls(
            clip_ids=tuple(clip.clip_id for clip in clips),
            values=np.stack([clip.values for clip in clips]).astype(np.float32),
            channels=first.channels,
            to_crop=np.stack([clip.to_crop for clip in clips]).astype(np.float64),
            apex=np.array([clip.apex for clip in clips], np.int64),
            apex_source=tuple(clip.apex_source for clip in clips),
            pictures=np.stack([empty if clip.pictures is None else clip.pictures for clip in clips]),
            excluded=dict(sorted(excluded.items())),
            neighbours=np.stack([clip.neighbours for clip in clips]).astype(np.float32) if has_neighbours else None,
            neighbour_frames=np.stack([clip.neighbour_frames for clip in clips]) if has_neighbours else None,
            video=np.stack([clip.video for clip in clips]) if has_video else None,
            moments=np.stack([clip.moments for clip in clips]).astype(np.float64) if has_video else None,
        )

    def of(self, clip_id: str) -> ClipMotion:
        """Return the motion of one clip."""
        if clip_id not in self.clip_ids:
            raise InputError(f"no motion of clip {clip_id}")
        i = self.clip_ids.index(clip_id)
        pictures = self.pictures[i] if self.pictures[i].any() else None
        return ClipMotion(
            clip_id,
            self.values[i],
            self.channels,
            self.to_crop[i],
            int(self.apex[i]),
            self.apex_source[i],
            pictures,
            None if self.neighbours is None else self.neighbours[i],
            None if self.neighbour_frames is None else self.neighbour_frames[i],
            None if self.video is None else self.video[i],
            None if self.moments is None else self.moments[i],
        )

    def _repr_html_(self) -> str:
        sources = {source: self.apex_source.count(source) for source in sorted(set(self.apex_source))}
        return facts(
            f"Motion of {number(len(self.clip_ids), 'clip')}",
            {
                "channels": f"{', '.join(self.channels)}, {self.values.shape[3]} x {self.values.shape[2]} pixels",
                "apex": ", ".join(f"{source} {count}" for source, count in sources.items()),
                "excluded": len(self.excluded),
                "neighbours": None if self.neighbours is None else self.neighbours.shape[1],
                "video": None if self.video is None else f"{self.video.shape[1]} pictures of each clip",
            },
        )

    def save(self, path: str | Path) -> None:
        """Write one npz."""
        arrays = {"values": self.values, "to_crop": self.to_crop, "apex": self.apex, "pictures": self.pictures}
        if self.neighbours is not None:
            arrays |= {"neighbours": self.neighbours, "neighbour_frames": self.neighbour_frames}
        if self.video is not None:
            arrays |= {"video": self.video, "moments": self.moments}
        about = {name: getattr(self, name) for name in ("clip_ids", "channels", "apex_source", "excluded")}
        save_arrays(path, arrays, about)

    @classmethod
    def load(cls, path: str | Path) -> "Motion":
        """Read one npz."""
        arrays, about = load_arrays(path)
        for name in ("clip_ids", "channels", "apex_source"):
            about[name] = tuple(about[name])
        return cls(**arrays, **about)


def _count(clip: ClipMotion) -> int:
    return 0 if clip.neighbours is None else len(clip.neighbours)


def _shape(values: np.ndarray | None) -> tuple[int, ...] | None:
    return None if values is None else values.shape
