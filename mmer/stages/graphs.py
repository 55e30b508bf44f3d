"""Build the graphs of one dataset, one file per graph recipe that an experiment asks for."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mmer.graphs.assemble import assemble
from mmer.graphs.detected import detected_units
from mmer.stages import paths
from mmer.stages.build import build
from mmer.stages.clip_pictures import ClipPictures
from mmer.stages.progress import progress
from mmer.stages.read_config import read_config
from mmer.types.clips import load_clips, visible
from mmer.types.face_track import FaceTrack
from mmer.types.motion import Motion
from mmer.types.samples import Samples
from mmer.types.whole_file import whole_file


def main(name: str) -> None:
    """Write artifacts/graphs/NAME/RECIPE.npz for every recipe that an experiment asks for.

    Beside them goes detected.parquet: the action units that each clip's track shows, for the baseline that knows these
    alone.
    """
    config = read_config("datasets", name)
    folder = paths.graphs(name)
    folder.mkdir(parents=True, exist_ok=True)
    clips = load_clips(paths.clips(name))
    motion = Motion.load(paths.motion(name))
    tracks = read_tracks(name, clips)
    shown = detected_units(visible(clips, ("onset", "offset")), tracks)
    with whole_file(paths.detected(name)) as partial:
        shown.to_parquet(partial, index=False)
    for key, recipe in sorted(config["graphs"].items()):
        graph_samples(name, config, key, recipe, clips, tracks, motion).save(paths.graph(name, key))


def graph_samples(
    name: str,
    config: dict[str, Any],
    key: str,
    recipe: dict[str, Any],
    clips: pd.DataFrame,
    tracks: Mapping[str, FaceTrack],
    motion: Motion,
) -> Samples:
    """Build the graphs of a dataset under one recipe.

    Parameters
    ----------
    name : str
        Of the dataset.
    config : dict
        Its resolved section.
    key : str
        Of the recipe.
    recipe : dict
        ``nodes`` and ``edges``.
    clips : DataFrame
        Clips table.
    tracks : mapping of str to FaceTrack
        By clip; those that are there.
    motion : Motion
    """
    nodes = build(recipe["nodes"])
    return assemble(
        nodes,
        build(recipe["edges"]),
        visible(clips, nodes.reads),
        tracks,
        motion,
        lambda items, total: progress(items, total, f"graphs {name} {key}"),
        ClipPictures(name, build(config["motion"]), nodes),
    )


def read_tracks(name: str, clips: pd.DataFrame) -> dict[str, FaceTrack]:
    """Read the face tracks of a dataset's clips that have one."""
    files = {clip_id: paths.track(name, clip_id) for clip_id in clips.clip_id}
    return {clip_id: FaceTrack.load(path) for clip_id, path in files.items() if path.is_file()}
