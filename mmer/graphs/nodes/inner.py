"""The 51 landmarks inside the face."""

from dataclasses import dataclass

from mmer.graphs.node_source import NodeSource
from mmer.types.node_set import NodeSet

INNER = range(17, 68)


@dataclass(frozen=True)
class Inner(NodeSource):
    """dlib 17-67: all landmarks but the jaw, whose outline no texture fixes; fields in ``NodeSource``."""

    name: str = "inner"

    def node_set(self) -> NodeSet:
        """Return ``lm17`` .. ``lm67``."""
        return NodeSet(tuple(f"lm{i}" for i in INNER), tuple((i,) for i in INNER), (None,) * len(INNER))
