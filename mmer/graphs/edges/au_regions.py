"""Regions of the face that action units move together, counted on the training clips of a fold."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mmer.graphs.annotated_units import shown_units
from mmer.graphs.edge_list import both_ways
from mmer.types.errors import InputError, listing, nearest
from mmer.types.node_set import NodeSet
from mmer.types.targets import Targets

# dlib landmarks at which a unit acts. The code of AUW-GCN calls AU1 the outer and AU2 the inner brow raiser; in FACS it
# is the other way round, so its places of the two are exchanged.
AUW_GCN = {
    "AU01": (18, 19, 24, 25),
    "AU02": (20, 23),
    "AU12": (48, 54),
    "AU14": (48, 54),
    "AU25": (51, 57),
    "AU26": (51, 57),
}
PLACES = {"facs": AUW_GCN | {"AU01": AUW_GCN["AU02"], "AU02": AUW_GCN["AU01"]}, "auw_gcn": AUW_GCN}


@dataclass(frozen=True)
class AuRegions:
    """Landmarks or regions, weighted by how often the action units that act there are annotated together.

    AUW-GCN (Yin et al., ICME 2023) counts pairs of units in a clip, projects each pair onto the places of the two, and
    divides every row by its sum: ``A_ts = C_ts / (sum_s C_ts + kappa)``, the weight of the edge from s to t. A clip
    with only one of the units counts at its places themselves, C_tt, and joins nothing. What the weights into a node
    lack to 1 is its own share, C_tt and kappa. It is no edge; a layer that wants it takes ``1 - sum``. The paper's code
    counts the whole table of the corpus, test clips included; here it is fitted per fold. Clips without AU annotation
    are left out.

    Parameters
    ----------
    name : str
    places : str
        Where AU1, 2, 12, 14, 25 and 26 act. ``facs``: AU1 at the inner brow, AU2 at the outer; ``auw_gcn``: exchanged,
        as in the paper's code.
    kappa : float
        Strength of the smoothing, in counted pairs of units: a node with little evidence keeps to itself. The paper
        has 0.

    Raises
    ------
    InputError
        A field is out of its range.
    """

    name: str = "au_regions"
    places: str = "facs"
    kappa: float = 2.0

    def __post_init__(self) -> None:
        if self.places not in PLACES:
            raise InputError(f"{self.name}: places {self.places!r}; {nearest(self.places, PLACES)}")
        if not self.kappa >= 0:
            raise InputError(f"{self.name}: kappa must be at least 0, got {self.kappa}")

    def edge_index(self, node_set: NodeSet) -> np.ndarray:
        """Return every ordered pair of different nodes at which some unit acts: (2, E) int64.

        Raises
        ------
        InputError
            Fewer than two nodes are such places.
        """
        touched = np.flatnonzero(self._acts(node_set).any(0))
        if len(touched) < 2:
            raise InputError(
                f"{self.name}: nodes {listing(node_set.names)} are not where {', '.join(AUW_GCN)} act; choose "
                "`nodes: auw_rois` or landmarks, or for action units the rule au_probability"
            )
        return both_ways(combinations(touched.tolist(), 2))

    def fit(self, node_set: NodeSet, targets: Targets) -> np.ndarray:
        """Count on the training clips of a fold.

        Returns
        -------
        ndarray of shape (E,), float32
            Weights 0..1 in the order of ``edge_index``.

        Raises
        ------
        InputError
            No training clip is annotated.
        """
        source, target = self.edge_index(node_set)
        shows, acts = shown_units(self.name, tuple(PLACES[self.places]), targets), self._acts(node_set).astype(float)
        pairs = shows.T @ shows
        np.fill_diagonal(pairs, 0)
        single = shows[shows.sum(1) == 1].sum(0)
        count = acts.T @ pairs @ acts + np.diag(single @ acts)
        below = count.sum(1, keepdims=True) + self.kappa
        share = np.divide(count, below, out=np.zeros_like(count), where=below > 0)
        return share[target, source].astype(np.float32)

    def _acts(self, node_set: NodeSet) -> np.ndarray:
        """Return whether a unit acts at a node: (A, N) bool; action unit nodes are no places."""
        places = [() if unit else at for at, unit in zip(node_set.landmarks, node_set.action_units, strict=True)]
        return np.array([[bool(set(acts) & set(at)) for at in places] for acts in PLACES[self.places].values()])
