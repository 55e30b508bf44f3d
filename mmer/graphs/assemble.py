"""The graphs of a dataset's clips, put together as Samples."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mmer.graphs.positions import node_positions
from mmer.types.errors import InputError, listing
from mmer.types.face_track import FaceTrack
from mmer.types.motion import ClipMotion, Motion
from mmer.types.samples import Samples


def _nothing(clip: pd.Series, track: FaceTrack, motion: ClipMotion) -> dict[str, np.ndarray]:
    return {}


def assemble(
    node_source: Any,
    edge_rule: Any,
    clips: pd.DataFrame,
    tracks: dict[str, FaceTrack],
    motion: Motion,
    progress: Callable[[Sequence[str], int], Iterable[str]] | None = None,
    extras: Callable[[pd.Series, FaceTrack, ClipMotion], Mapping[str, np.ndarray]] = _nothing,
) -> Samples:
    """Build the graph of every clip that has motion.

    Parameters
    ----------
    node_source, edge_rule
        Components of ``mmer.graphs.nodes`` and ``mmer.graphs.edges``.
    clips : DataFrame
        A Clips table; clips without motion are not looked at.
    tracks : dict of clip_id to FaceTrack
        May lack clips: their stream ``graph`` is marked absent and zero.
    motion : Motion
        Its clips are the rows; what it excluded is taken over.
    progress : callable, optional
        Called with the clip ids and their number, gives them back one by one.
    extras : callable, optional
        Called with clip, track and motion (of a sibling: its own), gives what the node source ``needs``.

    Returns
    -------
    Samples
        Stream ``graph``, and siblings of it where the motion has neighbours: the same clip with another frame as its
        apex. Features of more than one moment name no apex; their siblings are the clip itself. ``about`` says which
        backend made the tracks and on which scale their action units are.

    Raises
    ------
    InputError
        A clip with motion is not in the table, or the tracks come from several backends or AU scales.
    """
    rows = {row.clip_id: row for _, row in clips.iterrows()}
    if unknown := [name for name in motion.clip_ids if name not in rows]:
        raise InputError(f"there is motion of clips that the clips table lacks: {listing(unknown)}; make it again")
    nodes, names = node_source.node_set(), node_source.feature_names()
    graph = np.zeros((len(motion.clip_ids), node_source.n_frames, len(nodes.names), len(names)), np.float32)
    m = 0 if motion.neighbours is None else motion.neighbours.shape[1]
    siblings = np.zeros((len(graph), m, *graph.shape[1:]), np.float32)
    present = np.zeros(len(motion.clip_ids), bool)
    positions = np.full((len(motion.clip_ids), len(nodes.names), 2), np.nan, np.float32)
    place = {name: i for i, name in enumerate(motion.clip_ids)}
    for name in motion.clip_ids if progress is None else progress(motion.clip_ids, len(motion.clip_ids)):
        if name not in tracks:
            continue
        i, moved, one = place[name], motion.of(name), (rows[name], tracks[name])
        graph[i] = node_source.build(*one, moved, extras(*one, moved))
        for sibling, seen in enumerate(moved.siblings()):
            siblings[i, sibling] = node_source.build(*one, seen, extras(*one, seen))
        positions[i] = node_positions(nodes, rows[name], tracks[name], moved)
        present[i] = True
    return Samples(
        clip_ids=motion.clip_ids,
        streams={"graph": graph},
        present={"graph": present},
        node_names=nodes.names,
        feature_names=names,
        edge_index=edge_rule.edge_index(nodes),
        positions=positions,
        excluded=motion.excluded,
        about=_about({name: tracks[name] for name in motion.clip_ids if name in tracks}),
        siblings={"graph": siblings} if m else {},
    )


def _about(tracks: dict[str, FaceTrack]) -> dict[str, str]:
    """Say what made the tracks; refuse a mixture."""
    about = {}
    for key, value in {
        "backend": {name: track.provenance.get("backend", "unknown") for name, track in tracks.items()},
        "au_scale": {name: track.au_scale for name, track in tracks.items()},
    }.items():
        found = {made: name for name, made in sorted(value.items(), reverse=True)}
        if len(found) > 1:
            examples = listing(f"{made} ({name})" for made, name in sorted(found.items()))
            raise InputError(f"the tracks of one dataset differ in {key}: {examples}; track all clips the same way")
        about[key] = next(iter(found), "none")
    return about
