"""TCN: dilated residual convolutions along a sequence (Bai, Kolter & Koltun, 2018, arXiv 1803.01271)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.dropout import ReluDropout


class SequenceConv(nn.Module):
    """A dilated convolution that keeps the length, with weight normalisation (Salimans & Kingma, 2016, NeurIPS).

    The normalisation is written out because torch's parametrisation cannot be pickled.

    Parameters
    ----------
    channels_in, channels_out, kernel, dilation : int
    causal : bool
        Whether an element sees only those before it; else it is in the middle of what it sees.
    weight_norm : bool
        Whether length and direction of every filter are separate parameters.
    """

    def __init__(
        self, channels_in: int, channels_out: int, kernel: int, dilation: int, causal: bool, weight_norm: bool
    ) -> None:
        super().__init__()
        start = nn.Conv1d(channels_in, channels_out, kernel)
        self.direction = nn.Parameter(start.weight.detach().clone())
        self.bias = nn.Parameter(start.bias.detach().clone())
        self.length = nn.Parameter(_length(self.direction).detach().clone()) if weight_norm else None
        reach = (kernel - 1) * dilation
        self.padding = (reach, 0) if causal else (reach // 2, reach - reach // 2)
        self.dilation = dilation

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, channels_out, L) of ``x`` (B, channels_in, L)."""
        weight = self.direction
        if self.length is not None:
            weight = weight * (self.length / _length(weight))
        return F.conv1d(F.pad(x, self.padding), weight, self.bias, dilation=self.dilation)


def _length(weight: Tensor) -> Tensor:
    """Euclidean length of every filter, (channels_out, 1, 1)."""
    return weight.square().sum((1, 2), keepdim=True).sqrt()


class Block(nn.Module):
    """[convolution, ReLU, dropout] twice, beside a skip connection."""

    def __init__(self, width: int, kernel: int, dilation: int, dropout: float, causal: bool, weight_norm: bool) -> None:
        super().__init__()
        self.first = SequenceConv(width, width, kernel, dilation, causal, weight_norm)
        self.second = SequenceConv(width, width, kernel, dilation, causal, weight_norm)
        self.drop_first, self.drop_second = ReluDropout(dropout), ReluDropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, width, L) of ``x`` (B, width, L)."""
        inner = self.drop_first(self.first(x))
        inner = self.drop_second(self.second(inner))
        return torch.relu(x + inner)


class Tcn(nn.Sequential):
    """Blocks whose dilation doubles: 1, 2, 4, ...; an element sees 2 (kernel - 1) (2^blocks - 1) others.

    Parameters
    ----------
    width : int
        Channels in, inside and out.
    blocks, kernel : int
    dropout : float
    causal, weight_norm : bool
        See ``SequenceConv``.
    """

    def __init__(self, width: int, blocks: int, kernel: int, dropout: float, causal: bool, weight_norm: bool) -> None:
        super().__init__(*(Block(width, kernel, 2**level, dropout, causal, weight_norm) for level in range(blocks)))
