"""Cross-attention: every stream looks at every other."""

from itertools import permutations

import torch
from torch import Tensor, nn

from mmer.models.dropout import Dropout
from mmer.models.fusion.widths import check_heads, check_widths
from mmer.models.graph_input import check_whole
from mmer.types.samples import Sizes


class CrossAttention(nn.Module):
    """Pairwise cross-modal attention (MulT: Tsai et al., 2019, ACL), then a linear classifier.

    A stream becomes ``tokens`` elements of ``width`` numbers, linear maps of its features. For every ordered pair of
    streams the elements of the first are changed by what they find in the second, ``softmax(Q K^T / sqrt(d)) V``, layer
    by layer; the second's stay as they are. The means over the elements of all pairs are classified. MulT has a series
    in time in the place of the elements, and self-attention over what the pairs have found; a clip has one vector of
    features per stream here, so there is neither.

    Parameters
    ----------
    sizes : Sizes
    widths : dict of str to int
        Features of every stream.
    width : int
        Numbers of an element.
    heads : int
        They share the width.
    tokens : int
        Elements of a stream.
    layers : int
    inner : int
        Numbers between the two linear layers after the attention.
    dropout : float
        On the attention, before each skip connection is added, and before the classifier.

    Raises
    ------
    InputError
        There is one stream only, or a value is out of its range.
    """

    reads_nulls = True

    def __init__(
        self,
        sizes: Sizes,
        widths: dict[str, int],
        width: int = 16,
        heads: int = 2,
        tokens: int = 4,
        layers: int = 1,
        inner: int = 32,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        check_widths("cross_attention", widths, least=2)
        check_whole("cross_attention", width=width, heads=heads, tokens=tokens, layers=layers, inner=inner)
        check_heads("cross_attention", width, heads)
        self.tokens = tokens
        self.maps = nn.ModuleDict({name: nn.Linear(own, tokens * width) for name, own in widths.items()})
        self.pairs = list(permutations(widths, 2))
        self.towers = nn.ModuleList(
            nn.ModuleList(CrossLayer(width, heads, inner, dropout) for _ in range(layers)) for _ in self.pairs
        )
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(len(self.pairs) * width, sizes.n_classes)

    def forward(
        self, features: dict[str, Tensor], there: dict[str, Tensor], batch: dict[str, Tensor], edge_weight: Tensor
    ) -> Tensor:
        """Return logits (B, C) of ``features`` (B, D) by stream."""
        elements = {name: self.maps[name](x).unflatten(1, (self.tokens, -1)) for name, x in features.items()}
        found = []
        for (target, source), tower in zip(self.pairs, self.towers, strict=True):
            x = elements[target]
            for layer in tower:
                x = layer(x, elements[source])
            found.append(x.mean(1))
        return self.classifier(self.dropout(torch.cat(found, 1)))


class CrossLayer(nn.Module):
    """Elements that look at other elements, then two linear layers; each with a skip connection, norms before.

    Written out because torch's own attention has no fast way through ``torch.func.vmap``; equal to
    ``torch.nn.MultiheadAttention`` (tests/models/test_fusion_layers.py).

    Parameters
    ----------
    width : int
        Numbers of an element.
    heads, inner : int
    dropout : float
    """

    def __init__(self, width: int, heads: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm, self.norm_inner = nn.LayerNorm(width), nn.LayerNorm(width)  # one for both sides, as MulT has it
        self.queries, self.values, self.merge = (nn.Linear(width, width) for _ in range(3))
        # A bias would add the same to all scores of a query, which the softmax takes away.
        self.keys = nn.Linear(width, width, bias=False)
        self.drop_attention, self.drop_merged, self.drop_inner = (Dropout(dropout) for _ in range(3))
        self.widen, self.narrow = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x: Tensor, others: Tensor) -> Tensor:
        """Return (B, L, width) of ``x`` (B, L, width), which looks at ``others`` (B, S, width)."""
        x = x + self.drop_merged(self.attend(self.norm(x), self.norm(others)))
        return x + self.drop_inner(self.narrow(torch.relu(self.widen(self.norm_inner(x)))))

    def attend(self, x: Tensor, others: Tensor) -> Tensor:
        """Return for every element of ``x`` a mixture of ``others``: (B, L, width)."""
        query, key, value = (
            part(given).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for part, given in ((self.queries, x), (self.keys, others), (self.values, others))
        )
        share = torch.softmax(query @ key.transpose(2, 3) * query.shape[3] ** -0.5, 3)
        return self.merge((self.drop_attention(share) @ value).transpose(1, 2).flatten(2))
