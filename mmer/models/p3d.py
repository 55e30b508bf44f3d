"""Pseudo-3D residual network: a convolution in space and one in time, not one in both (Qiu, Yao & Mei, 2017, ICCV).

The layout is that of P3D-63 in the program of Wang et al. (2024, ICASSP), who took it from a public re-implementation.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.batch_norm import BatchNorm2d, BatchNorm3d
from mmer.models.graph_input import check_whole
from mmer.models.video_input import he_init
from mmer.types.errors import InputError

EXPANSION = 4  # a block gives this many times the channels that its inner layers have
VARIANTS = "ABC"


class Bottleneck(nn.Module):
    """1 x 1 x 1, then S (1 x 3 x 3) and T (3 x 1 x 1), then 1 x 1 x 1, beside a skip; normalised and ReLU after each.

    Variant A: T of S. B: S + T, both of the same. C: S + T of S. Without time (the last stage) only S is left.

    Parameters
    ----------
    channels, filters : int
        Channels in, and of the inner layers.
    stride : int
        In space.
    variant : str
        ``A``, ``B``, ``C``, or ``2D``.
    """

    def __init__(self, channels: int, filters: int, stride: int, variant: str) -> None:
        super().__init__()
        self.variant = variant
        if variant == "2D":
            conv, norm, step, space, pad = nn.Conv2d, BatchNorm2d, stride, 3, 1
        else:
            conv, norm, step, space, pad = nn.Conv3d, BatchNorm3d, (1, stride, stride), (1, 3, 3), (0, 1, 1)
            self.time = nn.Sequential(conv(filters, filters, (3, 1, 1), 1, (1, 0, 0), bias=False), norm(filters))
        out = EXPANSION * filters
        self.reduce = nn.Sequential(conv(channels, filters, 1, step, bias=False), norm(filters))
        self.space = nn.Sequential(conv(filters, filters, space, 1, pad, bias=False), norm(filters))
        self.expand = nn.Sequential(conv(filters, out, 1, bias=False), norm(out))
        self.skip = None
        if stride != 1 or channels != out:
            self.skip = nn.Sequential(conv(channels, out, 1, step, bias=False), norm(out))

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, 4 * filters, T, H', W') of ``x`` (B, channels, T, H, W); without T where there is no time."""
        inner = torch.relu(self.reduce(x))
        seen = torch.relu(self.space(inner))
        if self.variant == "A":
            seen = torch.relu(self.time(seen))
        elif self.variant == "B":
            seen = seen + torch.relu(self.time(inner))
        elif self.variant == "C":
            seen = seen + torch.relu(self.time(seen))
        return torch.relu(self.expand(seen) + (x if self.skip is None else self.skip(x)))


class P3d(nn.Module):
    """Stem 1 x 7 x 7, three stages of pseudo-3D blocks whose variants go A, B, C, A, ..., and a stage in space alone.

    The stem's pooling and each pseudo-3D stage halve time while there are two moments left; what is left of time after
    them is averaged (16 frames leave one; the program would mix moments with channels). Every stage but the first
    halves space.

    Parameters
    ----------
    model : str
        For the messages.
    width : int
        Channels of the stem and of the first stage's inner layers; each further stage doubles them. 64.
    blocks : tuple of int
        Blocks of every stage. (3, 4, 6, 3) is P3D-63. All but the last stage see time.

    Attributes
    ----------
    channels : int
        Of the output.

    Raises
    ------
    InputError
        A value is out of its range.
    """

    def __init__(self, model: str, width: int = 64, blocks: tuple[int, ...] = (3, 4, 6, 3)) -> None:
        super().__init__()
        check_whole(model, width=width)
        blocks = tuple(blocks)
        if len(blocks) < 2:
            raise InputError(
                f"{model}: stages must count the blocks of two stages or more, e.g. [3, 4, 6, 3], got {blocks}"
            )
        for count in blocks:
            check_whole(model, blocks=count)
        self.stem = nn.Sequential(nn.Conv3d(1, width, (1, 7, 7), (1, 2, 2), (0, 3, 3), bias=False), BatchNorm3d(width))
        self.stages = nn.ModuleList()
        channels, before = width, 0
        for stage, count in enumerate(blocks):
            layers = nn.Sequential()
            for block in range(count):
                variant = "2D" if stage == len(blocks) - 1 else VARIANTS[before % 3]
                layers.append(Bottleneck(channels, width * 2**stage, 2 if stage and not block else 1, variant))
                channels, before = EXPANSION * width * 2**stage, before + 1
            self.stages.append(layers)
        self.channels = channels
        he_init(self)

    def forward(self, video: Tensor) -> Tensor:
        """Return (B, channels), the mean over space, of ``video`` (B, 1, T, H, W)."""
        x = torch.relu(self.stem(video))
        x = F.max_pool3d(x, (min(2, x.shape[2]), 3, 3), 2, (0, 1, 1))
        *stages, last = self.stages
        for stage in stages:
            x = stage(x)
            if x.shape[2] > 1:
                x = F.max_pool3d(x, (2, 1, 1), (2, 1, 1))
        return last(x.mean(2)).mean((2, 3))
