"""The edges within a moment, for models that also join every node with itself at the next one."""

from dataclasses import dataclass

import numpy as np

from mmer.graphs.edge_list import FixedWeights
from mmer.graphs.edges.anatomical import Anatomical
from mmer.graphs.edges.complete import Complete
from mmer.graphs.edges.nearest import Nearest
from mmer.types.errors import InputError, nearest
from mmer.types.node_set import NodeSet

WITHIN = ("anatomical", "nearest", "complete")


@dataclass(frozen=True)
class Temporal(FixedWeights):
    """The spatial half of a graph over space and time, as in LR-GACN's triplet of frames or ST-GCN.

    The moments of a clip are an axis of the stream ``graph`` (n, T, N, F) and not nodes of their own, so an edge rule,
    which knows the nodes alone, joins nodes within a moment. A model that spreads its nodes over time makes the whole
    graph from these edges by ``mmer.models.temporal_edges.TemporalEdges``: the same edges in each moment, and each node
    at t with itself (and, if asked, its neighbours) at t + 1.

    Parameters
    ----------
    name : str
    within : str
        Who are neighbours in space: ``anatomical``, ``nearest`` or ``complete``; they are defined there.
    k : int
        Neighbours of a node under ``nearest``.

    Raises
    ------
    InputError
        ``within`` is none of these, or ``k`` is not positive.
    """

    name: str = "temporal"
    within: str = "anatomical"
    k: int = 4

    def __post_init__(self) -> None:
        if self.within not in WITHIN:
            raise InputError(f"{self.name}: within {self.within!r}; {nearest(self.within, WITHIN)}")
        self._rule()

    def edge_index(self, node_set: NodeSet) -> np.ndarray:
        """Return the edges within one moment: (2, E) int64."""
        return self._rule().edge_index(node_set)

    def _rule(self) -> Anatomical | Nearest | Complete:
        if self.within == "nearest":
            return Nearest(self.name, self.k)
        return Anatomical(self.name) if self.within == "anatomical" else Complete(self.name)
