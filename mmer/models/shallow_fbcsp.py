"""ShallowFBCSPNet: learned bands and directions, squared and averaged (Schirrmeister et al., 2017, HBM 38, 5391)."""

from mmer.models.braindecode_net import BraindecodeNet
from mmer.models.graph_input import check_whole
from mmer.models.signal_input import raw_shape
from mmer.types.errors import InputError
from mmer.types.samples import Sizes


class ShallowFbcsp(BraindecodeNet):
    """The shallow network of braindecode: log band power of learned bands and learned directions.

    ==================================================  ==============  ==========
    layer (32 channels, 2 s at 128 Hz, 3 classes)       output          parameters
    ==================================================  ==============  ==========
    convolution over time, 40 of 13 (bias: no effect)   (40, 244, 32)          520
    convolution over channels, no bias                  (40, 244, 1)         51200
    norm                                                (40, 244, 1)            80
    square, mean of 38 every 8, log, dropout            (40, 26, 1)
    linear                                              3                     3123
    **all**                                                                  54923
    ==================================================  ==============  ==========

    Parameters
    ----------
    sizes : Sizes
        Needs the stream, of samples over time.
    stream : str
        Its name.
    filters : int
        Over time, and over channels.
    kernel_seconds, pool_seconds, stride_seconds : float
        Length of the kernels over time, of the means, and the way from one mean to the next. The paper's are 25, 75 and
        15 samples at 250 Hz.
    dropout : float

    Raises
    ------
    InputError
        There is no such stream, or its window is shorter than kernel and mean.
    """

    streams: tuple[str, ...] = ("{stream}",)

    def __init__(
        self,
        sizes: Sizes,
        stream: str = "eeg",
        filters: int = 40,
        kernel_seconds: float = 0.1,
        pool_seconds: float = 0.3,
        stride_seconds: float = 0.06,
        dropout: float = 0.5,
    ) -> None:
        super(BraindecodeNet, self).__init__()
        check_whole("shallow_fbcsp", filters=filters)
        _, samples, sfreq = raw_shape("shallow_fbcsp", sizes, stream)
        kernel, pool, stride = (round(value * sfreq) for value in (kernel_seconds, pool_seconds, stride_seconds))
        least = kernel + pool - 1
        if min(kernel, pool, stride) < 1 or samples < least:
            raise InputError(
                f"shallow_fbcsp: kernel, mean and stride are {kernel}, {pool} and {stride} samples at {sfreq:g} Hz, "
                f"and the stream {stream!r} has {samples} ({samples / sfreq:g} s); each must be 1 or more, and the "
                f"window at least {least} samples: take a longer one (`start`, `stop`), or other kernel_seconds, "
                "pool_seconds, stride_seconds"
            )
        options = {
            "n_filters_time": filters,
            "n_filters_spat": filters,
            "filter_time_length": kernel,
            "pool_time_length": pool,
            "pool_time_stride": stride,
        }
        self._make("shallow_fbcsp", sizes, stream, "ShallowFBCSPNet", dropout, options)
