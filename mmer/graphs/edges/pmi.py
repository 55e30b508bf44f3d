"""How much more often two action units come together than by chance, counted on the training clips of a fold."""

from dataclasses import dataclass

import numpy as np

from mmer.graphs.annotated_units import shown_units, unit_pairs
from mmer.types.errors import InputError
from mmer.types.node_set import NodeSet
from mmer.types.targets import Targets


@dataclass(frozen=True)
class Pmi:
    """Complete graph of action units, weighted by positive pointwise mutual information (Church & Hanks, 1990).

    ``max(0, log p_ij / (p_i p_j))`` with p_i the share of annotated training clips that show unit i, and
    ``p_ij = (M_ij + kappa p_i p_j) / (n + kappa)``: as if kappa more clips had shown the units independently, which
    leaves every p_i as it is. A conditional probability is large for every frequent unit (brow lowering is in half of
    the clips); here units that only happen to be frequent are not joined. Clips without AU annotation are left out.
    Unlike a conditional probability it has no direction. Our choice for micro-expressions; no paper of the graph models
    uses it.

    Parameters
    ----------
    name : str
    kappa : float
        Strength of the smoothing, in clips. Without it, two units seen once, together, get the greatest weight of all.
    normalised : bool
        Whether it is divided by ``-log p_ij`` (Bouma, 2009), so that weights are 0..1: 1 where two units only come
        together.

    Raises
    ------
    InputError
        ``kappa`` is negative.
    """

    name: str = "pmi"
    kappa: float = 2.0
    normalised: bool = True

    def __post_init__(self) -> None:
        if not self.kappa >= 0:
            raise InputError(f"{self.name}: kappa must be at least 0, got {self.kappa}")

    def edge_index(self, node_set: NodeSet) -> np.ndarray:
        """Return every ordered pair of different units: (2, E) int64.

        Raises
        ------
        InputError
            Fewer than two nodes are action units.
        """
        return unit_pairs(self.name, node_set)

    def fit(self, node_set: NodeSet, targets: Targets) -> np.ndarray:
        """Count on the training clips of a fold.

        Returns
        -------
        ndarray of shape (E,), float32
            Weights >= 0 in the order of ``edge_index``.

        Raises
        ------
        InputError
            No training clip is annotated, or a node's unit is in no annotation.
        """
        source, target = self.edge_index(node_set)
        units = sorted({node_set.action_units[node] for node in source})
        shows = shown_units(self.name, tuple(units), targets)
        place = np.array([units.index(unit) if unit else 0 for unit in node_set.action_units])
        n, share = len(shows), shows.mean(0)
        chance = np.outer(share, share)
        together = (shows.T @ shows + self.kappa * chance) / (n + self.kappa)
        weight = np.zeros_like(chance)
        seen = together > 0
        weight[seen] = np.log(together[seen] / chance[seen]).clip(min=0)
        if self.normalised:
            # Two units that every clip shows are together by chance: 0 / 0 stands for 0.
            surprise = -np.log(together, where=seen, out=np.zeros_like(together))
            weight = np.divide(weight, surprise, out=np.zeros_like(weight), where=(surprise > 0) & (weight > 0))
        return weight[place[source], place[target]].clip(max=1 if self.normalised else None).astype(np.float32)
