"""What the node sources share: their fields, and features from landmarks, motion and pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from mmer.graphs.features import displacement, mirrored, position
from mmer.graphs.patches import map_mean, map_patch
from mmer.graphs.positions import places
from mmer.graphs.sampling import MOMENTS, moments, rows_of_clip
from mmer.types.errors import InputError, nearest
from mmer.types.face_track import FaceTrack
from mmer.types.motion import ClipMotion
from mmer.types.node_set import NodeSet

NOTHING: Mapping[str, np.ndarray] = {}
LANDMARK_FEATURES = ("displacement", "position")
MAP_FEATURES = ("flow_patch", "strain_patch", "flow_mean", "grey_patch", "shape_patch")
FROM_FLOW = ("flow_patch", "strain_patch", "flow_mean")


@dataclass(frozen=True)
class NodeSource:
    """Base of the node sources; a source says which nodes there are.

    Parameters
    ----------
    name : str
    features : tuple of str
        What is put side by side; F in brackets, with P = patch * patch and C = number of ``channels``:

        - ``displacement`` (2: dx, dy): how far the node moved since onset, in outer eye distances.
        - ``position`` (2: x, y): where it is, from midway between the outer eye corners, in outer eye distances.
        - ``flow_patch`` (C P: u[-3,+2], ...): motion since onset in the square around it, ``channels`` of the motion.
        - ``strain_patch`` (P: strain[-3,+2], ...): optical strain in this square.
        - ``flow_mean`` (2: u_mean, v_mean): mean motion in this square.
        - ``grey_patch`` (P: grey[-3,+2], ...): the aligned face in this square, 0..1.
        - ``shape_patch`` (P: shape0[-3,+2], ...): learned representation of the face's shape with motion since onset
          magnified (``mmer.motion.magnify.learned``), in this square.
        - ``au_activation``: of nodes that are action units.
    n_frames : int
        Moments T.
    moments : str
        ``even``: one moment is the apex, more are spread evenly over onset..offset, both included; ``apex``: the apex
        (T = 1); ``triplet``: onset, apex and offset (T = 3).
    patch : int
        Edge of the square around a node, odd, pixels of the aligned face.
    channels : tuple of str
        Channels of the motion in ``flow_patch``.
    average : int
        Frames over which landmarks and activations are averaged against jitter, odd; 1 takes single frames.
    remove_rigid : bool
        Whether head motion since onset is taken out of ``displacement`` and ``position``. (That of flow is the
        motion's own choice.)
    magnification : float
        How many times motion since onset is amplified in ``shape_patch``, at least 1; on top of the ``magnify`` of the
        corpus, which belongs at none then.

    Landmarks and activations of a frame without a face are those of its neighbours, linearly interpolated; pictures
    need no face in the frame, since the alignment is one transform per clip.

    Raises
    ------
    InputError
        A feature does not exist, or a number is out of its range.
    """

    name: str
    features: tuple[str, ...] = ("displacement",)
    n_frames: int = 1
    moments: str = "even"
    patch: int = 7
    channels: tuple[str, ...] = ("u", "v")
    average: int = 3
    remove_rigid: bool = True
    magnification: float = 2.0

    reads: ClassVar[tuple[str, ...]] = ("onset", "offset")
    known_features: ClassVar[tuple[str, ...]] = LANDMARK_FEATURES + MAP_FEATURES

    def __post_init__(self) -> None:
        if not self.features or len(set(self.features)) != len(self.features):
            raise InputError(f"{self.name}: features must name at least one, each once; got {list(self.features)}")
        for feature in self.features:
            if feature == "au_activation" and feature not in self.known_features:
                raise InputError(f"{self.name}: au_activation belongs to AU nodes; choose `nodes: action_units`")
            if feature not in self.known_features:
                raise InputError(
                    f"{self.name}: there is no feature {feature!r}; {nearest(feature, self.known_features)}"
                )
        if self.moments not in MOMENTS:
            raise InputError(f"{self.name}: moments {self.moments!r}; {nearest(self.moments, MOMENTS)}")
        if self.n_frames < 1:
            raise InputError(f"{self.name}: n_frames must be at least 1, got {self.n_frames}")
        if MOMENTS[self.moments] not in (None, self.n_frames):
            raise InputError(
                f"{self.name}: moments {self.moments} are {MOMENTS[self.moments]}, so set n_frames to that; "
                f"it is {self.n_frames}"
            )
        for key in ("patch", "average"):
            if getattr(self, key) < 1 or getattr(self, key) % 2 == 0:
                raise InputError(f"{self.name}: {key} must be odd and positive, got {getattr(self, key)}")
        if "flow_patch" in self.features and not self.channels:
            raise InputError(f"{self.name}: flow_patch needs at least one channel, e.g. [u, v]")
        if {"flow_patch", "strain_patch"} <= set(self.features) and "strain" in self.channels:
            raise InputError(f"{self.name}: strain is in `channels` and in strain_patch; leave one of them out")
        if not self.magnification >= 1:
            raise InputError(f"{self.name}: magnification must be at least 1, got {self.magnification}")

    @property
    def needs(self) -> tuple[str, ...]:
        """Name what ``build`` must be given in ``extras``, each made for the moments of ``when``.

        ``flows`` (T, C, H, W) float32: motion since onset, in the channels of the motion; only where T > 1, one
        moment is the motion itself. ``faces`` (T, H, W) float32, 0..1: aligned grey faces. ``shape`` (T, 1, H, W)
        float32: see ``shape_patch``. H and W are those of the motion.
        """
        needs = []
        if self.n_frames > 1 and set(self.features) & set(FROM_FLOW):
            needs.append("flows")
        if "grey_patch" in self.features:
            needs.append("faces")
        if "shape_patch" in self.features:
            needs.append("shape")
        return tuple(needs)

    def when(self, clip: pd.Series, track: FaceTrack, motion: ClipMotion) -> np.ndarray:
        """Return the moments of a clip as the corpus's own frame numbers: (T,) float64."""
        return moments(clip, rows_of_clip(clip, track), motion, self.n_frames, self.moments)

    def node_set(self) -> NodeSet:
        """Return the nodes."""
        raise NotImplementedError

    def feature_names(self) -> tuple[str, ...]:
        """Name the F features of a node, in their order."""
        return tuple(name for feature in self.features for name in self.names_of(feature))

    def build(
        self, clip: pd.Series, track: FaceTrack, motion: ClipMotion, extras: Mapping[str, np.ndarray] = NOTHING
    ) -> np.ndarray:
        """Return the features of one clip: (T, N, F) float32, finite.

        Parameters
        ----------
        clip : Series
            One row of a Clips table; onset, offset and the id are read, no label.
        track : FaceTrack
        motion : ClipMotion
        extras : mapping of str to ndarray
            What ``needs`` names.
        """
        if lacking := [need for need in self.needs if need not in extras]:
            raise InputError(
                f"{motion.clip_id}: the features {list(self.features)} at {self.n_frames} moments need {lacking[0]} "
                "made from the clip's pictures"
            )
        nodes = self.node_set()
        parts = [self.values_of(feature, nodes, clip, track, motion, extras) for feature in self.features]
        return np.concatenate(parts, axis=2)

    def names_of(self, feature: str) -> tuple[str, ...]:
        """Name the numbers of one feature."""
        if feature == "displacement":
            return ("dx", "dy")
        if feature == "position":
            return ("x", "y")
        if feature == "flow_mean":
            return ("u_mean", "v_mean")
        reach = range(-(self.patch // 2), self.patch // 2 + 1)
        return tuple(
            f"{channel}[{row:+d},{column:+d}]"
            for channel in self._channels_of(feature)
            for row in reach
            for column in reach
        )

    def values_of(
        self,
        feature: str,
        nodes: NodeSet,
        clip: pd.Series,
        track: FaceTrack,
        motion: ClipMotion,
        extras: Mapping[str, np.ndarray] = NOTHING,
    ) -> np.ndarray:
        """Return one feature of one clip: (T, N, F)."""
        return self.measured(feature, nodes.landmarks, clip, track, motion, extras, other_side=False)

    def measured(
        self,
        feature: str,
        groups: tuple[tuple[int, ...], ...],
        clip: pd.Series,
        track: FaceTrack,
        motion: ClipMotion,
        extras: Mapping[str, np.ndarray],
        other_side: bool,
    ) -> np.ndarray:
        """Measure at groups of landmarks, or at their mirror image with the other side of the face seen as this one."""
        groups = mirrored(groups) if other_side else groups
        if feature in MAP_FEATURES:
            where = places(groups, clip, track, motion, self.average)
            maps, names = self._maps(feature, motion, extras)
            cut = map_mean if feature == "flow_mean" else map_patch
            return cut(motion, maps, names, where, self.patch, self._channels_of(feature), flip=other_side)
        measure = position if feature == "position" else displacement
        values = measure(clip, track, motion, groups, self.n_frames, self.average, self.remove_rigid, self.moments)
        return values * np.array([-1, 1], np.float32) if other_side else values

    def _channels_of(self, feature: str) -> tuple[str, ...]:
        """Name the maps that a feature looks at."""
        return {
            "flow_patch": tuple(self.channels),
            "strain_patch": ("strain",),
            "flow_mean": ("u", "v"),
            "grey_patch": ("grey",),
            "shape_patch": ("shape0",),
        }[feature]

    def _maps(
        self, feature: str, motion: ClipMotion, extras: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return the maps of a feature at its moments, (T, M, H, W), and the names of the M."""
        if feature == "grey_patch":
            return extras["faces"][:, None], ("grey",)
        if feature == "shape_patch":
            return extras["shape"], ("shape0",)
        return (motion.values[None] if self.n_frames == 1 else extras["flows"]), motion.channels
