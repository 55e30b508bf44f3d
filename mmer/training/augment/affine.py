"""Rotation, change of size and shift: what imperfect alignment does to a face, and to the motion on it."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from mmer.training.augment.layout import Layout


@dataclass(frozen=True)
class Affine:
    """A similarity transform per clip: p -> zoom * rotation p + shift, about the centre of the picture.

    Parameters
    ----------
    angle : Tensor of shape (K, B)
        Radians; from the x axis (right) towards the y axis (down).
    zoom : Tensor of shape (K, B)
    shift : Tensor of shape (K, B, 2)
        To the right and down, as a share of the picture's width.
    """

    angle: Tensor
    zoom: Tensor
    shift: Tensor

    @classmethod
    def drawn(cls, draws: Tensor, rotate: float, scale: float, translate: float) -> "Affine":
        """Turn numbers drawn evenly from 0..1, (K, B, 4), into transforms; see ``Augment`` for the limits."""
        even = 2 * draws - 1
        return cls(math.radians(rotate) * even[..., 0], 1 + scale * even[..., 1], translate * even[..., 2:])

    def turned(self, x: Tensor, y: Tensor, zoomed: bool) -> tuple[Tensor, Tensor]:
        """Return the vectors with components x and y, (K, B, ...), turned, and made longer with the face."""
        cos, sin = self.angle.cos(), self.angle.sin()
        if zoomed:
            cos, sin = self.zoom * cos, self.zoom * sin
        cos, sin = (item.view(*item.shape, *[1] * (x.ndim - 2)).to(x.dtype) for item in (cos, sin))
        return cos * x - sin * y, sin * x + cos * y

    def without_turn(self) -> "Affine":
        """Return the same change of size and shift alone."""
        return Affine(torch.zeros_like(self.angle), self.zoom, self.shift)


def move(values: Tensor, layout: Layout, affine: Affine) -> Tensor:
    """Move the face in the pictures of a stream, and turn its vectors with it.

    Pictures are interpolated bilinearly, their borders repeated. The patches of a graph follow their nodes, so they are
    turned and zoomed about their own centre and not shifted. Strain is the same in any frame of reference and for any
    unit of length, so only its place changes.

    Parameters
    ----------
    values : Tensor of shape (K, B, ...)
        A stream, in its own units.
    layout : Layout
    affine : Affine
    """
    if not layout.turns:
        return _moved(values, layout, affine.without_turn())
    moved = _moved(values, layout, affine)
    if layout.still is None:
        return moved
    return torch.where(layout.still, _moved(values, layout, affine.without_turn()), moved)


def _moved(values: Tensor, layout: Layout, affine: Affine) -> Tensor:
    """Move all pictures, and turn all vectors, of a stream."""
    if layout.channels:
        pictures = _resampled(layout.pictures(values), affine, shifted=layout.stream != "graph")
        if "u" in layout.channels and "v" in layout.channels:
            u, v = layout.channels.index("u"), layout.channels.index("v")
            pictures[:, :, :, u], pictures[:, :, :, v] = affine.turned(pictures[:, :, :, u], pictures[:, :, :, v], True)
        values = layout.with_pictures(values, pictures)
    for x, y, pixels in layout.vectors:
        both = torch.stack(affine.turned(values[..., x], values[..., y], pixels), -1)
        values = values.index_copy(values.ndim - 1, torch.tensor([x, y], device=values.device), both)
    return values


def _resampled(pictures: Tensor, affine: Affine, shifted: bool) -> Tensor:
    """Return pictures (K, B, X, C, H, W) with the face moved."""
    height, width = pictures.shape[-2:]
    row = torch.arange(height, dtype=affine.angle.dtype, device=pictures.device)[:, None] - (height - 1) / 2
    column = torch.arange(width, dtype=affine.angle.dtype, device=pictures.device) - (width - 1) / 2
    angle, zoom, shift = affine.angle.flatten(), affine.zoom.flatten(), affine.shift.flatten(0, 1) * width * shifted
    x, y = column - shift[:, :1, None], row - shift[:, 1:, None]  # (K * B, 1, W) and (K * B, H, 1)
    cos, sin = (value[:, None, None] for value in (angle.cos() / zoom, angle.sin() / zoom))
    # Where each pixel comes from; grid_sample counts half pictures from the centre.
    source = torch.stack([2 / width * (cos * x + sin * y), 2 / height * (cos * y - sin * x)], -1).to(pictures.dtype)
    flat = pictures.reshape(len(source), -1, height, width)
    moved = F.grid_sample(flat, source, mode="bilinear", padding_mode="border", align_corners=False)
    return moved.view(pictures.shape)
