"""Action units that prototypical emotions have in common: a prior that needs no label of any corpus."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from mmer.graphs.annotated_units import unit_nodes
from mmer.graphs.edge_list import both_ways
from mmer.graphs.facs_prototypes import PROTOTYPES, VARIANTS
from mmer.types.errors import InputError, listing, nearest
from mmer.types.node_set import NodeSet
from mmer.types.targets import Targets

TABLES = {"prototypes": PROTOTYPES, "variants": VARIANTS}


@dataclass(frozen=True)
class FacsPrior:
    """Action units joined where the prototype of an emotion has both, after ``mmer.graphs.facs_prototypes``.

    The weight of a pair is the number of emotions that show both over the number that show either (Jaccard), 0..1 and
    the same in both directions. An emotion with several variants counts by the share of its variants. The table is
    about posed, full expressions of adults; it is the same in every fold and for every corpus, so it serves corpora
    without AU annotation, such as SMIC, and can leak nothing. Our choice: the papers count annotated clips.

    Parameters
    ----------
    name : str
    table : str
        ``prototypes``: one combination per emotion; ``variants``: also those that stand for it.

    Raises
    ------
    InputError
        There is no such table.
    """

    name: str = "facs_prior"
    table: str = "variants"

    def __post_init__(self) -> None:
        if self.table not in TABLES:
            raise InputError(f"{self.name}: table {self.table!r}; {nearest(self.table, TABLES)}")

    def edge_index(self, node_set: NodeSet) -> np.ndarray:
        """Return the pairs of units that an emotion shows together, in both directions: (2, E) int64.

        Raises
        ------
        InputError
            Fewer than two nodes are action units, or no two of them belong together.
        """
        nodes = unit_nodes(self.name, node_set)
        unit = node_set.action_units
        pairs = [(a, b) for a in nodes for b in nodes if a < b and self._share(unit[a], unit[b], all) > 0]
        if not pairs:
            given = listing([unit[node] for node in nodes])
            raise InputError(
                f"{self.name}: no emotion of the table shows two of {given} together; choose other units, or anatomical"
            )
        return both_ways(pairs)

    def fit(self, node_set: NodeSet, targets: Targets) -> np.ndarray:
        """Return the weights, (E,) float32, 0..1; the targets are not looked at."""
        unit = node_set.action_units
        weight = [
            self._share(unit[a], unit[b], all) / self._share(unit[a], unit[b], any)
            for a, b in self.edge_index(node_set).T
        ]
        return np.array(weight, np.float32)

    def _share(self, first: str, second: str, how: Callable[[Iterable[bool]], bool]) -> float:
        """Count the emotions that show all, or any, of two units."""
        emotions = TABLES[self.table].values()
        return sum(np.mean([how((first in shown, second in shown)) for shown in variants]) for variants in emotions)
