"""What the networks of recordings ask of their input: samples over time, or features of every channel."""

from mmer.types.errors import InputError
from mmer.types.samples import Sizes
from mmer.types.signal_window import SignalLayout


def signal_layout(model: str, sizes: Sizes, stream: str) -> SignalLayout:
    """Return what the axes of a stream of signals mean.

    Raises
    ------
    InputError
        There is no such stream, it is no signal, or it is empty.
    """
    if stream not in sizes.streams:
        raise InputError(
            f"{model}: needs the stream {stream!r}, but the samples have {sorted(sizes.streams)}; name it under "
            "`signals` of this experiment, or set the model's `stream` to one that is there"
        )
    if stream not in sizes.signals:
        raise InputError(
            f"{model}: the stream {stream!r} is no signal; set the model's `stream` to one of the experiment's "
            f"`signals`: {', '.join(sorted(sizes.signals)) or '(none)'}"
        )
    shape = sizes.streams[stream]
    if len(shape) != 2 or 0 in shape:
        raise InputError(f"{model}: the stream {stream!r} must have shape (C, S) or (C, F) with no zero, got {shape}")
    return sizes.signals[stream]


def raw_shape(model: str, sizes: Sizes, stream: str) -> tuple[int, int, float]:
    """Return channels, samples and samples per second of a stream over time.

    Raises
    ------
    InputError
        There is no such stream, or its last axis is features.
    """
    layout = signal_layout(model, sizes, stream)
    if layout.features:
        raise InputError(
            f"{model}: reads samples over time, but the stream {stream!r} holds the features "
            f"{', '.join(layout.features[:3])} ...; choose `dgcnn` or `signal_mlp` for it, or a signal of samples "
            "(eeg, ecg)"
        )
    return (*sizes.streams[stream], layout.sfreq)


def feature_shape(model: str, sizes: Sizes, stream: str) -> tuple[int, int]:
    """Return channels and features of a stream of features.

    Raises
    ------
    InputError
        There is no such stream, or its last axis is time.
    """
    if not signal_layout(model, sizes, stream).features:
        raise InputError(
            f"{model}: reads features, but the stream {stream!r} holds samples over time; choose `eegnet` or "
            "`signal_cnn` for it, or a signal of features (eeg_bands, heart)"
        )
    return sizes.streams[stream]
