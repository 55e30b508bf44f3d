"""Every node with every other."""

from dataclasses import dataclass

import numpy as np

from mmer.graphs.edge_list import FixedWeights, every_pair
from mmer.types.node_set import NodeSet


@dataclass(frozen=True)
class Complete(FixedWeights):
    """The complete graph."""

    name: str = "complete"

    def edge_index(self, node_set: NodeSet) -> np.ndarray:
        """Return all N * (N - 1) directed edges: (2, E) int64."""
        return every_pair(node_set)
