"""Partition strategies: which neighbours of a node share weights (Yan, Xiong & Lin, 2018, AAAI, section 3.3)."""

import numpy as np

from mmer.types.canonical_face import TEMPLATE
from mmer.types.errors import InputError, listing, nearest

STRATEGIES = ("uniform", "distance", "spatial")
LANDMARKS = {f"lm{i}": i for i in range(len(TEMPLATE))}


def hops(edge_index: np.ndarray, nodes: int) -> np.ndarray:
    """Return the least number of edges between two nodes, in either direction: (N, N), inf where there is no way."""
    joined = np.zeros((nodes, nodes), bool)
    joined[edge_index[0], edge_index[1]] = joined[edge_index[1], edge_index[0]] = True
    distance = np.where(np.eye(nodes, dtype=bool), 0.0, np.inf)
    reached, step = np.eye(nodes, dtype=bool), 0
    while True:
        new = (reached @ joined) & ~reached
        if not new.any():
            return distance
        step += 1
        distance[new] = step
        reached |= new


def centre_distance(names: tuple[str, ...], edge_index: np.ndarray, centre: str) -> np.ndarray:
    """Return how far every node is from the centre of the graph.

    Parameters
    ----------
    names : tuple of N str
    edge_index : ndarray of shape (2, E)
    centre : str
        ``face``: distance from the mean place of the nodes on the canonical face, in outer eye distances; for
        landmarks. ``middle``: hops to the node with the fewest hops to all others; where several have as few, as both
        corners of the mouth do, to the nearest of them. Else the name of a node: hops to it.

    Returns
    -------
    ndarray of shape (N,)

    Raises
    ------
    InputError
        There is no such node, or a node has no place on the face.
    """
    if centre == "face":
        if placeless := [name for name in names if name not in LANDMARKS]:
            raise InputError(
                f"st_gcn: centre 'face' needs landmarks as nodes, {listing(placeless)} are none; "
                "set centre: middle, or the name of a node"
            )
        place = TEMPLATE[[LANDMARKS[name] for name in names]]
        return np.round(np.linalg.norm(place - place.mean(0), axis=1), 9)  # the two sides of the face are equally far
    distance = hops(edge_index, len(names))
    if centre == "middle":
        # Unreachable nodes count as farther than any path: the middle is then that of the largest part. To take the
        # first of several would let the order of the nodes decide, and part the two sides of a face differently.
        total = np.where(np.isinf(distance), len(names), distance).sum(1)
        return distance[total == total.min()].min(0)
    if centre not in names:
        raise InputError(f"st_gcn: centre is {centre!r}; {nearest(centre, ('face', 'middle', *names))}")
    return distance[names.index(centre)]


def partition(strategy: str, edge_index: np.ndarray, names: tuple[str, ...], centre: str, as_coded: bool) -> np.ndarray:
    """Say in which part every edge and every self loop is.

    Parameters
    ----------
    strategy : str
        ``uniform``: one part. ``distance``: the node itself; its neighbours. ``spatial``: the node itself and
        neighbours as far from the centre as it; those nearer to the centre; those farther away.
    edge_index : ndarray of shape (2, E)
        Source and target.
    names : tuple of N str
    centre : str
        Of ``spatial``, see ``centre_distance``.
    as_coded : bool
        Of ``spatial``: the parts of the authors' program. Neighbours as far as the node are put to the farther ones
        (seen from the source), and all nodes more than one hop from the centre are taken as equally far.

    Returns
    -------
    ndarray of shape (E + N,), int64
        0 up to the number of parts - 1; the self loops come after the edges, in the order of the nodes.
    """
    edges, loops = edge_index.shape[1], np.zeros(len(names), np.int64)
    if strategy == "uniform":
        return np.concatenate([np.zeros(edges, np.int64), loops])
    if strategy == "distance":
        return np.concatenate([np.ones(edges, np.int64), loops])
    far = centre_distance(names, edge_index, centre)
    if as_coded:
        far = np.where(far > 1, np.inf, far)
    source, target = far[edge_index]
    nearer, farther = (1, 2) if not as_coded else (2, 1)
    same = farther if as_coded else 0
    part = np.where(source < target, nearer, np.where(source > target, farther, same))
    return np.concatenate([part.astype(np.int64), loops])
