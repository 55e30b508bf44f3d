"""Any network of braindecode by its name (Schirrmeister et al., 2017, Human Brain Mapping 38, 5391)."""

import inspect
import warnings
from typing import Any

import torch
from torch import Tensor, nn

from mmer.models.braindecode_import import networks
from mmer.models.braindecode_names import BROKEN, NETWORKS
from mmer.models.constrained import Constrained
from mmer.models.library_layers import idle_parameters, lay_still, make_stackable
from mmer.models.signal_input import raw_shape
from mmer.types.errors import InputError, nearest
from mmer.types.samples import Sizes

GIVEN = ("n_outputs", "n_chans", "chs_info", "n_times", "input_window_seconds", "sfreq")  # by the stream
PROBED = 8  # clips of noise that show which parameters change nothing
# What a network of the library raises where the window, or an option, does not fit it.
UNFIT = (ValueError, TypeError, RuntimeError, AssertionError, ArithmeticError, LookupError, AttributeError, UserWarning)
SHRUNK = (
    "n_times .* is smaller than the minimum required"  # some would make their kernels shorter, and be another network
)
HARMLESS = (
    "Parameter 'final_layer_with_constraint=False' is deprecated",  # of EEGNet, whose last layer is taken off
    "Creating the filter banks equally divided in the interval",  # of FBCNet and FBMSNet: their default
    "Using padding='same' with even kernel lengths",  # of torch: one more copy of the input
)

_idle: dict[tuple, tuple[str, ...]] = {}  # every fold makes the same network


