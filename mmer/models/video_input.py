"""What the networks over videos ask of their input: aligned grey faces at so many moments, at one size."""

from torch import Tensor, nn

from mmer.models.graph_input import check_flag, check_whole
from mmer.types.errors import InputError
from mmer.types.samples import Sizes


class VideoInput(nn.Module):
    """Check that the clips have the network's frames and size; take the first frame off them if told.

    The stream ``video`` is (B, 1, T, H, W): T moments from onset to offset. Whoever makes it brings it to the keys
    ``frames`` and ``size`` of the model, so the layer resizes nothing.

    Parameters
    ----------
    model : str
        For the messages.
    sizes : Sizes
        Needs the stream ``video``.
    frames, size : int
        T, and H and W.
    onset_off : bool
        Whether every frame is the difference to the first. A face is the same in all frames of a clip but for what
        moves, and a small network on few clips learns whose face it is.

    Raises
    ------
    InputError
        There is no video or it has another shape.
    """

    def __init__(self, model: str, sizes: Sizes, frames: int, size: int, onset_off: bool = False) -> None:
        super().__init__()
        check_whole(model, least=2, frames=frames)
        check_whole(model, size=size)
        check_flag(model, onset_off=onset_off)
        if "video" not in sizes.streams:
            raise InputError(
                f"{model}: needs the stream 'video', but the samples have {sorted(sizes.streams)}; set `n_frames` of "
                "the motion of this experiment's datasets"
            )
        if sizes.streams["video"] != (1, frames, size, size):
            raise InputError(
                f"{model}: the stream 'video' must have shape (1, frames, size, size) = {(1, frames, size, size)}, got "
                f"{sizes.streams['video']}; its keys `frames` and `size` say what clips are brought to"
            )
        self.onset_off = onset_off

    def forward(self, video: Tensor) -> Tensor:
        """Return (B, 1, T, H, W)."""
        return video - video[:, :, :1] if self.onset_off else video


def he_init(model: nn.Module) -> None:
    """Start every convolution as He et al. (2015, ICCV), fan out; biases at 0."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Conv3d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
