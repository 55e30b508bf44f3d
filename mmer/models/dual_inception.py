"""Dual-Inception: two streams of inception blocks over u and v (Zhou, Mao & Xue, 2019, IEEE FG)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.flow_input import FlowInput
from mmer.models.graph_input import check_whole
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

FILTERS = (6, 16)


class InceptionBlock(nn.Module):
    """Kernels 1, 3 and 5 and a pooled path side by side, then max pooling 2 x 2 (Szegedy et al., 2015, CVPR).

    Parameters
    ----------
    channels, filters : int
        Channels in, and filters of each of the four paths.
    """

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(channels, filters, 1)
        self.before_three, self.three = nn.Conv2d(channels, filters, 1), nn.Conv2d(filters, filters, 3, padding=1)
        self.before_five, self.five = nn.Conv2d(channels, filters, 1), nn.Conv2d(filters, filters, 5, padding=2)
        self.pooled = nn.Conv2d(channels, filters, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, 4 * filters, H // 2, W // 2) of ``x`` (B, channels, H, W)."""
        paths = [
            self.one(x),
            self.three(torch.relu(self.before_three(x))),
            self.five(torch.relu(self.before_five(x))),
            self.pooled(F.max_pool2d(x, 3, 1, padding=1)),
        ]
        return F.max_pool2d(torch.relu(torch.cat(paths, 1)), 2)


class DualInception(nn.Module):
    """Two inception blocks over u and two over v, put together before a wide layer.

    ==================================  ==============  ==========
    layer (size 28, 3 classes)          output          parameters
    ==================================  ==============  ==========
    2 x inception block, 6 filters      2 x 24, 14, 14        2568
    2 x inception block, 16 filters     2 x 64, 7, 7         20672
    linear, ReLU                        1024               6423552
    linear                              3                     3075
    **all**                                                6449867
    ==================================  ==============  ==========

    Neither the paper nor the survey counts; a public re-implementation (Off-TANet, PRICAI 2021) says 6.45 million. The
    authors' program reads each component from an image with three channels, which are copies, and so has 96 more.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream ``flow``; uses u and v.
    size : int
        Height and width of the input, pixels.
    width : int
        Units of the wide layer.

    Raises
    ------
    InputError
        There is no such flow, or a value is out of its range.
    """

    streams = ("flow",)
    channels = ("u", "v")

    def __init__(self, sizes: Sizes, size: int = 28, width: int = 1024) -> None:
        super().__init__()
        check_whole("dual_inception", size=size, width=width)
        if size < 4:
            raise InputError(f"dual_inception: size must be at least 4, got {size}; 28 is the paper's")
        self.input = FlowInput("dual_inception", sizes, size, ("u", "v"))
        self.horizontal, self.vertical = (
            nn.Sequential(InceptionBlock(1, FILTERS[0]), InceptionBlock(4 * FILTERS[0], FILTERS[1])) for _ in range(2)
        )
        self.hidden = nn.Linear(2 * 4 * FILTERS[1] * (size // 4) ** 2, width)
        self.classifier = nn.Linear(width, sizes.n_classes)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, K) of ``batch["flow"]`` (B, C, H, W)."""
        u, v = self.input(batch["flow"]).split(1, 1)
        x = torch.cat([self.horizontal(u).flatten(1), self.vertical(v).flatten(1)], 1)
        return self.classifier(torch.relu(self.hidden(x)))
