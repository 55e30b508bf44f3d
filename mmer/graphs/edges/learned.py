"""Edges whose weights a model learns, or makes up for every clip."""

from dataclasses import dataclass

from mmer.graphs.edges.complete import Complete


@dataclass(frozen=True)
class Learned(Complete):
    """The complete graph with weights of 1: nothing is said about which node belongs to which.

    What is learned lies in the model (``mmer.models.adjacency``), where it gets a gradient: one matrix of the fold, or
    one made from the features of each clip. Such a model may also start from another rule, e.g. ``au_probability``;
    this one is for a start that knows nothing. To a model that learns no adjacency it is ``complete``.
    """

    name: str = "learned"
