"""Choose the clips of an experiment, and say why the others are left out."""

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from mmer.stages import paths
from mmer.stages.build import build
from mmer.stages.flow_samples import flow_samples
from mmer.stages.fused import face_of
from mmer.stages.model_traits import model_traits
from mmer.stages.signal_key import signal_key
from mmer.stages.signal_streams import signal_parts
from mmer.stages.video_samples import video_samples
from mmer.types.clips import load_clips, validate_clips
from mmer.types.errors import InputError
from mmer.types.motion import Motion
from mmer.types.samples import Samples

log = logging.getLogger("mmer")


def experiment_clips(datasets: list[str]) -> pd.DataFrame:
    """Return one Clips table of several datasets."""
    tables = [load_clips(paths.clips(name)) for name in datasets]
    return validate_clips(pd.concat(tables, ignore_index=True))


def experiment_samples(config: dict[str, Any]) -> Samples:
    """Return the samples of an experiment's datasets: the streams that its model needs.

    A model that needs ``flow`` gets the motion of the clips, scaled as the experiment says; one that needs ``video``
    gets their faces; one that needs signals gets those of the clips that have a recording. One that needs nothing else
    gets no graph, so that clips without face tracks serve it too. A clip that lacks a signal stays, marked as such.
    Siblings of the clips come along where the experiment trains on them (``augment.neighbours``), else corpora with and
    without them could not be mixed. Tracks of different backends, or action units on different scales, are mixed only
    where the experiment says so.
    """
    traits = model_traits(config["model"])
    parts = [_graph_samples(name, config) for name in config["datasets"]] if traits.reads_graph else []
    motions = {name: Motion.load(paths.motion(name)) for name in config["datasets"]} if traits.reads_motion else {}
    if traits.reads_flow:
        flow = flow_samples(motions, traits.channels)
        scaling = build(config["motion_scaling"])
        flow = [_scaled(part, scaling) for part in flow]
        parts = [_joined(*pair) for pair in zip(parts, flow, strict=True)] if parts else flow
    if traits.reads_video:
        video = video_samples(motions, face_of(config["model"]))
        parts = [_joined(*pair) for pair in zip(parts, video, strict=True)] if parts else video
    for name, node in config.get("signals", {}).items():
        signal = signal_parts(name, node, config["datasets"])
        parts = [_beside(*pair) for pair in zip(parts, signal, strict=True)] if parts else signal
    if not config.get("augment", {}).get("neighbours"):
        parts = [replace(part, siblings={}) for part in parts]
    return Samples.concatenate(parts)


def samples_key(config: dict[str, Any]) -> str:
    """Name what ``experiment_samples`` depends on: sections of one key have the same samples."""
    traits, model = model_traits(config["model"]), face_of(config["model"])
    parts = [config["datasets"], config["mix_backends"], config.get("augment", {}).get("neighbours")]
    parts.append(config["graph"] if traits.reads_graph else None)
    parts.append((traits.channels, config["motion_scaling"]) if traits.reads_flow else None)
    parts.append([model.get(key) for key in ("frames", "size")] if traits.reads_video else None)
    parts.append({name: signal_key(node) for name, node in config.get("signals", {}).items()})
    return json.dumps(parts, sort_keys=True)


def all_there(who: str, samples: Samples, clip_ids: Sequence[str]) -> Samples:
    """Return the samples of some clips.

    Raises
    ------
    InputError
        Settings that were searched leave out a clip: then folds would not be compared on the same clips.
    """
    if lost := sorted(set(clip_ids) - set(samples.clip_ids)):
        why = samples.excluded.get(lost[0], "no reason is known")
        raise InputError(
            f"{who}: {len(lost)} of {len(clip_ids)} clips have no sample under these settings, e.g. {lost[0]} ({why}); "
            "every trial of a search is on the same clips, so take the choice out of the space, or make it the base"
        )
    return samples.subset(clip_ids)


def _graph_samples(name: str, config: dict[str, Any]) -> Samples:
    """Return one dataset's samples under the experiment's graph recipe."""
    samples = Samples.load(paths.graph(name, config["graph"]))
    return replace(samples, about={"backend": "mixed", "au_scale": "mixed"}) if config["mix_backends"] else samples


def _scaled(samples: Samples, scaling: Any) -> Samples:
    """Scale the stream ``flow``, clip by clip."""
    channels = tuple(samples.about["channels"].split())
    siblings = {}
    for name, values in samples.siblings.items():  # each is scaled as a clip of its own
        flat = values.reshape(-1, *values.shape[2:])
        siblings[name] = scaling.scale(flat, channels).reshape(values.shape)
    return replace(samples, streams={"flow": scaling.scale(samples.streams["flow"], channels)}, siblings=siblings)


def _joined(graph: Samples, other: Samples) -> Samples:
    """Put the stream ``flow`` or ``video`` beside the others."""
    if set(graph.clip_ids) != set(other.clip_ids):
        odd = sorted(set(graph.clip_ids) ^ set(other.clip_ids))
        raise InputError(f"graphs and motion are not of the same clips, e.g. {odd[0]}; run `dvc repro`")
    other = other.subset(graph.clip_ids)
    return replace(
        graph,
        streams=graph.streams | other.streams,
        present=graph.present | other.present,
        about=graph.about | other.about,
        siblings=graph.siblings | other.siblings,
    )


def _beside(samples: Samples, signal: Samples) -> Samples:
    """Put a signal beside the other streams; it is there of every clip, theirs may leave some out."""
    if lost := sorted(set(samples.clip_ids) - set(signal.clip_ids)):
        raise InputError(f"graphs and signals are not of the same clips, e.g. {lost[0]}; run `dvc repro`")
    signal = signal.subset(samples.clip_ids)
    return replace(
        samples,
        streams=samples.streams | signal.streams,
        present=samples.present | signal.present,
        signals=samples.signals | signal.signals,
    )


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
    for remark in scheme.remarks(clips):
        log.warning("labels %s: %s", scheme.name, remark)
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
