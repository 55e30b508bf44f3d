"""How often one action unit comes with another, counted on the training clips of a fold."""

from dataclasses import dataclass

import numpy as np

from mmer.graphs.annotated_units import shown_units, unit_pairs
from mmer.types.errors import InputError, nearest
from mmer.types.node_set import NodeSet
from mmer.types.targets import Targets

DIRECTIONS = ("row", "column")


@dataclass(frozen=True)
class AuProbability:
    """Complete graph of action units, weighted by smoothed conditional probabilities of annotated units.

    ``P(j | i) = (M_ij + kappa p_j) / (N_i + kappa)`` with M_ij the annotated training clips that show both units, N_i
    those that show i, and p_j the share of clips that show j: without evidence a unit says nothing about another. Clips
    without AU annotation are left out. Micro-expression clips show 1.25 to 1.7 units each, so counts are small; without
    smoothing, one test subject moves an entry by up to .25 on SAMM. The idea is that of Lo et al., MER-GCN, MIPR 2020,
    and Lei et al., CVPRW 2021, who condition in different directions. Fitted per fold: counted over all clips it would
    leak test labels.

    ``threshold``, ``binarise`` and ``reweight`` are the recipe of ML-GCN (Chen et al., CVPR 2019) that MER-GCN follows:
    ``A_ij = 1[P(j | i) >= tau]``, then ``A'_ij = p A_ij / (sum_{j != i} A_ij + 1e-6)``, so that the weights of a row
    sum to p however many there are. The diagonal A'_ii is not here, as no rule gives self loops: the model's own self
    loop stands for it. Where that weighs 1, as in ``gcn``, it is the published code of Lei et al. (``+ I``, there
    commented out, with tau .1 and p .25); ML-GCN's paper has 1 - p.

    Where some nodes are landmarks, the edges join the nodes that are action units, and no others.

    Parameters
    ----------
    name : str
    kappa : float
        Strength of the smoothing, in clips; 0 for plain frequencies.
    direction : str
        Weight of the edge from node s to node t: ``row``: P(t | s); ``column``: P(s | t).
    threshold : float
        tau, 0..1: smaller probabilities become 0; the edge stays.
    binarise : bool
        Whether the others become 1.
    reweight : float or None
        p > 0: see above; None: not done.
    reweight_over : str
        What the sum runs over in the matrix P(j | i) with rows i, before ``direction`` is applied. ``row``: j, as the
        papers write; ``column``: i, as their code does.

    Raises
    ------
    InputError
        A field is out of its range.
    """

    name: str = "au_probability"
    kappa: float = 2.0
    direction: str = "row"
    threshold: float = 0.0
    binarise: bool = False
    reweight: float | None = None
    reweight_over: str = "row"

    def __post_init__(self) -> None:
        if not self.kappa >= 0:
            raise InputError(f"{self.name}: kappa must be at least 0, got {self.kappa}")
        for key in ("direction", "reweight_over"):
            if (value := getattr(self, key)) not in DIRECTIONS:
                raise InputError(f"{self.name}: {key} {value!r}; {nearest(value, DIRECTIONS)}")
        if not 0 <= self.threshold <= 1:
            raise InputError(f"{self.name}: threshold is a probability, 0..1, got {self.threshold}")
        if self.binarise and self.threshold == 0:
            raise InputError(f"{self.name}: binarise with threshold 0 makes every weight 1; set threshold, or complete")
        if self.reweight is not None and not 0 < self.reweight < np.inf:
            raise InputError(f"{self.name}: reweight must be above 0, or null for none, got {self.reweight}")

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
            Weights >= 0 in the order of ``edge_index``; 0..1 unless ``reweight`` is above 1.

        Raises
        ------
        InputError
            No training clip is annotated, or a node's unit is in no annotation.
        """
        source, target = self.edge_index(node_set)
        nodes, place = np.unique(source, return_inverse=True)
        to = np.searchsorted(nodes, target)
        shows = shown_units(self.name, tuple(node_set.action_units[node] for node in nodes), targets)
        matrix = self._reweighted(self._probability(shows))
        weight = matrix[place, to] if self.direction == "row" else matrix[to, place]
        return weight.astype(np.float32)

    def _probability(self, shows: np.ndarray) -> np.ndarray:
        """Return P(column | row), (A, A), after threshold and binarisation."""
        together, alone = shows.T @ shows, shows.sum(0)
        share = alone / len(shows)
        below = alone[:, None] + self.kappa
        found = np.divide(together + self.kappa * share[None], below, out=np.zeros_like(together), where=below > 0)
        return np.where(found >= self.threshold, 1.0 if self.binarise else found, 0.0)

    def _reweighted(self, matrix: np.ndarray) -> np.ndarray:
        """Divide by what a row, or column, sums to without its diagonal."""
        if self.reweight is None:
            return matrix
        others = matrix * (1 - np.eye(len(matrix)))
        return self.reweight * others / (others.sum(1 if self.reweight_over == "row" else 0, keepdims=True) + 1e-6)
