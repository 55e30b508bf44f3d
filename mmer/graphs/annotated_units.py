"""The action units that nodes stand for, and which annotated training clip shows them: what fitted rules count."""

import numpy as np

from mmer.types.errors import InputError, listing
from mmer.types.node_set import NodeSet
from mmer.types.targets import Targets


def unit_nodes(rule: str, node_set: NodeSet) -> tuple[int, ...]:
    """Return the nodes that stand for an action unit; others, e.g. landmarks beside them, are left out.

    Raises
    ------
    InputError
        Fewer than two nodes do.
    """
    found = tuple(node for node, unit in enumerate(node_set.action_units) if unit is not None)
    if len(found) < 2:
        others = [name for name, unit in zip(node_set.names, node_set.action_units, strict=True) if unit is None]
        said = f"nodes {listing(others)} are not action units" if others else "there is only one action unit"
        raise InputError(f"{rule}: {said}; choose `nodes: action_units`, or another edge rule")
    return found


def unit_pairs(rule: str, node_set: NodeSet) -> np.ndarray:
    """Return every ordered pair of different nodes that stand for action units, sorted: (2, E) int64."""
    nodes = unit_nodes(rule, node_set)
    return np.array([(a, b) for a in nodes for b in nodes if a != b], np.int64).T.copy()


def shown_units(rule: str, units: tuple[str, ...], targets: Targets) -> np.ndarray:
    """Return which annotated clip shows which unit; clips without annotation are left out.

    Returns
    -------
    ndarray of shape (m, A), float64
        1 where the clip shows the unit, else 0.

    Raises
    ------
    InputError
        No clip is annotated, or a unit is none of those that are annotated.
    """
    if missing := [unit for unit in units if unit not in targets.au_names]:
        raise InputError(
            f"{rule}: {listing(missing)} is annotated in no clip; take it out of the nodes, or out of this rule. "
            f"Annotated: {listing(targets.au_names, 40) or '(none)'}"
        )
    shows = targets.action_units[:, [targets.au_names.index(unit) for unit in units]]
    shows = shows[np.isfinite(shows).all(1)]
    if not len(shows):
        raise InputError(
            f"{rule}: none of the {len(targets.clip_ids)} training clips has annotated action units; "
            "choose another edge rule, e.g. anatomical or facs_prior"
        )
    return (shows > 0).astype(np.float64)
