"""Alone: a model of one signal, for clips of which some have no recording."""

from collections.abc import Callable
from contextlib import nullcontext

import torch
from torch import Tensor, nn

from mmer.models.batch_norm import only_rows
from mmer.types.errors import InputError
from mmer.types.samples import Sizes


class Alone(nn.Module):
    """One model as it is. Of a clip that lacks what it reads it says what was learned from other such clips.

    That is one number per class, all 0 where every training clip has the signal: then all classes are equally likely.
    The numbers of an absent clip are zeros before anything is computed of them, no batch normalisation counts them, and
    they change no weight of the model.

    Parameters
    ----------
    sizes : Sizes
    branches : dict of str to callable
        Name of the signal -> maker of its model from sizes. There is one.

    Attributes
    ----------
    streams : tuple of str
        The model's.
    modalities : dict of str to tuple of str
        Name of the signal -> ``streams``.

    Raises
    ------
    InputError
        There is more than one model, or it reads several streams.
    """

    streams: tuple[str, ...] = ()
    reads_presence = True

    def __init__(self, sizes: Sizes, branches: dict[str, Callable[[Sizes], nn.Module]]) -> None:
        super().__init__()
        if len(branches) != 1:
            raise InputError(f"several models ({', '.join(branches)}) need a `fusion`")
        ((name, make),) = branches.items()
        self.model = make(sizes)
        self.streams = tuple(self.model.streams)
        if len(self.streams) != 1:
            raise InputError(f"{type(self.model).__name__} reads several streams ({', '.join(self.streams)})")
        self.modalities = {name: self.streams}
        self.nothing = nn.Parameter(torch.zeros(sizes.n_classes))

    @property
    def classifier(self) -> nn.Module:
        """The last layer."""
        return self.model.classifier

    @property
    def dead_parameters(self) -> dict[str, str]:
        """Return what gets no gradient, by the start of its name, and why."""
        return {f"model.{name}": why for name, why in getattr(self.model, "dead_parameters", {}).items()}

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return logits (B, C) of the stream and of ``present.STREAM`` (B,), 1 or 0."""
        (stream,) = self.streams
        there, values = batch[f"present.{stream}"], batch[stream]
        values = torch.where(there.view(-1, *[1] * (values.ndim - 1)) > 0, values, 0)
        with only_rows(self.model, there) if self.training else nullcontext():
            logits = self.model({stream: values}, edge_weight)
        return torch.where(there[:, None] > 0, logits, self.nothing.to(logits.dtype))
