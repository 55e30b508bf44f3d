"""OFF-ApexNet: two streams over the flow from onset to apex (Gan et al., 2019, Signal Processing: Image Communication).

The preprint is arXiv 1805.08699.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.dropout import ReluDropout
from mmer.models.flow_input import FlowInput
from mmer.models.graph_input import check_whole
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

FILTERS = (6, 16)


class FlowStream(nn.Module):
    """Two convolutions 5 x 5 with 6 and 16 filters, each followed by ReLU and max pooling 2 x 2, on one component."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, FILTERS[0], 5, padding=2)
        self.second = nn.Conv2d(FILTERS[0], FILTERS[1], 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, 16 * (H // 4)^2) of ``x`` (B, 1, H, H)."""
        x = F.max_pool2d(torch.relu(self.first(x)), 2)
        return F.max_pool2d(torch.relu(self.second(x)), 2).flatten(1)


class OffApexnet(nn.Module):
    """A stream for u and a stream for v, put together before two wide layers.

    ==================================  =============  ==========
    layer (size 28, 3 classes)          output         parameters
    ==================================  =============  ==========
    2 x convolution 5 x 5, pooling      2 x 6, 14, 14         312
    2 x convolution 5 x 5, pooling      2 x 16, 7, 7         4832
    linear, ReLU, dropout               1024              1606656
    linear, ReLU, dropout               1024              1049600
    linear                              3                    3075
    **all**                                               2664475
    ==================================  =============  ==========

    The survey repeats the 2.77 million of Liong et al. (2019, STSTNet, Table V), which these layers do not reach; a
    public re-implementation (Off-TANet, PRICAI 2021) counts 2.66 million as we do. The one in MEB, whose honest re-run
    we quote, is another network: one stream over both components, kernels of 3, one wide layer.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``flow``; uses u and v.
    size : int
        Height and width of the input, pixels.
    width : int
        Units of both wide layers.
    dropout : float
        After each wide layer.

    Raises
    ------
    InputError
        There is no such flow, or a value is out of its range.
    """

    streams = ("flow",)
    channels = ("u", "v")

    def __init__(self, sizes: Sizes, size: int = 28, width: int = 1024, dropout: float = 0.5) -> None:
        super().__init__()
        check_whole("off_apexnet", size=size, width=width)
        if size < 4:
            raise InputError(f"off_apexnet: size must be at least 4, got {size}; 28 is the paper's")
        self.input = FlowInput("off_apexnet", sizes, size, ("u", "v"))
        self.horizontal, self.vertical = FlowStream(), FlowStream()
        self.first = nn.Linear(2 * FILTERS[1] * (size // 4) ** 2, width)
        self.second = nn.Linear(width, width)
        self.drop_first, self.drop_second = ReluDropout(dropout), ReluDropout(dropout)
        self.classifier = nn.Linear(width, sizes.n_classes)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, K) of ``batch["flow"]`` (B, C, H, W)."""
        u, v = self.input(batch["flow"]).split(1, 1)
        x = torch.cat([self.horizontal(u), self.vertical(v)], 1)
        x = self.drop_first(self.first(x))
        x = self.drop_second(self.second(x))
        return self.classifier(x)
