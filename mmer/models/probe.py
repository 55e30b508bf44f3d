"""Probe: a place in a model where its attention, or the adjacency it made up, can be read."""

from torch import Tensor, nn

from mmer.types.errors import InputError

OVER = ("nodes", "edges", "pairs")


class Probe(nn.Module):
    """Pass a tensor through; whoever wants to see it sets a forward hook here.

    A model gives its attention to a probe instead of returning it, so that its output stays the logits, in a stack of
    folds as alone.

    Parameters
    ----------
    kind : str
        What is read, in a word for the reader: ``attention``, ``adjacency``.
    over : str
        What the values belong to: ``nodes`` (B, N), ``edges`` (B, E) in the order of ``Sizes.edge_index``, ``pairs``
        (B, N, N), target before source.
    names : tuple of str
        Of the nodes, where they are not those of the graph; else empty.

    Raises
    ------
    InputError
        ``over`` is none of these.
    """

    def __init__(self, kind: str, over: str, names: tuple[str, ...] = ()) -> None:
        super().__init__()
        if over not in OVER:
            raise InputError(f"a probe is over {', '.join(OVER)}, got {over!r}")
        self.kind, self.over, self.names = kind, over, names

    def forward(self, values: Tensor) -> Tensor:
        """Return ``values``."""
        return values

    def extra_repr(self) -> str:
        """Show what is read when the model is printed."""
        return f"{self.kind}, over={self.over}"
