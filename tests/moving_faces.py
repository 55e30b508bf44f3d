"""Faces with known motion for tests: rendered clips, still faces, tracks from given landmarks."""

from functools import cache

import cv2
import numpy as np
import pandas as pd

from mmer.synthetic.clip import RenderedClip, render_clip
from mmer.types.canonical_face import template_pixels
from mmer.types.clips import validate_clips
from mmer.types.face_track import FaceTrack
from mmer.types.frames import Frames
from mmer.types.motion import ClipMotion

AU_NAMES = ("AU01", "AU02", "AU04", "AU05", "AU06", "AU07", "AU09", "AU10", "AU12", "AU14", "AU15", "AU17")


@cache
def rendered(subject, emotion, preset="default", size=128) -> RenderedClip:
    return render_clip(subject, 0, emotion, seed=11, preset=preset, size=size)


def clip_row(onset, apex, offset, clip_id="made/s1/c1", emotion="happiness", **more) -> pd.Series:
    row = {"clip_id": clip_id, "dataset": "made", "subject": "made/s1", "emotion": emotion, "frames": "somewhere"}
    return validate_clips(pd.DataFrame([{**row, "onset": onset, "apex": apex, "offset": offset, **more}])).iloc[0]


def track_of(landmarks, first=1, units=None, au_names=AU_NAMES, au_scale="probability", clip_id="made/s1/c1", **made):
    t = len(landmarks)
    units = np.zeros((t, len(au_names)), np.float32) if units is None else units
    return FaceTrack(
        clip_id=clip_id,
        frame=np.arange(first, first + t),
        time=np.arange(t) / 100,
        landmarks=np.asarray(landmarks, np.float32),
        action_units=np.asarray(units, np.float32),
        au_names=tuple(au_names),
        au_scale=au_scale,
        box=np.zeros((t, 4), np.float32),
        confidence=np.ones(t, np.float32),
        n_faces=np.ones(t, np.int16),
        pose=np.full((t, 3), np.nan, np.float32),
        image_size=(128, 128),
        provenance={"backend": "made"} | made,
    )


def frames_of(pictures, folder, first=1) -> Frames:
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures, first):
        cv2.imwrite(str(folder / f"img{number}.png"), picture[..., ::-1])
    return Frames.open(folder)


def rendered_case(subject, emotion, folder, preset="default", size=128, first=1):
    """A rendered clip as a Clips row, its true track and its frames on disk."""
    made = rendered(subject, emotion, preset, size)
    clip = clip_row(made.onset + first, made.apex + first, made.offset + first)
    keep = [made.au_names.index(name) for name in AU_NAMES if name in made.au_names]
    names = [made.au_names[i] for i in keep]
    track = track_of(made.landmarks, first, made.action_units[:, keep], names)
    return clip, track, frames_of(made.frames, folder, first)


def still_motion(size=64, channels=("u", "v", "strain"), clip_id="made/s1/c1", apex=4, to_crop=None) -> ClipMotion:
    to_crop = np.eye(2, 3) if to_crop is None else to_crop
    values = np.zeros((len(channels), size, size), np.float32)
    return ClipMotion(clip_id, values, channels, to_crop, apex, "given")


def template_landmarks(t, size=64) -> np.ndarray:
    """The canonical face on a picture, standing still: (t, 68, 2)."""
    return np.repeat(template_pixels(size)[None], t, axis=0)
