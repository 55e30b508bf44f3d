"""NodeSet: what the nodes of a graph are."""

from dataclasses import dataclass

from mmer.types.errors import InputError


@dataclass(frozen=True)
class NodeSet:
    """The nodes of a graph.

    Parameters
    ----------
    names : tuple of N str
        ``lm17`` for a landmark, ``AU04`` for an action unit.
    landmarks : tuple of N tuples of int
        dlib indices (0..67) whose mean is the place of the node on the face.
    action_units : tuple of N (str or None)
        The action unit that a node stands for.
    """

    names: tuple[str, ...]
    landmarks: tuple[tuple[int, ...], ...]
    action_units: tuple[str | None, ...]

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.names):
            raise InputError(f"nodes: a name occurs twice in {self.names}")
        if not len(self.names) == len(self.landmarks) == len(self.action_units):
            raise InputError("nodes: names, landmarks and action_units differ in length")
