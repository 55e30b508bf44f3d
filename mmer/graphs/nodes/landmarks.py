"""All 68 landmarks."""

from dataclasses import dataclass

from mmer.graphs.node_source import NodeSource
from mmer.types.face_track import LANDMARKS
from mmer.types.node_set import NodeSet


@dataclass(frozen=True)
class Landmarks(NodeSource):
    """The 68 dlib landmarks, a node each; fields in ``NodeSource``.

    Displacements and patches of flow at landmarks are the node features of Kumar & Bhanu, Micro-Expression
    Classification based on Landmark Relations with Graph Attention Convolutional Network, CVPRW 2021.
    """

    name: str = "landmarks"

    def node_set(self) -> NodeSet:
        """Return ``lm0`` .. ``lm67``."""
        every = range(LANDMARKS)
        return NodeSet(tuple(f"lm{i}" for i in every), tuple((i,) for i in every), (None,) * LANDMARKS)
