"""Gated fusion: for every number, how much of it each stream says."""

import torch
from torch import Tensor, nn

from mmer.models.dropout import Dropout
from mmer.models.fusion.widths import check_widths
from mmer.models.graph_input import check_whole
from mmer.types.samples import Sizes


class Gated(nn.Module):
    """Gated multimodal unit (Arevalo, Solorio, Montes-y-Gomez & Gonzalez, 2017, ICLR workshop), of two streams or more.

    ``h_m = tanh(V_m x_m)``; of two streams ``g = sigmoid(W [h_1; h_2])``, ``h = g h_1 + (1 - g) h_2``, number by
    number. Of more, the shares are a softmax over the streams, in which the last has the score 0: of two that is the
    sigmoid. The paper's gate sees ``x``, ours ``h``, which is of a like size in all streams.

    Parameters
    ----------
    sizes : Sizes
    widths : dict of str to int
        Features of every stream.
    width : int
        Numbers of ``h``.
    dropout : float
        Before the classifier.

    Raises
    ------
    InputError
        There is one stream only, or a value is out of its range.
    """

    reads_nulls = True

    def __init__(self, sizes: Sizes, widths: dict[str, int], width: int = 32, dropout: float = 0.3) -> None:
        super().__init__()
        check_widths("gated", widths, least=2)
        check_whole("gated", width=width)
        self.maps = nn.ModuleDict({name: nn.Linear(own, width) for name, own in widths.items()})
        self.gate = nn.Linear(len(widths) * width, (len(widths) - 1) * width)
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(width, sizes.n_classes)

    def forward(
        self, features: dict[str, Tensor], there: dict[str, Tensor], batch: dict[str, Tensor], edge_weight: Tensor
    ) -> Tensor:
        """Return logits (B, C) of ``features`` (B, D) by stream."""
        h = torch.stack([torch.tanh(self.maps[name](x)) for name, x in features.items()], 1)  # (B, M, width)
        score = self.gate(h.flatten(1)).unflatten(1, (-1, h.shape[2]))
        share = torch.cat([score, torch.zeros_like(h[:, :1])], 1).softmax(1)
        return self.classifier(self.dropout((share * h).sum(1)))
