"""Every node with the nearest ones on the canonical face."""

from dataclasses import dataclass

import numpy as np

from mmer.graphs.edge_list import FixedWeights, both_ways
from mmer.graphs.positions import canonical_positions
from mmer.types.errors import InputError
from mmer.types.node_set import NodeSet


@dataclass(frozen=True)
class Nearest(FixedWeights):
    """k nearest neighbours on the canonical face, so that no data decides about the edges.

    Parameters
    ----------
    name : str
    k : int
        Neighbours that each node names. An edge is there if either end names the other, so a node may have more.
    """

    name: str = "nearest"
    k: int = 4

    def __post_init__(self) -> None:
        if self.k < 1:
            raise InputError(f"{self.name}: k must be at least 1, got {self.k}")

    def edge_index(self, node_set: NodeSet) -> np.ndarray:
        """Return the edges in both directions: (2, E) int64.

        Raises
        ------
        InputError
            There are not more than k nodes.
        """
        n = len(node_set.names)
        if self.k >= n:
            raise InputError(f"{self.name}: k {self.k} needs more than {self.k} nodes, there are {n}; or use complete")
        place = canonical_positions(node_set)
        distance = np.linalg.norm(place[:, None] - place[None], axis=-1)
        np.fill_diagonal(distance, np.inf)
        # The canonical face is symmetric and full of equal distances: rounding makes them equal on every machine, and
        # every node that is as near as the k-th counts, so that neither side of the face is preferred.
        distance = np.round(distance, 9)
        limit = np.sort(distance, axis=1)[:, self.k - 1]
        return both_ways((a, b) for a in range(n) for b in range(n) if distance[a, b] <= limit[a])
