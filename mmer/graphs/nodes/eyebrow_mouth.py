"""The 30 landmarks of eyebrows and mouth."""

from dataclasses import dataclass

from mmer.graphs.node_source import NodeSource
from mmer.types.node_set import NodeSet

EYEBROWS, MOUTH = range(17, 27), range(48, 68)


@dataclass(frozen=True)
class EyebrowMouth(NodeSource):
    """dlib 17-26 and 48-67, where micro-expressions move the face most; fields in ``NodeSource``.

    The node set of Lei et al., Micro-expression Recognition Based on Facial Graph Representation Learning and Facial
    Action Unit Fusion, CVPRW 2021, there with 7 x 7 patches of a learned motion map; here the patches are optical flow.
    """

    name: str = "eyebrow_mouth"
    features: tuple[str, ...] = ("flow_patch",)

    def node_set(self) -> NodeSet:
        """Return the eyebrows from ``lm17``, then the mouth to ``lm67``."""
        chosen = (*EYEBROWS, *MOUTH)
        return NodeSet(tuple(f"lm{i}" for i in chosen), tuple((i,) for i in chosen), (None,) * len(chosen))
