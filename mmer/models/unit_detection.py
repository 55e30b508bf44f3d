"""Detection of action units inside a network that names classes: which units, a logit of each, and their loss.

A network with such a head has it as the submodule ``unit_head``, whose output are the logits (B, A); the attributes
``unit_names``, what the logits stand for, and ``unit_weight``, the share of ``unit_loss`` that the trainer adds to the
loss of the classes. Annotated units of training clips go into that loss and nowhere else: what a clip is predicted from
is only what the network sees of it.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmer.types.errors import InputError, listing
from mmer.types.samples import Sizes
from mmer.types.targets import FACS


def unit_loss(logits: Tensor, units: Tensor, columns: Sequence[int], weight: Tensor) -> Tensor:
    """Return the mean binary cross-entropy over the annotated (clip, unit) pairs of a batch.

    Parameters
    ----------
    logits : Tensor of shape (B, A)
    units : Tensor of shape (B, U)
        Annotated action units: 1 shown, 0 not, NaN not annotated.
    columns : sequence of A int
        Where the logits' units stand among the annotated ones; -1 for a unit that no clip is annotated with, which
        has no part in the loss.
    weight : Tensor of shape (B,)
        Weight of every clip; 0 for padding.

    Returns
    -------
    Tensor of shape ()
        0, with gradient 0, where nothing is annotated.
    """
    there = [place for place, column in enumerate(columns) if column >= 0]
    # One column after the other: a stack of folds cannot index by truth values, and a recorded step not by a list,
    # which would be copied to the GPU (mmer.training.capture).
    logits, units = (
        torch.cat([values[:, :0], *(values[:, place, None] for place in places)], 1)
        for values, places in ((logits, there), (units, [columns[place] for place in there]))
    )
    known = ~units.isnan()
    truth = torch.where(known, units, 0).to(logits.dtype)  # before the logarithms: NaN times 0 is NaN
    losses = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    share = weight.to(logits.dtype)[:, None] * known
    return (losses * share).sum() / share.sum().clamp_min(1e-12)


def unit_columns(unit_names: Sequence[str], au_names: Sequence[str]) -> tuple[int, ...]:
    """Return where units stand among the annotated ones (``Targets.au_names``); -1 for one that is not there."""
    places = {name: place for place, name in enumerate(au_names)}
    return tuple(places.get(name, -1) for name in unit_names)


def check_units(model: str, units: Sequence[str], way_out: str) -> tuple[str, ...]:
    """Return names of action units as a tuple.

    Raises
    ------
    InputError
        There is none, one is named twice, or a name is not that of an action unit; ``way_out`` says what to do.
    """
    units = tuple(units)
    if strange := [name for name in units if name not in FACS]:
        raise InputError(f"{model}: needs action units, named AU01, AU02, ..., and got {listing(strange)}; {way_out}")
    if not units or len(set(units)) != len(units):
        raise InputError(f"{model}: needs at least one action unit, each named once, got {units}; {way_out}")
    return units


def units_of_nodes(model: str, sizes: Sizes) -> tuple[str, ...]:
    """Return the action units that the nodes of the graph are.

    Raises
    ------
    InputError
        There is no graph, or a node is no action unit.
    """
    if "graph" not in sizes.streams:
        raise InputError(
            f"{model}: needs the stream 'graph', which names its action units and joins them, but the samples have "
            f"{sorted(sizes.streams)}; choose `nodes: action_units` for this experiment"
        )
    return check_units(model, sizes.node_names, "choose `nodes: action_units` for this experiment")


def check_unit_weight(model: str, unit_weight: Any) -> None:
    """Refuse a weight of the detection loss that is not a number of at least 0."""
    number = isinstance(unit_weight, int | float) and not isinstance(unit_weight, bool)
    if not number or not (math.isfinite(unit_weight) and unit_weight >= 0):
        raise InputError(f"{model}: unit_weight must be a number of at least 0, got {unit_weight!r}")


class UnitFeatures(nn.Module):
    """A linear layer for each action unit, from the features of the clip: what its node starts from.

    Parameters
    ----------
    channels : int
        Features of the clip.
    units : int
    width : int
        Features of a node.
    """

    def __init__(self, channels: int, units: int, width: int) -> None:
        super().__init__()
        self.units = units
        self.layers = nn.Linear(channels, units * width)  # side by side

    def forward(self, x: Tensor) -> Tensor:
        """Return nodes (B, A, width) of clips ``x`` (B, channels)."""
        return self.layers(x).unflatten(1, (self.units, -1))


class UnitHead(nn.Module):
    """A logit of each action unit from the features of its node, by weights of its own.

    Parameters
    ----------
    units, width : int
    """

    def __init__(self, units: int, width: int) -> None:
        super().__init__()
        bound = width**-0.5  # that of nn.Linear
        self.weight = nn.Parameter(torch.empty(units, width).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(units).uniform_(-bound, bound))

    def forward(self, nodes: Tensor) -> Tensor:
        """Return logits (B, A) of ``nodes`` (B, A, width)."""
        return (nodes * self.weight).sum(2) + self.bias
