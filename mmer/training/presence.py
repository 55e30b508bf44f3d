"""Which streams clips have, for models that can do without some; and the subsets of streams they are scored with."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
from torch import nn

from mmer.types.samples import Samples

PREFIX = "present."  # of the name under which a batch says who has a stream


def reads_presence(model: nn.Module) -> bool:
    """Say whether clips may lack what a model reads."""
    return getattr(model, "reads_presence", False)


def presence(model: nn.Module, samples: Samples) -> dict[str, np.ndarray]:
    """Return who has each stream of a model, (n,) float32, by its name in a batch; nothing where it does not ask."""
    if not reads_presence(model):
        return {}
    return {PREFIX + name: samples.present[name].astype(np.float32) for name in model.streams}


def lacking(modalities: Mapping[str, tuple[str, ...]], samples: Samples) -> dict[str, np.ndarray]:
    """Return which clips lack each of what a model fuses, (n,) bool: any of its streams."""
    return {
        name: ~np.logical_and.reduce([samples.present[stream] for stream in streams])
        for name, streams in modalities.items()
    }


def subsets(model: nn.Module) -> dict[str, tuple[str, ...]]:
    """Name every part of what a model fuses, neither nothing nor all: ``face+eeg`` -> the streams that are hidden."""
    if not reads_presence(model):
        return {}
    names = list(model.modalities)
    return {
        "+".join(kept): tuple(stream for name in names if name not in kept for stream in model.modalities[name])
        for size in range(1, len(names))
        for kept in combinations(names, size)
    }


def hide(samples: Samples, streams: tuple[str, ...]) -> Samples:
    """Return samples in which no clip has these streams."""
    nobody = dict.fromkeys(streams, np.zeros(len(samples.clip_ids), bool))
    return replace(samples, present=samples.present | nobody)
