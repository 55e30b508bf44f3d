"""What a node source needs beside track and motion, made from the pictures that the motion of a clip keeps.

The rooms ``motion`` and ``graphs`` do not know each other; here the motion component of the corpus measures what the
nodes ask for.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mmer.motion.interpolation import interpolate
from mmer.types.canonical_face import transform, typical_landmarks
from mmer.types.errors import InputError
from mmer.types.face_track import FaceTrack
from mmer.types.motion import ClipMotion


@dataclass(frozen=True)
class ClipPictures:
    """Pictures of a clip, and its motion, at the moments of a node source: what its ``needs`` name.

    Onset and apex are the pictures that the motion was measured on, and the motion at the apex is that motion. Other
    moments are taken from the video, linear between its pictures.

    Parameters
    ----------
    dataset : str
        For messages.
    motion : object
        The corpus's component of ``mmer.motion``.
    nodes : object
        The node source.
    """

    dataset: str
    motion: Any
    nodes: Any

    def __call__(self, clip: pd.Series, track: FaceTrack, seen: ClipMotion) -> dict[str, np.ndarray]:
        """Return what the nodes need of one clip, see ``mmer.graphs.node_source.NodeSource.needs``.

        Raises
        ------
        InputError
            The motion keeps no pictures of these moments, or cannot be measured between pictures.
        """
        if not self.nodes.needs:
            return {}
        when = self.nodes.when(clip, track, seen)
        faces, made = self._faces(clip, seen, when), {}
        for need in self.nodes.needs:
            if need == "faces":
                made[need] = faces.astype(np.float32) / 255
            elif need == "flows":
                made[need] = self._flows(clip, track, seen, when, faces)
            else:
                raise ValueError(f"the nodes {self.nodes.name} need {need!r}, which nothing makes")
        return made

    def _faces(self, clip: pd.Series, seen: ClipMotion, when: np.ndarray) -> np.ndarray:
        """Return the aligned grey faces at the moments: (T, H, W) uint8."""
        known = {}
        if seen.pictures is not None:
            known = {float(clip.onset): seen.pictures[0], float(seen.apex): seen.pictures[1]}
        if any(moment not in known for moment in when):
            size = seen.values.shape[1:]
            if seen.video is None or seen.video.shape[1:] != size:
                raise InputError(self._what_to_set(seen, len(when)))
            places = np.interp(when, seen.moments, np.arange(len(seen.moments)))
            between = np.rint(interpolate(seen.video, places, "linear")).astype(np.uint8)
            known = dict(zip(when, between, strict=True)) | known
        return np.stack([known[moment] for moment in when])

    def _flows(
        self, clip: pd.Series, track: FaceTrack, seen: ClipMotion, when: np.ndarray, faces: np.ndarray
    ) -> np.ndarray:
        """Return the motion from the first moment, the onset, to each: (T, C, H, W) float32."""
        if not hasattr(self.motion, "moved"):
            raise InputError(
                f"{seen.clip_id}: {self.nodes.name} looks at motion at {len(when)} moments, and `motion: "
                f"{self.motion.name}` has only that of the apex; set n_frames of the nodes to 1"
            )
        rows = track.between(int(clip.onset), int(clip.offset))
        landmarks = transform(seen.to_crop, typical_landmarks(rows.landmarks))
        flows = [np.zeros_like(seen.values)]
        for moment, face in zip(when[1:], faces[1:], strict=True):
            same = moment == seen.apex
            flows.append(seen.values if same else self.motion.moved(faces[0], face, landmarks))
        return np.stack(flows)

    def _what_to_set(self, seen: ClipMotion, moments: int) -> str:
        keys = f"set.datasets.{self.dataset}.motion"
        if seen.video is not None:
            return (
                f"{seen.clip_id}: the video of dataset {self.dataset!r} has pictures of {seen.video.shape[1]} pixels, "
                f"its motion {seen.values.shape[1]}; what nodes look at has one size: set `{keys}.video_size: null` in "
                "params.yaml"
            )
        return (
            f"{seen.clip_id}: the features {list(self.nodes.features)} of {self.nodes.name} need pictures of the clip "
            f"that the motion of dataset {self.dataset!r} does not keep; set `{keys}.n_frames: {max(moments, 3)}` in "
            "params.yaml (with `motion: optical_flow`)"
        )
