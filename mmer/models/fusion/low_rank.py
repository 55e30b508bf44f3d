"""Low-rank fusion: products of the features of all streams."""

import torch
from torch import Tensor, nn

from mmer.models.dropout import Dropout
from mmer.models.fusion.widths import check_widths
from mmer.models.graph_input import check_whole
from mmer.types.samples import Sizes


class LowRank(nn.Module):
    """Low-rank multimodal fusion (Liu et al., 2018, ACL), then a linear classifier.

    A linear map of the outer product of all ``[x_m; 1]`` (tensor fusion, Zadeh et al., 2017, EMNLP) whose weights are a
    sum of ``rank`` products: ``h = sum over r of c_r (product over m of W_m^r [x_m; 1]) + b``, without ever making the
    outer product. The 1 keeps what fewer streams say.

    Parameters
    ----------
    sizes : Sizes
    widths : dict of str to int
        Features of every stream.
    rank : int
    width : int
        Numbers of ``h``. In the paper that are the outputs themselves.
    dropout : float
        Before the classifier.

    Raises
    ------
    InputError
        A value is out of its range.
    """

    reads_nulls = True

    def __init__(
        self, sizes: Sizes, widths: dict[str, int], rank: int = 4, width: int = 16, dropout: float = 0.3
    ) -> None:
        super().__init__()
        check_widths("low_rank", widths)
        check_whole("low_rank", rank=rank, width=width)
        # The authors' program starts W and c by Xavier's rule too; W by ranks: fans of one map, not of all.
        self.factors = nn.ParameterDict({name: _factor(rank, own + 1, width) for name, own in widths.items()})
        self.combine = nn.Parameter(nn.init.xavier_normal_(torch.empty(1, rank))[0])
        self.bias = nn.Parameter(torch.zeros(width))
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(width, sizes.n_classes)

    def forward(
        self, features: dict[str, Tensor], there: dict[str, Tensor], batch: dict[str, Tensor], edge_weight: Tensor
    ) -> Tensor:
        """Return logits (B, C) of ``features`` (B, D) by stream."""
        product: Tensor | None = None
        for name, x in features.items():
            part = torch.einsum("bd,rdw->brw", torch.cat([x, torch.ones_like(x[:, :1])], 1), self.factors[name])
            product = part if product is None else product * part
        return self.classifier(self.dropout(torch.einsum("r,brw->bw", self.combine, product) + self.bias))


def _factor(rank: int, inputs: int, outputs: int) -> nn.Parameter:
    """Start the maps of one stream, (rank, inputs, outputs)."""
    values = torch.empty(rank, inputs, outputs)
    for one in values:
        nn.init.xavier_normal_(one)
    return nn.Parameter(values)
