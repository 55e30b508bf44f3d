"""Raw: what a training's clips are where they are augmented: unscaled, and described."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mmer.training.augment.augment import Augment
from mmer.training.augment.layout import Layout, layout_of
from mmer.training.augment.nodes import Nodes
from mmer.training.scaler import Scaler
from mmer.types.errors import InputError
from mmer.types.samples import Samples

OF_APEX = ("flow", "graph")  # streams that have neighbours


@dataclass(frozen=True)
class Raw:
    """How the clips of one training are changed and scaled, step by step.

    Parameters
    ----------
    rules : Augment
    layouts : dict of str to Layout
        Of the streams that the rules change.
    mean, deviation : dict of str to Tensor
        Of the fold's scaler, in the shape of one clip.
    """

    rules: Augment
    layouts: dict[str, Layout]
    mean: dict[str, Tensor]
    deviation: dict[str, Tensor]

    @classmethod
    def of(cls, rules: Augment, samples: Samples, nodes: Nodes | None, scaler: Scaler, device: torch.device) -> "Raw":
        """Describe the streams that the scaler knows."""
        layouts = layouts_of(rules, samples, tuple(scaler.mean), nodes, device)
        tensors = (
            {name: torch.from_numpy(values).float().to(device) for name, values in part.items()}
            for part in (scaler.mean, scaler.deviation)
        )
        return cls(rules, layouts, *tensors)


def layouts_of(
    rules: Augment, samples: Samples, streams: tuple[str, ...], nodes: Nodes | None, device: torch.device
) -> dict[str, Layout]:
    """Describe the streams that the rules change.

    Raises
    ------
    InputError
        The rules ask for something that the samples do not have, or that is not known of them.
    """
    if rules.neighbours and (lost := [name for name in streams if name in OF_APEX and name not in samples.siblings]):
        raise InputError(
            f"augment: neighbours needs clips made at frames beside the apex, and the stream {lost[0]!r} has none; set "
            "`neighbours` of the motion, e.g. `set: {datasets: {NAME: {motion: {neighbours: 2}}}}` in params.yaml, for "
            "every dataset, or `augment.neighbours: false`"
        )
    found = {name: layout_of(name, samples, rules, nodes, device) for name in streams}
    return {name: layout for name, layout in found.items() if layout is not None}
