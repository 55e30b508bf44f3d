"""The two graphs of FGRL in one node set: 30 landmarks that are seen, and action units that are only joined."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mmer.graphs.action_unit_places import LANDMARKS
from mmer.graphs.nodes.eyebrow_mouth import EyebrowMouth
from mmer.types.errors import InputError, nearest
from mmer.types.node_set import NodeSet


@dataclass(frozen=True)
class Fgrl(EyebrowMouth):
    """Eyebrows and mouth as in ``eyebrow_mouth``, then a node for each action unit; other fields in ``NodeSource``.

    Lei et al., Micro-expression Recognition Based on Facial Graph Representation Learning and Facial Action Unit
    Fusion, CVPRW 2021: landmarks have patches, units have learned words of their own and the conditional probabilities
    of each other. With both in one node set, ``edges: au_probability`` fits these probabilities inside every fold. The
    features of the unit nodes are zeros.

    Parameters
    ----------
    action_units : tuple of str
        The default are the nine of the released code: three of the eyebrows, then six of the mouth. They suit CASME II;
        on SAMM, 64 of 159 clips show none of them.
    """

    name: str = "fgrl"
    action_units: tuple[str, ...] = ("AU01", "AU02", "AU04", "AU10", "AU12", "AU14", "AU15", "AU17", "AU25")

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.action_units) < 2 or len(set(self.action_units)) != len(self.action_units):
            raise InputError(f"{self.name}: action_units must name at least two, each once; got {self.action_units}")
        for unit in self.action_units:
            if unit not in LANDMARKS:
                raise InputError(f"{self.name}: no place on the face is known for {unit!r}; {nearest(unit, LANDMARKS)}")

    def node_set(self) -> NodeSet:
        """Return the landmarks from ``lm17`` to ``lm67``, then the units; these lie where they act, for drawing."""
        seen, units = super().node_set(), tuple(self.action_units)
        places = tuple(LANDMARKS[unit] for unit in units)
        return NodeSet(seen.names + units, seen.landmarks + places, seen.action_units + units)

    def build(self, *clip: Any, **more: Any) -> np.ndarray:
        """Return the features of one clip: (T, N, F) float32, 0 for the units; arguments as in ``NodeSource``."""
        values = super().build(*clip, **more)
        values[:, -len(self.action_units) :] = 0
        return values
