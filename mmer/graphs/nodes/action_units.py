"""A node for each action unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from mmer.graphs.action_unit_places import LANDMARKS
from mmer.graphs.features import au_activation
from mmer.graphs.node_source import NOTHING, NodeSource
from mmer.types.errors import InputError, nearest
from mmer.types.face_track import FaceTrack
from mmer.types.motion import ClipMotion
from mmer.types.node_set import NodeSet

BASELINES = ("onset", "none")


@dataclass(frozen=True)
class ActionUnits(NodeSource):
    """Action units, measured by the face backend or by the motion of their landmarks; never the annotated ones.

    Parameters
    ----------
    action_units : tuple of N str
        The default are the twelve that the micro-expression corpora have in common (Varanka et al., Data Leakage and
        Evaluation Issues in Micro-Expression Analysis, 2023).
    au_baseline : str
        ``onset``: activation relative to onset; ``none``: as detected.
    both_sides : bool
        Whether the other features are the mean of the two sides of the face, the other side mirrored.

    See ``NodeSource`` for the other fields. With ``n_frames`` 1, ``au_activation`` is three numbers (mean, greatest,
    at the apex), with more it is one number per moment.
    """

    name: str = "action_units"
    features: tuple[str, ...] = ("au_activation",)
    action_units: tuple[str, ...] = (
        "AU01", "AU02", "AU04", "AU05", "AU06", "AU07", "AU09", "AU10", "AU12", "AU14", "AU15", "AU17",
    )  # fmt: skip
    au_baseline: str = "onset"
    both_sides: bool = True

    known_features: ClassVar[tuple[str, ...]] = (*NodeSource.known_features, "au_activation")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.action_units or len(set(self.action_units)) != len(self.action_units):
            raise InputError(f"{self.name}: action_units must name at least one, each once; got {self.action_units}")
        for unit in self.action_units:
            if unit not in LANDMARKS:
                raise InputError(f"{self.name}: no place on the face is known for {unit!r}; {nearest(unit, LANDMARKS)}")
        if self.au_baseline not in BASELINES:
            raise InputError(f"{self.name}: au_baseline {self.au_baseline!r}; {nearest(self.au_baseline, BASELINES)}")

    def node_set(self) -> NodeSet:
        """Return a node for each unit, at the landmarks of ``mmer.graphs.action_unit_places``."""
        units = tuple(self.action_units)
        return NodeSet(units, tuple(LANDMARKS[unit] for unit in units), units)

    def names_of(self, feature: str) -> tuple[str, ...]:
        """Name the numbers of one feature."""
        if feature == "au_activation":
            return ("au_mean", "au_max", "au_apex") if self.n_frames == 1 else ("au",)
        return super().names_of(feature)

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
        if feature == "au_activation":
            return au_activation(
                clip, track, motion, nodes.names, self.n_frames, self.average, self.au_baseline, self.moments
            )
        here = self.measured(feature, nodes.landmarks, clip, track, motion, extras, other_side=False)
        if not self.both_sides:
            return here
        return (here + self.measured(feature, nodes.landmarks, clip, track, motion, extras, other_side=True)) / 2
