"""ResNet-18 as timm has it: the general image network that a special one has to beat (He et al., 2016, CVPR)."""

import timm
from torch import Tensor, nn

from mmer.models.batch_norm import BatchNorm2d
from mmer.models.flow_input import FlowInput
from mmer.models.graph_input import check_whole
from mmer.types.samples import Sizes


class Resnet18(nn.Module):
    """``timm.models.resnet18`` over (u, v, strain), untrained, with batch normalisation that ignores padding.

    ====================================  ==========
    layer (width 64, 3 classes)           parameters
    ====================================  ==========
    convolution 7 x 7, normalisation            9536
    4 stages of 2 blocks                    11166976
    linear                                      1539
    **all**                                 11178051
    ====================================  ==========

    The survey's table has no figure. MEB, whose setting the recipe is, starts from ImageNet weights; ours are drawn by
    timm.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``flow`` (3, H, W): u, v, strain.
    size : int
        Height and width of the input, pixels.
    width : int
        Channels of the first stage; each further stage doubles them.

    Raises
    ------
    InputError
        There is no such flow, or a value is out of its range.
    """

    streams = ("flow",)
    channels = ("u", "v", "strain")

    def __init__(self, sizes: Sizes, size: int = 112, width: int = 64) -> None:
        super().__init__()
        check_whole("resnet18", size=size, width=width)
        self.input = FlowInput("resnet18", sizes, size, ("u", "v", "strain"))
        self.network = timm.models.resnet18(
            pretrained=False,
            num_classes=sizes.n_classes,
            in_chans=3,
            channels=tuple(width * 2**stage for stage in range(4)),
            norm_layer=BatchNorm2d,
        )
        self.classifier, self.network.fc = self.network.fc, nn.Identity()

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, K) of ``batch["flow"]`` (B, C, H, W)."""
        return self.classifier(self.network(self.input(batch["flow"])))
