"""A layer of a transformer encoder (Vaswani et al., 2017, NeurIPS), written out so that folds can be stacked."""

import torch
from torch import Tensor, nn

from mmer.models.dropout import Dropout
from mmer.models.probe import Probe


class EncoderLayer(nn.Module):
    """Self-attention, then two linear layers per element; each with a skip connection and a layer norm behind it.

    Torch's own layer has no fast way through ``torch.func.vmap``, and ties the width of a head to that of an element.
    The maps of the attention have no bias. Equal to torch's layer with ``norm_first=False`` where the widths allow it.

    Parameters
    ----------
    width : int
        Numbers of an element, in and out.
    heads, head_width : int
    inner : int
        Numbers between the two linear layers.
    dropout : float
        Before each skip connection is added.
    attention_dropout : float
        On the attention.
    names : tuple of str
        Of the elements, for the probe ``attention``, which reads the mean over heads (B, L, L).
    """

    def __init__(
        self,
        width: int,
        heads: int,
        head_width: int,
        inner: int,
        dropout: float,
        attention_dropout: float = 0.0,
        names: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        self.heads = heads
        self.queries, self.keys, self.values = (nn.Linear(width, heads * head_width, bias=False) for _ in range(3))
        self.merge = nn.Linear(heads * head_width, width, bias=False)
        self.drop_attention = Dropout(attention_dropout)
        self.attention = Probe("attention", "pairs", names)
        self.drop_merged, self.norm_merged = Dropout(dropout), nn.LayerNorm(width, eps=1e-6)
        self.widen, self.narrow = nn.Linear(width, inner), nn.Linear(inner, width)
        self.drop_inner, self.norm_inner = Dropout(dropout), nn.LayerNorm(width, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, L, width) of ``x`` (B, L, width)."""
        x = self.norm_merged(x + self.drop_merged(self._attend(x)))
        return self.norm_inner(x + self.drop_inner(self.narrow(torch.relu(self.widen(x)))))

    def _attend(self, x: Tensor) -> Tensor:
        """Return for every element a mixture of all elements: (B, L, width)."""
        query, key, value = (
            part(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (self.queries, self.keys, self.values)
        )
        scores = query @ key.transpose(2, 3) * query.shape[-1] ** -0.5
        share = torch.softmax(scores, -1)
        self.attention(share.mean(1))
        return self.merge((self.drop_attention(share) @ value).transpose(1, 2).flatten(2))
