"""Choose the clips of an experiment, and say why the others are left out."""

from dataclasses import replace
from typing import Any

import pandas as pd

from mmer.stages import paths
from mmer.types.clips import load_clips, validate_clips
from mmer.types.errors import InputError
from mmer.types.samples import Samples


def experiment_clips(datasets: list[str]) -> pd.DataFrame:
    """Return one Clips table of several datasets."""
    tables = [load_clips(paths.clips(name)) for name in datasets]
    return validate_clips(pd.concat(tables, ignore_index=True))


def experiment_samples(config: dict[str, Any]) -> Samples:
    """Return the samples of an experiment's datasets, under its graph recipe.

    Tracks of different backends, or action units on different scales, are mixed only where the experiment says so.
    """
    parts = [Samples.load(paths.graph(name, config["graph"])) for name in config["datasets"]]
    if config["mix_backends"]:
        parts = [replace(part, about={"backend": "mixed", "au_scale": "mixed"}) for part in parts]
    return Samples.concatenate(parts)


def select(clips: pd.DataFrame, scheme: Any, samples: Samples) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split a Clips table into the clips that are used and those that are not.

    Parameters
    ----------
    clips : DataFrame
        Clips table of the experiment's datasets.
    scheme : object
        The label scheme; see ``mmer.labels``.
    samples : Samples
        Samples of the same datasets.

    Returns
    -------
    kept : DataFrame
        Clips table.
    excluded : DataFrame
        Columns ``clip_id`` and ``reason``, one row per clip left out.
    """
    reasons = {}
    there, classes = set(samples.clip_ids), scheme.assign(clips)
    for _, clip in clips.iterrows():
        if pd.isna(classes[clip.clip_id]):
            reasons[clip.clip_id] = scheme.reason(clip)
        elif clip.clip_id in samples.excluded:
            reasons[clip.clip_id] = samples.excluded[clip.clip_id]
        elif clip.clip_id not in there:
            raise InputError(f"clip {clip.clip_id} has neither a sample nor a reason to be left out; run `dvc repro`")
    kept = clips[~clips.clip_id.isin(reasons)].reset_index(drop=True)
    if not len(kept):
        raise InputError(f"no clip is left under label scheme {scheme.name}; all {len(clips)} are excluded")
    excluded = pd.DataFrame(sorted(reasons.items()), columns=["clip_id", "reason"], dtype="string")
    return kept, excluded
