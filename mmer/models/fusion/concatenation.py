"""Concatenation: the features of all streams side by side."""

import torch
from torch import Tensor, nn

from mmer.models.dropout import Dropout
from mmer.models.fusion.widths import check_widths
from mmer.models.graph_input import check_whole
from mmer.types.samples import Sizes


class Concatenation(nn.Module):
    """One layer over the features of all streams side by side, then a linear classifier (Ngiam et al., 2011, ICML).

    Parameters
    ----------
    sizes : Sizes
    widths : dict of str to int
        Features of every stream.
    hidden : int
        Numbers of the layer; 0: the classifier sees the features themselves.
    dropout : float
        Before the classifier.

    Raises
    ------
    InputError
        A value is out of its range.
    """

    reads_nulls = True

    def __init__(self, sizes: Sizes, widths: dict[str, int], hidden: int = 64, dropout: float = 0.3) -> None:
        super().__init__()
        check_widths("concatenation", widths)
        check_whole("concatenation", least=0, hidden=hidden)
        whole = sum(widths.values())
        self.hidden = nn.Linear(whole, hidden) if hidden else None
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(hidden or whole, sizes.n_classes)

    def forward(
        self, features: dict[str, Tensor], there: dict[str, Tensor], batch: dict[str, Tensor], edge_weight: Tensor
    ) -> Tensor:
        """Return logits (B, C) of ``features`` (B, D) by stream."""
        x = torch.cat([*features.values()], 1)
        if self.hidden is not None:
            x = torch.relu(self.hidden(x))
        return self.classifier(self.dropout(x))