class BraindecodeNet(nn.Module):
    """A network of braindecode without its last layer, and that layer: the same function, with our norms and dropout.

    =================================================  ==============  ==========
    layer (EEGNet, 32 channels, 2 s at 128 Hz)         output          parameters
    =================================================  ==============  ==========
    convolution over time, 8 of 64, no bias            (8, 32, 257)           512
    norm (its shift changes nothing)                   (8, 32, 257)             8
    convolution over channels, 2 for each              (16, 1, 257)           512
    norm, ELU                                          (16, 1, 257)            32
    mean of 4, dropout                                 (16, 1, 64)
    convolution over time, 16 of 16 samples            (16, 1, 65)            256
    convolution of 1 x 1                               (16, 1, 65)            256
    norm, ELU                                          (16, 1, 65)             32
    mean of 8, dropout                                 (16, 1, 8)
    linear                                             3                      387
    **all**                                                                  1995
    =================================================  ==============  ==========

    Parameters that change nothing (a bias in front of a batch normalisation, a layer that is never called) are found by
    their gradient and kept as buffers: an optimiser would let them wander on rounding errors. So there may be fewer
    parameters than braindecode counts.

    Parameters
    ----------
    sizes : Sizes
        Needs the stream, of samples over time.
    stream : str
        Its name.
    network : str
        As braindecode calls it: ``EEGNet``, ``ShallowFBCSPNet``, ``Deep4Net``, ``EEGConformer`` ...
    dropout : float or None
        Its ``drop_prob``; None: as braindecode has it, e.g. for networks that have several under ``options``.
    options : dict of str to str, int, float or bool
        Other keys of the network, as braindecode calls them.

    Raises
    ------
    InputError
        There is no such network, stream or option; it cannot be trained in a stack of folds; or the window does not fit
        it, e.g. is shorter than its kernels.
    """

    streams: tuple[str, ...] = ("{stream}",)

    def __init__(
        self,
        sizes: Sizes,
        stream: str = "eeg",
        network: str = "EEGNet",
        dropout: float | None = 0.5,
        options: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self._make("braindecode_net", sizes, stream, network, dropout, options or {})

    def _make(
        self, model: str, sizes: Sizes, stream: str, network: str, dropout: float | None, options: dict[str, Any]
    ) -> None:
        """Make the network; ``model`` is for the messages."""
        channels, samples, sfreq = raw_shape(model, sizes, stream)
        self.stream, self.streams = stream, (stream,)
        given = {"n_outputs": sizes.n_classes, "n_chans": channels, "n_times": samples, "sfreq": sfreq}
        options = _checked(model, network, dropout, options)
        key = (network, tuple(given.values()), tuple(sorted(options.items())))
        try:
            with warnings.catch_warnings():
                for message in HARMLESS:
                    warnings.filterwarnings("ignore", message)
                warnings.filterwarnings("error", SHRUNK)
                body = getattr(networks(), network)(**given, **options).train()
                make_stackable(network, body)
                self.classifier = _take_head(model, network, body, (2, channels, samples))
                if key not in _idle:
                    _idle[key] = idle_parameters(body, (PROBED, channels, samples))
        except InputError:
            raise
        except UNFIT as error:
            said = (str(error).splitlines() or [type(error).__name__])[0]
            raise InputError(
                f"{model}: {network} cannot be made for {channels} channels and {samples} samples ("
                f"{samples / sfreq:g} s at {sfreq:g} Hz) with the options {options}: {said}; take a longer window or a "
                "higher `sfreq` in conf/signal, or other `options`"
            ) from error
        lay_still(body, _idle[key])
        self.network = body

    def __reduce__(self) -> tuple:
        """Pickle so that braindecode is imported by us wherever it is read again."""
        return _empty, (type(self),), self.__dict__

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, K) of the stream (B, C, S)."""
        # Some networks of braindecode take no statistics of a batch of one clip; ours do, or padding would change that.
        features = inspect.unwrap(type(self.network).forward)(self.network, batch[self.stream])
        return self.classifier(features)


def _empty(kind: type) -> nn.Module:
    """Return a network without anything, to be filled by pickle."""
    networks()
    return kind.__new__(kind)


def _checked(model: str, network: str, dropout: float | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return what a network is made with besides the stream's sizes."""
    if network in BROKEN:
        raise InputError(f"{model}: {network} of braindecode cannot be trained here: {BROKEN[network]}")
    if network not in NETWORKS:
        raise InputError(f"{model}: network {network!r} is none of braindecode's; {nearest(network, NETWORKS)}")
    valid = set(inspect.signature(getattr(networks(), network).__init__).parameters) - {"self", "kwargs", *GIVEN}
    for key, value in options.items():
        if key not in valid:
            raise InputError(f"{model}: {network} has no option {key!r}; {nearest(key, valid)}")
        if value is not None and not isinstance(value, str | int | float | bool):
            raise InputError(f"{model}: option {key!r} must be a word, a number, true or false, got {value!r}")
    if dropout is None:
        return options
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout < 1:
        raise InputError(f"{model}: dropout must be a number in 0 <= p < 1, got {dropout!r}")
    if "drop_prob" not in valid:
        mine = sorted(key for key in valid if "drop" in key)
        ways = f", and under `options` any of {', '.join(mine)}" if mine else ""
        raise InputError(f"{model}: {network} has no `drop_prob`; set `dropout: null`{ways}")
    return options | {"drop_prob": dropout}


def _take_head(model: str, network: str, body: nn.Module, shape: tuple[int, ...]) -> nn.Module:
    """Take the last layer off a network, which then gives the features (B, D) that enter it."""
    final = getattr(body, "final_layer", None)
    parts = list(final) if isinstance(final, nn.Sequential) else [final]
    heads = [i for i, part in enumerate(parts) if part is not None and any(True for _ in part.parameters())]
    if len(heads) != 1:
        raise InputError(f"{model}: {network} of braindecode has no last linear layer that could be taken off")
    head = parts[heads[0]]
    body.final_layer = nn.Sequential(*parts[: heads[0]], nn.Flatten(1))
    was = body.training
    with torch.no_grad():
        width = body.eval()(torch.zeros(shape)).shape
    body.train(was)
    inner = head.layer if isinstance(head, Constrained) else head
    weight = head.weight
    if len(width) != 2 or not isinstance(inner, nn.Linear | nn.Conv1d | nn.Conv2d) or weight[0].numel() != width[1]:
        raise InputError(f"{model}: the last layer of {network} of braindecode is no linear layer of all its features")
    if isinstance(inner, nn.Linear):
        return head
    linear = nn.Linear(width[1], len(weight), bias=inner.bias is not None)
    with torch.no_grad():
        linear.weight.copy_(weight.flatten(1))
        if inner.bias is not None:
            linear.bias.copy_(inner.bias)
    return linear
