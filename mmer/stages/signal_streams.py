"""The signals of an experiment's corpora, each as one stream."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mmer.stages import paths
from mmer.stages.signal_key import signal_key
from mmer.types.errors import InputError, listing
from mmer.types.samples import Samples


def signal_parts(name: str, node: Mapping[str, Any], datasets: Sequence[str]) -> list[Samples]:
    """Return one signal of several datasets. One that has it of no clip takes the shape of the others.

    Raises
    ------
    InputError
        No dataset has it of any clip.
    """
    parts = {dataset: Samples.load(paths.signal(dataset, signal_key(node))) for dataset in datasets}
    there = [part for part in parts.values() if part.present[name].any()]
    if not there:
        file = paths.signal_notes(datasets[0], signal_key(node))
        why = sorted(set(json.loads(file.read_text(encoding="utf-8"))["missing"].values()))
        raise InputError(f"signal {name}: no clip of {listing(datasets)} has it: {listing(why, 2)} (see {file})")
    return [part if part.present[name].any() else _absent(name, part, there[0]) for part in parts.values()]


def _absent(name: str, part: Samples, like: Samples) -> Samples:
    """Return zeros for the clips of a dataset that has no such recordings, in the shape that others have."""
    stream = np.zeros((len(part.clip_ids), *like.streams[name].shape[1:]), np.float32)
    return replace(part, streams={name: stream}, signals=like.signals)
