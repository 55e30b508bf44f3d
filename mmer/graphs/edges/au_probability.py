"""How often one action unit comes with another, counted on the training clips of a fold."""

from dataclasses import dataclass

import numpy as np

from mmer.graphs.edge_list import both_ways
from mmer.types.errors import InputError, listing, nearest
from mmer.types.node_set import NodeSet
from mmer.types.targets import Targets

DIRECTIONS = ("row", "column")


@dataclass(frozen=True)
class AuProbability:
    """Complete graph of the action units among the nodes, weighted by smoothed conditional probabilities.

    ``P(j | i) = (M_ij + kappa p_j) / (N_i + kappa)`` with M_ij the annotated training clips that show both units, N_i
    those that show i, and p_j the share of clips that show j: without evidence a unit says nothing about another. Clips
    without AU annotation are left out. Micro-expression clips show 1.25 to 1.7 units each, so counts are small; without
    smoothing, one test subject moves an entry by up to .25 on SAMM. The idea is that of Lo et al., MER-GCN, MIPR 2020,
    and Lei et al., CVPRW 2021, who condition in different directions. Fitted per fold: counted over all clips it would
    leak test labels.

    Parameters
    ----------
    name : str
    kappa : float
        Strength of the smoothing, in clips; 0 for plain frequencies.
    direction : str
        Weight of the edge from node s to node t: ``row``: P(t | s); ``column``: P(s | t).
    threshold : float
        Weights below it are set to 0, 0..1; the edge stays.

    Raises
    ------
    InputError
        A field is out of its range.
    """

    name: str = "au_probability"
    kappa: float = 2.0
    direction: str = "row"
    threshold: float = 0.0

    def __post_init__(self) -> None:
        if not self.kappa >= 0:
            raise InputError(f"{self.name}: kappa must be at least 0, got {self.kappa}")
        if self.direction not in DIRECTIONS:
            raise InputError(f"{self.name}: direction {self.direction!r}; {nearest(self.direction, DIRECTIONS)}")
        if not 0 <= self.threshold <= 1:
            raise InputError(f"{self.name}: threshold is a probability, 0..1, got {self.threshold}")

    def edge_index(self, node_set: NodeSet) -> np.ndarray:
        """Return every ordered pair of different units: (2, A * (A - 1)) int64; other nodes beside them have no edge.

        Raises
        ------
        InputError
            Not even two nodes are action units.
        """
        units = [i for i, unit in enumerate(node_set.action_units) if unit is not None]
        if len(units) < 2:
            raise InputError(
                f"{self.name}: nodes {listing(node_set.names)} are not action units; choose `nodes: action_units`, "
                "or another edge rule"
            )
        return both_ways((a, b) for a in units for b in units)

    def fit(self, node_set: NodeSet, targets: Targets) -> np.ndarray:
        """Count on the training clips of a fold.

        Returns
        -------
        ndarray of shape (E,), float32
            Weights 0..1 in the order of ``edge_index``.

        Raises
        ------
        InputError
            No training clip is annotated, or a node's unit is in no annotation.
        """
        source, target = self.edge_index(node_set)
        shows = self._annotated(node_set, targets)
        together, alone = shows.T @ shows, shows.sum(0)
        share = alone / len(shows)
        below = alone[:, None] + self.kappa
        probability = np.divide(
            together + self.kappa * share[None], below, out=np.zeros_like(together), where=below > 0
        )
        weight = probability[source, target] if self.direction == "row" else probability[target, source]
        return np.where(weight >= self.threshold, weight, 0).astype(np.float32)

    def _annotated(self, node_set: NodeSet, targets: Targets) -> np.ndarray:
        """Return which annotated clip shows which node's unit: (m, N) float64 of 0 and 1, 0 for nodes without one."""
        units = {node: unit for node, unit in enumerate(node_set.action_units) if unit is not None}
        if missing := [unit for unit in units.values() if unit not in targets.au_names]:
            raise InputError(
                f"{self.name}: {listing(missing)} is annotated in no clip; take it out of `action_units` of the nodes. "
                f"Annotated: {listing(targets.au_names, 40) or '(none)'}"
            )
        known = targets.action_units[:, [targets.au_names.index(unit) for unit in units.values()]]
        known = known[np.isfinite(known).all(1)]
        if not len(known):
            raise InputError(
                f"{self.name}: none of the {len(targets.clip_ids)} training clips has annotated action units; "
                "choose another edge rule, e.g. anatomical"
            )
        shows = np.zeros((len(known), len(node_set.names)))
        shows[:, list(units)] = known > 0
        return shows
