"""STSTNet: shallow triple stream three-dimensional CNN (Liong, Gan, See, Khor & Huang, 2019, FG; arXiv 1902.03634)."""

import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.batch_norm import BatchNorm2d
from mmer.models.dropout import Dropout
from mmer.models.flow_input import FlowInput
from mmer.models.graph_input import check_whole
from mmer.models.norm_pool import relu_norm_pool
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

FILTERS = (3, 5, 8)


class Ststnet(nn.Module):
    """Three shallow streams of 3, 5 and 8 filters over (u, v, strain), pooled and classified.

    The streams see the same input and differ only in the number of filters, and all that follows until the classifier
    works per channel: they are computed as one stream of 16 filters, which is the same function with the same
    parameters.

    ==================================  ===========  ==========
    layer (size 28, 3 classes)          output       parameters
    ==================================  ===========  ==========
    convolution 3 x 3, 3 + 5 + 8        16, 28, 28          448
    ReLU, batch normalisation           16, 28, 28           32
    max pooling 3 x 3, stride 3         16, 10, 10
    dropout, mean pooling 2 x 2         16, 5, 5
    linear                              3                  1203
    **all**                                                1683
    ==================================  ===========  ==========

    The paper says 1670 (the survey: 0.00167 million), which no count of these layers gives; without the batch
    normalisation, which the paper's table does not list, it is 1651. The normalisation and the dropout of 0.5 are those
    of the authors' program. It also pads the convolution by 2 where the paper's table has 1 ("same"); both end at
    5 x 5.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``flow`` (3, H, W): u, v, strain.
    size : int
        Height and width of the input, pixels.
    padding : int
        Of the convolution: 1 as in the paper, 2 as in the authors' program.
    dropout : float

    Raises
    ------
    InputError
        There is no such flow, or a value is out of its range.
    """

    streams = ("flow",)
    channels = ("u", "v", "strain")

    def __init__(self, sizes: Sizes, size: int = 28, padding: int = 1, dropout: float = 0.5) -> None:
        super().__init__()
        check_whole("ststnet", size=size)
        check_whole("ststnet", least=0, padding=padding)
        self.input = FlowInput("ststnet", sizes, size, ("u", "v", "strain"))
        edge = ((size + 2 * padding - 2 - 1) // 3 + 1) // 2
        if edge < 1:
            raise InputError(f"ststnet: size {size} leaves nothing after the pooling; 28 is the paper's")
        width = sum(FILTERS)
        self.convolution = nn.Conv2d(3, width, 3, padding=padding)
        self.norm = BatchNorm2d(width)
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(width * edge**2, sizes.n_classes)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, K) of ``batch["flow"]`` (B, C, H, W)."""
        x = self.dropout(relu_norm_pool(self.convolution(self.input(batch["flow"])), self.norm, size=3, padding=1))
        return self.classifier(F.avg_pool2d(x, 2).flatten(1))
