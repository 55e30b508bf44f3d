"""What a node source needs beside track and motion, made from the pictures that the motion of a clip keeps.

The rooms ``motion`` and ``graphs`` do not know each other; here the motion component of the corpus measures what the
nodes ask for.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mmer.motion.interpolation import interpolate
from mmer.motion.magnify.learned import Learned
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
        onset, *faces = self._faces(clip, seen, when)
        made = {}
        for need in self.nodes.needs:
            if need == "flows":
                made[need] = self._flows(clip, track, seen, when, onset, faces)
            elif need == "faces":
                made[need] = _bright(faces)
            elif need == "shape":
                magnifier = Learned(alpha=self.nodes.magnification)
                made[need] = magnifier.shape_map(_bright(onset), _bright(faces))[:, None]
            else:
                raise ValueError(f"the nodes {self.nodes.name} need {need!r}, which nothing makes")
        return made

    def _faces(self, clip: pd.Series, seen: ClipMotion, when: np.ndarray) -> list[np.ndarray]:
        """Return the aligned grey faces at the onset and at the moments: 1 + T of (H, W) uint8."""
        if pd.isna(clip.onset) or (seen.pictures is None and seen.video is None):
            raise InputError(self._what_to_set(seen, len(when)))
        when, known = [float(clip.onset), *when], {}
        if seen.pictures is not None:
            known = {float(clip.onset): seen.pictures[0], float(seen.apex): seen.pictures[1]}
        if missing := [moment for moment in when if moment not in known]:
            if seen.video is None or seen.video.shape[1:] != seen.values.shape[1:]:
                raise InputError(self._what_to_set(seen, len(when) - 1))
            places = np.interp(missing, seen.moments, np.arange(len(seen.moments)))
            between = np.rint(interpolate(seen.video, places, "linear")).astype(np.uint8)
            known |= dict(zip(missing, between, strict=True))
        return [known[moment] for moment in when]

    def _flows(
        self,
        clip: pd.Series,
        track: FaceTrack,
        seen: ClipMotion,
        when: np.ndarray,
        onset: np.ndarray,
        faces: list[np.ndarray],
    ) -> np.ndarray:
        """Return the motion from the onset to each moment: (T, C, H, W) float32."""
        if not hasattr(self.motion, "moved"):
            raise InputError(
                f"{seen.clip_id}: {self.nodes.name} looks at motion at {len(when)} moments, and `motion: "
                f"{self.motion.name}` has only that of the apex; set n_frames of the nodes to 1"
            )
        rows = track.between(int(clip.onset), int(clip.offset))
        landmarks = transform(seen.to_crop, typical_landmarks(rows.landmarks))
        flows = []
        for moment, face in zip(when, faces, strict=True):
            if moment == seen.apex:
                flows.append(seen.values)
            elif moment <= clip.onset:
                flows.append(np.zeros_like(seen.values))
            else:
                flows.append(self.motion.moved(onset, face, landmarks))
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


def _bright(pictures: np.ndarray | list[np.ndarray]) -> np.ndarray:
    """Return 8-bit pictures as float32 in 0..1."""
    return np.asarray(pictures, np.float32) / 255
