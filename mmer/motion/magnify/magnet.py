"""The network of learning-based magnification: encoder, manipulator, decoder.

Oh, Jaroensri et al., 2018, "Learning-based Video Motion Magnification", ECCV.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmer.types.errors import InputError

MANIPULATORS = ("nonlinear", "linear")


class MagNet(nn.Module):
    """Separate a picture into texture and shape, change the shape, and draw the picture again.

    Two sizes, for grey pictures of 128 x 128; no layer has a bias or a normalisation (code):

    ===========================================  ============  =======  ============  ==========
    layer                                        width 16, 3   weights  width 32, 9   weights
    ===========================================  ============  =======  ============  ==========
    *encoder*
    convolution 7 x 7, ReLU                      (8, 128²)         392  (16, 128²)           784
    convolution 3 x 3 of stride 2, ReLU          (16, 64²)        1152  (32, 64²)           4608
    3 residual blocks                            (16, 64²)       13824  (32, 64²)          55296
    texture: convolution of stride 2, ReLU       (16, 32²)        2304  (32, 32²)           9216
    texture: 2 residual blocks                   (16, 32²)        9216  (32, 32²)          36864
    shape: 2 residual blocks                     (16, 64²)        9216  (32, 64²)          36864
    *manipulator*, nonlinear
    g: convolution 7 x 7, ReLU                   (16, 64²)       12544  (32, 64²)          50176
    h: convolution 3 x 3                         (16, 64²)        2304  (32, 64²)           9216
    h: 1 residual block                          (16, 64²)        4608  (32, 64²)          18432
    *decoder*
    texture: twice as large, convolution, ReLU   (16, 64²)        2304  (32, 64²)           9216
    3 (ours) or 9 (code) residual blocks         (32, 64²)       55296  (64, 64²)         663552
    twice as large, convolution 3 x 3, ReLU      (16, 128²)       4608  (32, 128²)         18432
    convolution 7 x 7                            (1, 128²)         784  (1, 128²)           1568
    **all**                                                     118552                    914224
    ===========================================  ============  =======  ============  ==========

    The paper gives no count. Widths and blocks on the right are those of the released configuration; its pictures have
    three channels, which adds 1568 weights to the first layer and 3136 to the last: 918928. The small size is ours.

    Parameters
    ----------
    width : int
        Channels of the encoder, of texture and of shape; even.
    decoder_blocks : int
    manipulator : str
        ``nonlinear``: shape + h((alpha - 1) g(change)) (code; the paper's text adds to the shape of the first frame);
        ``linear``: shape + (alpha - 1) change.
    """

    def __init__(self, width: int = 16, decoder_blocks: int = 3, manipulator: str = "nonlinear") -> None:
        super().__init__()
        if width < 2 or width % 2 or decoder_blocks < 1 or manipulator not in MANIPULATORS:
            raise InputError(
                f"MagNet: width must be even, decoder_blocks at least 1 and manipulator one of {MANIPULATORS}; got "
                f"{width}, {decoder_blocks} and {manipulator!r}"
            )
        self.common = nn.Sequential(
            Reflected(1, width // 2, 7), nn.ReLU(), Reflected(width // 2, width, 3, 2), nn.ReLU(), *_blocks(width, 3)
        )
        self.to_texture = nn.Sequential(Reflected(width, width, 3, 2), nn.ReLU(), *_blocks(width, 2))
        self.to_shape = nn.Sequential(*_blocks(width, 2))
        self.before = self.after = None
        if manipulator == "nonlinear":
            self.before = nn.Sequential(Reflected(width, width, 7), nn.ReLU())
            self.after = nn.Sequential(Reflected(width, width, 3), *_blocks(width, 1))
        self.from_texture = nn.Sequential(nn.Upsample(scale_factor=2), Reflected(width, width, 3), nn.ReLU())
        self.decoder = nn.Sequential(
            *_blocks(2 * width, decoder_blocks),
            nn.Upsample(scale_factor=2),
            Reflected(2 * width, width, 3),
            nn.ReLU(),
            Reflected(width, 1, 7),
        )

    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return texture (B, C, H/4, W/4) and shape (B, C, H/2, W/2) of pictures (B, 1, H, W) in 0..1."""
        common = self.common(2 * pictures - 1)
        return self.to_texture(common), self.to_shape(common)

    def manipulate(self, shape: Tensor, change: Tensor, alpha: Tensor) -> Tensor:
        """Return the magnified shape.

        Parameters
        ----------
        shape : Tensor of shape (B, C, h, w)
        change : Tensor of shape (B, C, h, w)
            The shape less that of the onset, filtered in time or as it is.
        alpha : Tensor of shape (B,)
            1 leaves the shape as it is.
        """
        more = (alpha - 1).view(-1, 1, 1, 1)
        return shape + (more * change if self.before is None else self.after(more * self.before(change)))

    def decode(self, texture: Tensor, shape: Tensor) -> Tensor:
        """Draw pictures (B, 1, H, W) in 0..1 (not clipped)."""
        return (self.decoder(torch.cat([self.from_texture(texture), shape], 1)) + 1) / 2

    def forward(self, first: Tensor, second: Tensor, alpha: Tensor) -> Tensor:
        """Draw the second picture (B, 1, H, W) as if its motion since the first were alpha times as large."""
        _, still = self.encode(first)
        texture, shape = self.encode(second)
        return self.decode(texture, self.manipulate(shape, shape - still, alpha))


class Reflected(nn.Conv2d):
    """A convolution whose picture goes on as its mirror image, without bias."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, kernel // 2, bias=False, padding_mode="reflect")


class Block(nn.Module):
    """Two convolutions beside a direct way."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = Reflected(width, width, 3), Reflected(width, width, 3)

    def forward(self, picture: Tensor) -> Tensor:
        """Return a tensor of the same shape."""
        return picture + self.second(torch.relu(self.first(picture)))


def loss(
    network: MagNet,
    first: Tensor,
    second: Tensor,
    recoloured: Tensor,
    target: Tensor,
    alpha: Tensor,
    weight: float = 0.1,
) -> Tensor:
    """Return the paper's loss: the picture, and what must be the same texture or the same shape.

    Parameters
    ----------
    network : MagNet
    first, second : Tensor of shape (B, 1, H, W)
        Two pictures of one scene.
    recoloured : Tensor of shape (B, 1, H, W)
        The second with other brightness and contrast: another texture, the same shape.
    target : Tensor of shape (B, 1, H, W)
        The magnified second picture, with the brightness and contrast of ``recoloured``.
    alpha : Tensor of shape (B,)
    weight : float
        Of the terms on texture and shape (paper: .1).
    """
    count = len(first)
    textures, shapes = network.encode(torch.cat([first, second, recoloured, target]))
    still, moved, moved_again, magnified = textures.split(count)
    shape_first, shape_second, shape_again, _ = shapes.split(count)
    drawn = network.decode(moved_again, network.manipulate(shape_again, shape_again - shape_first, alpha))
    same = (
        functional.l1_loss(still, moved)
        + functional.l1_loss(moved_again, magnified)
        + functional.l1_loss(shape_second, shape_again)
    )
    return functional.l1_loss(drawn, target) + weight * same


def _blocks(width: int, count: int) -> list[Block]:
    return [Block(width) for _ in range(count)]
