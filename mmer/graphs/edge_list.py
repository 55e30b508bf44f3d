"""Sets of node pairs as an edge index, in the one order that all edge rules share."""

from collections.abc import Iterable

import numpy as np

from mmer.types.node_set import NodeSet
from mmer.types.targets import Targets


def both_ways(pairs: Iterable[tuple[int, int]]) -> np.ndarray:
    """Return pairs in both directions, sorted, each once, without self loops: (2, E) int64."""
    directed = {edge for a, b in pairs for edge in ((a, b), (b, a)) if a != b}
    return np.array(sorted(directed), np.int64).reshape(-1, 2).T.copy()


def every_pair(node_set: NodeSet) -> np.ndarray:
    """Return every ordered pair of different nodes, sorted: (2, N * (N - 1)) int64."""
    n = len(node_set.names)
    return both_ways((a, b) for a in range(n) for b in range(a))


class FixedWeights:
    """The weights of a rule that learns nothing."""

    def fit(self, node_set: NodeSet, targets: Targets) -> np.ndarray:
        """Return 1 for every edge, (E,) float32; the targets are not looked at."""
        return np.ones(self.edge_index(node_set).shape[1], np.float32)
