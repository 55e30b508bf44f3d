"""SSSNet: shallow single stream network (Varanka, Peng & Zhao, 2021, IS&T Electronic Imaging 33, 157)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.batch_norm import BatchNorm2d
from mmer.models.dropout import Dropout, ReluDropout
from mmer.models.flow_input import FlowInput
from mmer.models.graph_input import check_whole
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

FILTERS = (32, 64)


class ChannelDropout(Dropout):
    """Drop whole channels of a clip (Tompson et al., 2015, CVPR; torch's ``Dropout2d``)."""

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` (B, C, H, W) with channels dropped; ``x`` itself when evaluating."""
        return x * super().forward(x.new_ones(*x.shape[:2], 1, 1)) if self.training else x


class Sssnet(nn.Module):
    """Two convolutions and two linear layers over (u, v, strain).

    ==============================================  ==========  ==========
    layer (size 64, 3 classes)                      output      parameters
    ==============================================  ==========  ==========
    convolution 5 x 5, ReLU, max pooling 3 x 3      32, 20, 20        2432
    batch normalisation, dropout of channels        32, 20, 20          64
    convolution 3 x 3, ReLU, max pooling 2 x 2      64, 9, 9         18496
    batch normalisation, dropout of channels        64, 9, 9           128
    linear, ReLU, dropout                           256            1327360
    linear                                          3                  771
    **all**                                                        1349251
    ==============================================  ==========  ==========

    The name is easily confused: the 0.63 million of the survey are the SSSN of Khor et al. (2019), a truncated AlexNet;
    that is one stream of ``mmer.models.dssnet``. The re-run of MEB is this network, trained with a softmax before the
    cross-entropy; ours returns logits.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``flow`` (3, H, W): u, v, strain.
    size : int
        Height and width of the input, pixels.
    width : int
        Units of the hidden linear layer.
    dropout : float
        In all three places.

    Raises
    ------
    InputError
        There is no such flow, or a value is out of its range.
    """

    streams = ("flow",)
    channels = ("u", "v", "strain")

    def __init__(self, sizes: Sizes, size: int = 64, width: int = 256, dropout: float = 0.5) -> None:
        super().__init__()
        check_whole("sssnet", size=size, width=width)
        self.input = FlowInput("sssnet", sizes, size, ("u", "v", "strain"))
        edge = ((size - 4) // 3 - 2) // 2
        if edge < 1:
            raise InputError(f"sssnet: size {size} leaves nothing after the pooling; 64 is the paper's")
        self.first = nn.Conv2d(3, FILTERS[0], 5)
        self.norm_first, self.drop_first = BatchNorm2d(FILTERS[0]), ChannelDropout(dropout)
        self.second = nn.Conv2d(FILTERS[0], FILTERS[1], 3)
        self.norm_second, self.drop_second = BatchNorm2d(FILTERS[1]), ChannelDropout(dropout)
        self.hidden, self.drop_hidden = nn.Linear(FILTERS[1] * edge**2, width), ReluDropout(dropout)
        self.classifier = nn.Linear(width, sizes.n_classes)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, K) of ``batch["flow"]`` (B, C, H, W)."""
        x = F.max_pool2d(torch.relu(self.first(self.input(batch["flow"]))), 3)
        x = self.drop_first(self.norm_first(x))
        x = F.max_pool2d(torch.relu(self.second(x)), 2)
        x = self.drop_second(self.norm_second(x)).flatten(1)
        return self.classifier(self.drop_hidden(self.hidden(x)))
