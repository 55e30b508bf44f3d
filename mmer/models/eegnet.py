"""EEGNet: convolutions over time, channels and time again (Lawhern et al., 2018, J. Neural Engineering 15, 056013)."""

from mmer.models.braindecode_net import BraindecodeNet
from mmer.models.graph_input import check_whole
from mmer.models.signal_input import raw_shape
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

POOLS = (4, 8)  # samples; the paper's


class Eegnet(BraindecodeNet):
    """EEGNet-8,2 of braindecode with the paper's limits on norms.

    =================================================  ==============  ==========
    layer (32 channels, 2 s at 128 Hz, 3 classes)      output          parameters
    =================================================  ==============  ==========
    convolution over time, 8 of 64, no bias            (8, 32, 257)           512
    norm (its shift changes nothing)                   (8, 32, 257)             8
    convolution over channels, 2 for each, norm <= 1   (16, 1, 257)           512
    norm, ELU                                          (16, 1, 257)            32
    mean of 4, dropout                                 (16, 1, 64)
    convolution over time, 16 of 16 samples            (16, 1, 65)            256
    convolution of 1 x 1                               (16, 1, 65)            256
    norm, ELU                                          (16, 1, 65)             32
    mean of 8, dropout                                 (16, 1, 8)
    linear, norm of each class <= 0.25                 3                      387
    **all**                                                                  1995
    =================================================  ==============  ==========

    Parameters
    ----------
    sizes : Sizes
        Needs the stream, of samples over time.
    stream : str
        Its name.
    filters : int
        F1: kernels over time.
    depth : int
        D: kernels over channels for each of them. The last convolutions have F2 = F1 D.
    kernel_seconds : float
        Length of the first kernels; the paper's is half the sampling rate, .5 s, so that they hear 2 Hz and above.
    channel_norm, class_norm : float
        Greatest norm of a filter over channels, and of the weights of a class.
    dropout : float

    Raises
    ------
    InputError
        There is no such stream, or its window is shorter than the first kernels or than both means.
    """

    streams: tuple[str, ...] = ("{stream}",)

    def __init__(
        self,
        sizes: Sizes,
        stream: str = "eeg",
        filters: int = 8,
        depth: int = 2,
        kernel_seconds: float = 0.5,
        channel_norm: float = 1.0,
        class_norm: float = 0.25,
        dropout: float = 0.5,
    ) -> None:
        super(BraindecodeNet, self).__init__()
        check_whole("eegnet", filters=filters, depth=depth)
        for key, value in {"channel_norm": channel_norm, "class_norm": class_norm}.items():
            if not value > 0:
                raise InputError(f"eegnet: {key} must be a number above 0, got {value!r}")
        _, samples, sfreq = raw_shape("eegnet", sizes, stream)
        kernel = round(kernel_seconds * sfreq)
        least = max(kernel, POOLS[0] * POOLS[1])
        if kernel < 2 or samples < least:
            raise InputError(
                f"eegnet: kernel_seconds {kernel_seconds} is a kernel of {kernel} samples at {sfreq:g} Hz, and the "
                f"stream {stream!r} has {samples} ({samples / sfreq:g} s); it needs a kernel of 2 or more and at least "
                f"{least} samples: take a longer window (`start`, `stop` of the signal), a higher `sfreq`, or other "
                "kernel_seconds"
            )
        options = {
            "F1": filters,
            "D": depth,
            "F2": filters * depth,
            "kernel_length": kernel,
            "pool1_kernel_size": POOLS[0],
            "pool2_kernel_size": POOLS[1],
            "conv_spatial_max_norm": channel_norm,
            "final_layer_with_constraint": True,
            "norm_rate": class_norm,
        }
        self._make("eegnet", sizes, stream, "EEGNet", dropout, options)
