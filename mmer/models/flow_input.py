"""What the flow networks ask of their input: which channels of the motion, at which size."""

import numpy as np
import torch
from torch import Tensor, nn

from mmer.types.errors import InputError
from mmer.types.samples import Sizes

STREAM_CHANNELS = ("u", "v", "strain")
DERIVED = ("magnitude",)


def flow_shape(model: str, sizes: Sizes) -> tuple[int, int, int]:
    """Return (C, H, W) of the stream ``flow``.

    Raises
    ------
    InputError
        There is no such stream, or it is empty.
    """
    if "flow" not in sizes.streams:
        raise InputError(
            f"{model}: needs the stream 'flow', but the samples have {sorted(sizes.streams)}; "
            "choose a motion for the datasets of this experiment"
        )
    shape = sizes.streams["flow"]
    if len(shape) != 3 or 0 in shape:
        raise InputError(f"{model}: the stream 'flow' must have shape (C, H, W) with no zero in it, got {shape}")
    return shape


class FlowInput(nn.Module):
    """Take the network's channels out of the flow and bring them to the network's size.

    The stream ``flow`` is (B, C, H, W) with the channels u, v and strain in this order. ``magnitude`` is derived:
    sqrt(u^2 + v^2). Shrinking is the mean over the covered area, enlarging is bilinear; a face of the right size is
    left as it is. Values are not rescaled: they stay displacements in pixels of the aligned face (or what a scaler made
    of them).

    The layer has no parameter, and what already has the network's shape passes unchanged: a trainer may apply the layer
    once to all clips instead of once per step.

    Parameters
    ----------
    model : str
        For the messages.
    sizes : Sizes
        Needs the stream ``flow``.
    size : int
        Height and width that the network wants, pixels.
    channels : tuple of str
        Of u, v, strain, magnitude.

    Raises
    ------
    InputError
        There is no flow, or it lacks a channel.
    """

    def __init__(self, model: str, sizes: Sizes, size: int, channels: tuple[str, ...]) -> None:
        super().__init__()
        count, height, width = flow_shape(model, sizes)
        needed = 3 if "strain" in channels else 2
        if count < needed:
            raise InputError(
                f"{model}: needs the motion channels {', '.join(STREAM_CHANNELS[:needed])} in this order, but the "
                f"stream 'flow' has {count}; choose a motion that has them"
            )
        self.channels = channels
        self.shape = (len(channels), size, size)
        for name, source in (("rows", height), ("columns", width)):
            matrix = None if source == size else torch.from_numpy(resize_matrix(source, size)).float()
            self.register_buffer(name, matrix, persistent=False)

    def forward(self, flow: Tensor) -> Tensor:
        """Return (B, len(channels), size, size) of ``flow`` (B, C, H, W)."""
        if flow.shape[1:] == self.shape:
            return flow
        if self.channels == STREAM_CHANNELS[: len(self.channels)]:
            flow = flow[:, : len(self.channels)]
        else:
            flow = torch.cat([self._channel(flow, name) for name in self.channels], 1)
        if self.rows is not None:
            flow = self.rows.to(flow.dtype) @ flow
        if self.columns is not None:
            flow = flow @ self.columns.to(flow.dtype).T
        return flow

    def _channel(self, flow: Tensor, name: str) -> Tensor:
        """Return one channel, (B, 1, H, W)."""
        if name == "magnitude":
            return torch.linalg.vector_norm(flow[:, :2], dim=1, keepdim=True)  # where nothing moves, its gradient is 0
        place = STREAM_CHANNELS.index(name)
        return flow[:, place : place + 1]


def resize_matrix(source: int, target: int) -> np.ndarray:
    """Return the matrix (target, source) that resizes a line of ``source`` pixels; its rows sum to 1.

    Shrinking: every new pixel is the mean of the old ones it covers, weighted by how much of each it covers. Enlarging:
    linear between the centres of the two nearest pixels, the border repeated.
    """
    step = source / target
    if target < source:
        left = np.arange(target)[:, None] * step
        old = np.arange(source)[None]
        return np.clip(np.minimum(left + step, old + 1) - np.maximum(left, old), 0, None) / step
    centre = np.clip((np.arange(target) + 0.5) * step - 0.5, 0, source - 1)
    return np.clip(1 - np.abs(centre[:, None] - np.arange(source)[None]), 0, None)
