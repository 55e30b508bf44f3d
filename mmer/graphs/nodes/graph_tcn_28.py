"""The 28 landmarks of Graph-TCN."""

from dataclasses import dataclass

from mmer.graphs.node_source import NodeSource
from mmer.types.errors import InputError
from mmer.types.node_set import NodeSet

EYEBROWS, MOUTH = tuple(range(17, 27)), tuple(range(48, 68))


@dataclass(frozen=True)
class GraphTcn28(NodeSource):
    """Ten landmarks of the eyebrows and eighteen of the mouth; other fields in ``NodeSource``.

    The nodes of Lei et al., A Novel Graph-TCN with a Graph Structured Representation for Micro-expression Recognition,
    ACM Multimedia 2020, there with 7 x 7 patches of a learned shape representation. That there are 28, with 49 features
    each, is known from a loader of the same authors. Which two of the twenty landmarks of the mouth they leave out is
    not published.

    Parameters
    ----------
    without : tuple of int
        The landmarks of the mouth (48-67) that are left out. Our choice: 60 and 64, the inner corners, which lie within
        a few pixels of the outer ones (48 and 54) and carry the same patch.
    """

    name: str = "graph_tcn_28"
    features: tuple[str, ...] = ("flow_patch",)
    without: tuple[int, ...] = (60, 64)

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(set(self.without)) != 2 or len(self.without) != 2 or not set(self.without) <= set(MOUTH):
            raise InputError(f"{self.name}: without must be two landmarks of 48..67, got {list(self.without)}")

    def node_set(self) -> NodeSet:
        """Return the eyebrows from ``lm17``, then what is left of the mouth."""
        chosen = (*EYEBROWS, *(i for i in MOUTH if i not in self.without))
        return NodeSet(tuple(f"lm{i}" for i in chosen), tuple((i,) for i in chosen), (None,) * len(chosen))
