"""What augmentation must know of the nodes of a graph beside the names in the samples."""

from dataclasses import dataclass

import numpy as np

from mmer.types.canonical_face import MIRROR
from mmer.types.errors import InputError, listing
from mmer.types.node_set import NodeSet


@dataclass(frozen=True)
class Nodes:
    """The nodes of a graph, and how they are measured.

    Parameters
    ----------
    node_set : NodeSet
    both_sides : bool
        Whether a node of an action unit is of no side: the mean of both, one mirrored, or nothing measured at all.
    since_onset : bool
        Whether activations are relative to those at onset.
    """

    node_set: NodeSet
    both_sides: bool = False
    since_onset: bool = True

    @property
    def own_image(self) -> np.ndarray:
        """Say which nodes are their own mirror image, with all their features: (N,) bool."""
        return np.array([unit is not None and self.both_sides for unit in self.node_set.action_units])

    def mirror(self) -> np.ndarray:
        """Return the node on the other side of the face, of each node: (N,) int64.

        Raises
        ------
        InputError
            A node has none.
        """
        place = {frozenset(group): node for node, group in enumerate(self.node_set.landmarks)}
        there = [place.get(frozenset(MIRROR[i] for i in group)) for group in self.node_set.landmarks]
        found = [node if own else other for node, (own, other) in enumerate(zip(self.own_image, there, strict=True))]
        if lost := [name for name, other in zip(self.node_set.names, found, strict=True) if other is None]:
            way = "set `both_sides: true`" if any(self.node_set.action_units) else "choose other nodes"
            raise InputError(
                f"augment: flip needs the mirror image of every node, and no node is that of {listing(lost)}; {way}, "
                "or set `augment.flip: 0`"
            )
        return np.array(found, np.int64)

    def check_edges(self, edge_index: np.ndarray, edge_weight: np.ndarray) -> None:
        """Refuse a graph that is not its own mirror image: its features alone cannot be flipped.

        Parameters
        ----------
        edge_index : ndarray of shape (2, E), int64
        edge_weight : ndarray of shape (E,), float32

        Raises
        ------
        InputError
            An edge has no mirror image, or one of another weight.
        """
        names, mirror = self.node_set.names, self.mirror()
        weight = {(s, t): w for s, t, w in zip(*edge_index.tolist(), edge_weight.tolist(), strict=True)}
        for (source, target), own in weight.items():
            image = int(mirror[source]), int(mirror[target])
            if weight.get(image) != own:
                found = f"weighs {weight[image]:g}" if image in weight else "is not there"
                raise InputError(
                    f"augment: flip needs a graph that is its own mirror image, but the edge {names[source]} to "
                    f"{names[target]} weighs {own:g} and its mirror image, {names[image[0]]} to {names[image[1]]}, "
                    f"{found}; choose another edge rule, or set `augment.flip: 0`"
                )
