"""What the node sources share: their fields, and features from motion and landmarks."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from mmer.graphs.features import displacement, flow_patch, mirrored
from mmer.graphs.positions import places
from mmer.types.errors import InputError, nearest
from mmer.types.face_track import FaceTrack
from mmer.types.motion import ClipMotion
from mmer.types.node_set import NodeSet


@dataclass(frozen=True)
class NodeSource:
    """Base of the node sources; a source says which nodes there are.

    Parameters
    ----------
    name : str
    features : tuple of str
        What is put side by side: ``displacement``, ``flow_patch`` (see ``mmer.graphs.features``), and where the source
        has it ``au_activation``.
    n_frames : int
        Moments T: 1 is onset against apex, more are spread evenly over onset..offset. ``flow_patch`` has one.
    patch : int
        Edge of a flow patch, odd, pixels of the aligned face.
    channels : tuple of str
        Channels of the motion in a flow patch.
    average : int
        Frames over which landmarks and activations are averaged against jitter, odd; 1 takes single frames.
    remove_rigid : bool
        Whether head motion since onset is taken out of ``displacement``.

    Raises
    ------
    InputError
        A feature does not exist, or a number is out of its range.
    """

    name: str
    features: tuple[str, ...] = ("displacement",)
    n_frames: int = 1
    patch: int = 7
    channels: tuple[str, ...] = ("u", "v")
    average: int = 3
    remove_rigid: bool = True

    reads: ClassVar[tuple[str, ...]] = ("onset", "offset")
    known_features: ClassVar[tuple[str, ...]] = ("displacement", "flow_patch")

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
        if self.n_frames < 1:
            raise InputError(f"{self.name}: n_frames must be at least 1, got {self.n_frames}")
        for key in ("patch", "average"):
            if getattr(self, key) < 1 or getattr(self, key) % 2 == 0:
                raise InputError(f"{self.name}: {key} must be odd and positive, got {getattr(self, key)}")
        if "flow_patch" in self.features and self.n_frames > 1:
            raise InputError(
                f"{self.name}: flow_patch is one motion from onset to apex, so it needs n_frames 1, "
                f"got {self.n_frames}; use displacement or au_activation over time"
            )
        if "flow_patch" in self.features and not self.channels:
            raise InputError(f"{self.name}: flow_patch needs at least one channel, e.g. [u, v]")

    def node_set(self) -> NodeSet:
        """Return the nodes."""
        raise NotImplementedError

    def feature_names(self) -> tuple[str, ...]:
        """Name the F features of a node, in their order."""
        return tuple(name for feature in self.features for name in self.names_of(feature))

    def build(self, clip: pd.Series, track: FaceTrack, motion: ClipMotion) -> np.ndarray:
        """Return the features of one clip: (T, N, F) float32, finite.

        Parameters
        ----------
        clip : Series
            One row of a Clips table; onset, offset and the id are read, no label.
        track : FaceTrack
        motion : ClipMotion
        """
        nodes = self.node_set()
        return np.concatenate([self.values_of(name, nodes, clip, track, motion) for name in self.features], axis=2)

    def names_of(self, feature: str) -> tuple[str, ...]:
        """Name the numbers of one feature."""
        if feature == "displacement":
            return ("dx", "dy")
        reach = range(-(self.patch // 2), self.patch // 2 + 1)
        return tuple(
            f"{channel}[{row:+d},{column:+d}]" for channel in self.channels for row in reach for column in reach
        )

    def values_of(
        self, feature: str, nodes: NodeSet, clip: pd.Series, track: FaceTrack, motion: ClipMotion
    ) -> np.ndarray:
        """Return one feature of one clip: (T, N, F)."""
        return self.measured(feature, nodes.landmarks, clip, track, motion, other_side=False)

    def measured(
        self,
        feature: str,
        groups: tuple[tuple[int, ...], ...],
        clip: pd.Series,
        track: FaceTrack,
        motion: ClipMotion,
        other_side: bool,
    ) -> np.ndarray:
        """Measure at groups of landmarks, or at their mirror image with the other side of the face seen as this one."""
        groups = mirrored(groups) if other_side else groups
        if feature == "flow_patch":
            where = places(groups, clip, track, motion, self.average)
            return flow_patch(motion, where, self.patch, self.channels, flip=other_side)
        moved = displacement(clip, track, motion, groups, self.n_frames, self.average, self.remove_rigid)
        return moved * np.array([-1, 1], np.float32) if other_side else moved
