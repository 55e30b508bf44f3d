"""RCN-A: recurrent convolutions with a parameter-free attention (Xia, Peng, Khor, Feng & Zhao, 2020, IEEE TIP).

The preprint is arXiv 2006.09674.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.batch_norm import BatchNorm2d
from mmer.models.dropout import Dropout
from mmer.models.flow_input import FlowInput
from mmer.models.graph_input import check_whole
from mmer.models.idle_bias import Conv2d, idle_biases
from mmer.types.errors import InputError
from mmer.types.samples import Sizes


class ConvNorm(nn.Sequential):
    """Convolution, batch normalisation, ReLU."""

    def __init__(self, channels: int, filters: int, kernel: int, padding: int) -> None:
        super().__init__(Conv2d(channels, filters, kernel, padding=padding), BatchNorm2d(filters), nn.ReLU())
        nn.init.kaiming_normal_(self[0].weight, mode="fan_out", nonlinearity="relu")


class RcnA(nn.Module):
    """A convolution, one recurrent convolutional layer, and an attention that reuses the classifier's weights.

    The recurrent layer applies the same 3 x 3 convolution and the same normalisation twice, each time to its input plus
    what it said before. The attention scores every place of the first layer's features by the classifier's weights
    there (class activation), brings each class's map to 0..1, and their mean weighs the last features.

    ==================================  ==========  ==========
    layer (size 60, 64 filters)         output      parameters
    ==================================  ==========  ==========
    convolution 5 x 5, normalisation    64, 56, 56        4992
    max pooling 2 x 2, dropout          64, 28, 28
    feed-forward 1 x 1, normalisation   64, 28, 28        4288
    2 x recurrent 3 x 3, one set        64, 28, 28       37056
    max pooling 2 x 2, dropout          64, 14, 14
    mean pooling, attention             64, 7, 7
    linear                              3                 9411
    **all**                                              55747
    ==================================  ==========  ==========

    The survey has no figure. Names and values are those of the authors' training script, which pools to 7 x 7; with
    ``pool: 5``, the default of their class and of MEB, there are 51139. Their attention divides 0 by 0 where a class's
    map is constant; ours is 0 there.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``flow`` (3, H, W): u, v, strain.
    size : int
        Height and width of the input, pixels.
    width : int
        Filters of every layer.
    pool : int
        Height and width of the last features.
    dropout : float

    Raises
    ------
    InputError
        There is no such flow, or a value is out of its range.
    """

    streams = ("flow",)
    channels = ("u", "v", "strain")
    reads_classifier = True

    def __init__(self, sizes: Sizes, size: int = 60, width: int = 64, pool: int = 7, dropout: float = 0.5) -> None:
        super().__init__()
        check_whole("rcn_a", size=size, width=width, pool=pool)
        if (size - 4) // 4 < 1:
            raise InputError(f"rcn_a: size must be at least 8, got {size}; 60 is the paper's")
        self.pool = pool
        self.input = FlowInput("rcn_a", sizes, size, ("u", "v", "strain"))
        self.first, self.drop_first = ConvNorm(3, width, 5, 0), Dropout(dropout)
        self.forward_path, self.recurrent = ConvNorm(width, width, 1, 0), ConvNorm(width, width, 3, 1)
        self.drop_last = Dropout(dropout)
        self.classifier = nn.Linear(width * pool**2, sizes.n_classes)
        nn.init.normal_(self.classifier.weight, 0, 0.01)
        nn.init.zeros_(self.classifier.bias)

    @property
    def dead_parameters(self) -> dict[str, str]:
        """Return what gets no gradient, by the start of its name, and why."""
        return idle_biases(self)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, K) of ``batch["flow"]`` (B, C, H, W)."""
        x = self.drop_first(F.max_pool2d(self.first(self.input(batch["flow"])), 2))
        attention = self._attention(F.adaptive_avg_pool2d(x, self.pool))
        state = self.forward_path(x)
        for _ in range(2):
            state = self.recurrent(x + state)
        last = F.adaptive_avg_pool2d(self.drop_last(F.max_pool2d(state, 2)), self.pool)
        return self.classifier((last * attention).flatten(1))

    def _attention(self, features: Tensor) -> Tensor:
        """Return (B, 1, pool, pool) in 0..1 of ``features`` (B, width, pool, pool)."""
        weights = self.classifier.weight.view(-1, features.shape[1], self.pool, self.pool)
        maps = torch.einsum("kchw,bchw->bkhw", weights, features) / features.shape[1]
        maps = maps - maps.amin((2, 3), keepdim=True)
        maps = maps / maps.amax((2, 3), keepdim=True).clamp_min(torch.finfo(maps.dtype).tiny)
        return maps.mean(1, keepdim=True)
