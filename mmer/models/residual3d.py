"""3D residual network: two convolutions 3 x 3 x 3 beside a skip (Hara, Kataoka & Satoh, 2018, CVPR)."""

from torch import Tensor, nn

from mmer.models.batch_norm import BatchNorm3d
from mmer.models.graph_input import check_whole
from mmer.models.video_input import he_init


class Block(nn.Module):
    """Basic block of He et al. (2016, CVPR), with a third dimension.

    Parameters
    ----------
    channels, filters, stride : int
    """

    def __init__(self, channels: int, filters: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(
            nn.Conv3d(channels, filters, 3, stride, 1, bias=False), BatchNorm3d(filters), nn.ReLU()
        )
        self.conv2 = nn.Sequential(nn.Conv3d(filters, filters, 3, 1, 1, bias=False), BatchNorm3d(filters))
        self.relu = nn.ReLU()
        self.downsample = None
        if stride != 1 or channels != filters:
            self.downsample = nn.Sequential(nn.Conv3d(channels, filters, 1, stride, bias=False), BatchNorm3d(filters))

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, filters, T', H', W') of ``x`` (B, channels, T, H, W)."""
        skip = x if self.downsample is None else self.downsample(x)
        return self.relu(self.conv2(self.conv1(x)) + skip)


class Residual3d(nn.Module):
    """Stem 7 x 7 x 7 and a pooling, then stages of blocks; every stage but the first halves time and space.

    Stages are named as torchvision's ``VideoResNet``, to which it is equal with the stem of the paper.

    Parameters
    ----------
    model : str
        For the messages.
    width : int
        Channels of the stem and the first stage; each further stage doubles them.
    stages : int
        4 in the paper. Fewer leave more of small pictures.
    blocks : int
        In every stage; 2 with 4 stages is the 18-layer network.

    Attributes
    ----------
    channels : int
        Of the output.
    """

    def __init__(self, model: str, width: int = 64, stages: int = 4, blocks: int = 2) -> None:
        super().__init__()
        check_whole(model, width=width, stages=stages, blocks=blocks)
        self.stem = nn.Sequential(
            nn.Conv3d(1, width, 7, (1, 2, 2), 3, bias=False),
            BatchNorm3d(width),
            nn.ReLU(),
            nn.MaxPool3d(3, 2, 1),
        )
        self.stages = nn.Sequential()
        channels = width
        for stage in range(stages):
            layers = nn.Sequential()
            for block in range(blocks):
                layers.append(Block(channels, width * 2**stage, 2 if stage and not block else 1))
                channels = width * 2**stage
            self.stages.add_module(f"layer{stage + 1}", layers)
        self.channels = channels
        he_init(self)

    def forward(self, video: Tensor) -> Tensor:
        """Return (B, channels), the mean over time and space, of ``video`` (B, 1, T, H, W)."""
        return self.stages(self.stem(video)).mean((2, 3, 4))
