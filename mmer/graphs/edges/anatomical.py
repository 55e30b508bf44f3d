"""Edges that follow the face: its contours, its symmetry, its regions."""

from dataclasses import dataclass

import numpy as np

from mmer.graphs.action_unit_places import REGIONS
from mmer.graphs.edge_list import FixedWeights, both_ways
from mmer.types.canonical_face import MIRROR
from mmer.types.errors import InputError
from mmer.types.node_set import NodeSet

# dlib indices along each line of the face
OPEN_LINES = (range(0, 17), range(17, 22), range(22, 27), range(27, 31), range(31, 36))
CLOSED_LINES = (range(36, 42), range(42, 48), range(48, 60), range(60, 68))
# one side is enough, the other is its mirror image
LINKS = (
    (17, 36), (19, 37), (20, 38), (21, 39),  # brow and eye
    (21, 22), (21, 27), (39, 27), (36, 0), (17, 0),  # brows, nose root, temple
    (30, 33), (30, 31), (33, 51), (31, 49),  # nose and upper lip
    (48, 60), (51, 62), (57, 66),  # outer and inner lip
    (57, 8), (48, 4),  # lip and jaw
)  # fmt: skip


@dataclass(frozen=True)
class Anatomical(FixedWeights):
    """Contours, symmetric pairs and links between parts for landmarks; a shared region of the face for action units.

    Landmarks that are not nodes are left out, so a node set of brows and mouth falls into two parts.

    Parameters
    ----------
    name : str
    symmetric_pairs : bool
        Whether a landmark is joined to the one on the other side of the face.
    """

    name: str = "anatomical"
    symmetric_pairs: bool = True

    def edge_index(self, node_set: NodeSet) -> np.ndarray:
        """Return the edges in both directions: (2, E) int64.

        Raises
        ------
        InputError
            The nodes are neither single landmarks nor known action units.
        """
        if all(unit is not None for unit in node_set.action_units):
            return both_ways(self._of_action_units(node_set))
        if all(len(group) == 1 for group in node_set.landmarks) and not any(node_set.action_units):
            return both_ways(self._of_landmarks(node_set))
        raise InputError(f"{self.name}: nodes must be single landmarks or action units, not a mixture; use nearest")

    def _of_action_units(self, node_set: NodeSet) -> list[tuple[int, int]]:
        node = {unit: i for i, unit in enumerate(node_set.action_units)}
        placed = {unit for units in REGIONS.values() for unit in units}
        if unplaced := [unit for unit in node if unit not in placed]:
            raise InputError(f"{self.name}: the region of {unplaced} is not known; use the rule complete or nearest")
        return [
            (node[a], node[b])
            for units in REGIONS.values()
            for a in units
            for b in units
            if a < b and a in node and b in node
        ]

    def _of_landmarks(self, node_set: NodeSet) -> list[tuple[int, int]]:
        node = {group[0]: i for i, group in enumerate(node_set.landmarks)}
        pairs = [(line[i], line[i + 1]) for line in OPEN_LINES for i in range(len(line) - 1)]
        pairs += [(line[i - 1], line[i]) for line in CLOSED_LINES for i in range(len(line))]
        pairs += LINKS
        pairs += [(MIRROR[a], MIRROR[b]) for a, b in LINKS]
        if self.symmetric_pairs:
            pairs += list(enumerate(MIRROR))
        return [(node[a], node[b]) for a, b in pairs if a in node and b in node]
