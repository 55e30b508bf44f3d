"""Signal CNN: convolutions over time for ECG, electrodermal activity, respiration and the like."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.models.batch_norm import BatchNorm1d
from mmer.models.dropout import Dropout
from mmer.models.graph_input import check_whole
from mmer.models.signal_input import raw_shape
from mmer.types.errors import InputError
from mmer.types.samples import Sizes


class SignalCnn(nn.Module):
    """Blocks of convolution, norm, ReLU and pooling over time; mean and greatest value of what is left.

    ==============================================  =========  ==========
    layer (1 channel, 10 s at 128 Hz, 3 classes)    output     parameters
    ==============================================  =========  ==========
    convolution of 7, no bias                       (16, 1280)        112
    norm, ReLU, greatest of 4                       (16, 320)          32
    convolution of 7, no bias                       (32, 320)        3584
    norm, ReLU, greatest of 4                       (32, 80)           64
    convolution of 7, no bias                       (64, 80)        14336
    norm, ReLU, greatest of 4                       (64, 20)          128
    mean and greatest over time, dropout            128
    linear                                          3                 387
    **all**                                                         18643
    ==============================================  =========  ==========

    From no paper: a small network of the usual kind. A beat of the heart is where it is in a window by chance, so
    nothing in it depends on the place.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream, of samples over time.
    stream : str
        Its name.
    width : int
        Maps of the first block; each further block has twice as many.
    blocks : int
    kernel : int
        Samples, odd.
    pool : int
        Samples of which the greatest is kept.
    dropout : float

    Raises
    ------
    InputError
        There is no such stream, its window leaves nothing after the last pooling, or a value is out of its range.
    """

    streams: tuple[str, ...] = ("{stream}",)

    def __init__(
        self,
        sizes: Sizes,
        stream: str = "ecg",
        width: int = 16,
        blocks: int = 3,
        kernel: int = 7,
        pool: int = 4,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        check_whole("signal_cnn", width=width, blocks=blocks, kernel=kernel, pool=pool)
        channels, samples, sfreq = raw_shape("signal_cnn", sizes, stream)
        if kernel % 2 == 0:
            raise InputError(f"signal_cnn: kernel must be an odd number of samples, got {kernel}")
        if samples < pool**blocks:
            raise InputError(
                f"signal_cnn: {blocks} blocks with pool {pool} need {pool**blocks} samples, and the stream "
                f"{stream!r} has {samples} ({samples / sfreq:g} s at {sfreq:g} Hz); take a longer window, a higher "
                "`sfreq`, or fewer `blocks`"
            )
        self.stream, self.streams, self.pool = stream, (stream,), pool
        widths = [channels, *(width * 2**i for i in range(blocks))]
        self.convolutions = nn.ModuleList(
            nn.Conv1d(before, after, kernel, padding=kernel // 2, bias=False) for before, after in pairwise(widths)
        )
        self.norms = nn.ModuleList(BatchNorm1d(after) for after in widths[1:])
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(2 * widths[-1], sizes.n_classes)

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, K) of the stream (B, C, S)."""
        x = batch[self.stream]
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = F.max_pool1d(torch.relu(norm(convolution(x))), self.pool)
        return self.classifier(self.dropout(torch.cat([x.mean(-1), x.amax(-1)], -1)))
