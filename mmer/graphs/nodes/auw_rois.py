"""The twelve regions of interest of AUW-GCN."""

from dataclasses import dataclass

from mmer.graphs.node_source import NodeSource
from mmer.types.node_set import NodeSet

# In the order of the published code; the AUs that it joins them by are in this order too.
CENTRES = (18, 19, 20, 23, 24, 25, 28, 30, 48, 51, 54, 57)


@dataclass(frozen=True)
class AuwRois(NodeSource):
    """Squares around three landmarks of each eyebrow, two of the nose and four of the mouth; fields in ``NodeSource``.

    The nodes of Yin et al., AU-aware graph convolutional network for Macro- and Micro-expression spotting, ICME 2023,
    each with the mean motion of its region. A node bears the name of the landmark in the middle of its region.
    The edge of the square (``patch``) is our choice: on a face of 128 pixels the landmarks of a brow lie 7 apart.
    """

    name: str = "auw_rois"
    features: tuple[str, ...] = ("flow_mean",)
    patch: int = 9

    def node_set(self) -> NodeSet:
        """Return regions 0 to 11 of the published code: ``lm18``, ``lm19`` .. ``lm57``."""
        return NodeSet(tuple(f"lm{i}" for i in CENTRES), tuple((i,) for i in CENTRES), (None,) * len(CENTRES))
