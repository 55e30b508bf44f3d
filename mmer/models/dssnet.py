"""DSSN and SSSN: a pair of truncated AlexNets, or one (Khor, See, Liong, Phan & Lin, 2019, ICIP, 36-40)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.dropout import Dropout
from mmer.models.flow_input import FlowInput
from mmer.models.graph_input import check_choice, check_whole
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

INPUTS = ("magnitude_and_strain", "magnitude", "strain")


def local_response(x: Tensor) -> Tensor:
    """Divide by the activity of five neighbouring channels (Krizhevsky et al., 2012, NeurIPS, section 3.3).

    Written out because torch's layer divides the sum by the number of channels, and pools in five dimensions.
    """
    channels = x.shape[1]
    square = F.pad(x.square(), (0, 0, 0, 0, 2, 2))
    activity = sum(square[:, shift : shift + channels] for shift in range(5))
    return x / (2 + 1e-4 * activity) ** 0.75


class TruncatedAlexnet(nn.Module):
    """The first two convolutions of AlexNet.

    Parameters
    ----------
    width : int
        Filters of the first convolution, even; AlexNet has 96. The second has 8 / 3 of them: 256.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.channels = 2 * (width * 4 // 3)
        self.first = nn.Conv2d(3, width, 11, stride=4)
        self.second = nn.Conv2d(width, self.channels, 5, padding=2, groups=2)
        for layer in (self.first, self.second):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, channels, h, h) of the one channel ``x`` (B, 1, H, H)."""
        x = torch.relu(self.first(x.expand(-1, 3, -1, -1)))
        x = local_response(F.max_pool2d(x, 3, 2))
        return local_response(F.max_pool2d(torch.relu(self.second(x)), 3, 2))


class Dssnet(nn.Module):
    """A truncated AlexNet over the magnitude of the flow and one over its strain, multiplied and classified.

    ============================================  =================  ==========
    layer (size 227, 5 classes, as published)     output             parameters
    ============================================  =================  ==========
    2 x convolution 11 x 11, stride 4, pooling    2 x 96, 27, 27          69888
    2 x convolution 5 x 5, 2 groups, pooling      2 x 256, 13, 13        614912
    product, dropout                              256, 13, 13
    linear                                        5                      216325
    **all**                                                              901125
    ============================================  =================  ==========

    With ``inputs: magnitude`` it is the paper's SSSN: 558725. The survey has 0.97 and 0.63 million: the authors'
    program pads the 13 x 13 features by a ring of zeros before the linear layer, whose 14336 weights per class never
    see anything but 0. With them the counts are 972805 and 630405; without them the function is the same. With 3
    classes ours are 814595 and 472195.

    The paper starts from ImageNet weights, which we do not have: ours are drawn (He et al., 2015, ICCV). Its images
    have three channels; ours are three copies of the one map. A scaler that standardises u and v apart makes the
    magnitude one in units of their spreads.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``flow`` (3, H, W): u, v, strain. The magnitude is derived from u and v.
    size : int
        Height and width of the input, pixels.
    inputs : str
        ``magnitude_and_strain`` (DSSN), ``magnitude`` or ``strain`` (SSSN).
    width : int
        Filters of the first convolution, a multiple of 6.
    dropout : float
        Before the classifier.

    Raises
    ------
    InputError
        There is no such flow, or a value is out of its range.
    """

    streams = ("flow",)
    channels = ("u", "v", "strain")

    def __init__(
        self,
        sizes: Sizes,
        size: int = 227,
        inputs: str = "magnitude_and_strain",
        width: int = 96,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        check_whole("dssnet", size=size, width=width)
        check_choice("dssnet", "inputs", inputs, INPUTS)
        if width % 6:
            raise InputError(f"dssnet: width must be a multiple of 6, got {width}; AlexNet has 96")
        edge = ((size - 11) // 4 - 2) // 2 + 1
        edge = (edge - 3) // 2 + 1
        if size < 11 or edge < 1:
            raise InputError(f"dssnet: size {size} leaves nothing after the pooling; 227 is the paper's, 35 the least")
        self.input = FlowInput("dssnet", sizes, size, tuple(inputs.split("_and_")))
        self.trunks = nn.ModuleList(TruncatedAlexnet(width) for _ in self.input.channels)
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(self.trunks[0].channels * edge**2, sizes.n_classes)
        nn.init.kaiming_normal_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, K) of ``batch["flow"]`` (B, C, H, W)."""
        maps = self.input(batch["flow"]).split(1, 1)
        features = [trunk(one) for trunk, one in zip(self.trunks, maps, strict=True)]
        product = features[0] if len(features) == 1 else features[0] * features[1]
        return self.classifier(self.dropout(product.flatten(1)))
