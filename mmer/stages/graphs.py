"""Build the graphs of one dataset, one file per graph recipe that an experiment asks for."""

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
from mmer.types.whole_file import whole_file


def main(name: str) -> None:
    """Write artifacts/graphs/NAME/RECIPE.npz for every recipe that an experiment asks for.

    Beside them goes detected.parquet: the action units that each clip's track shows, for the baseline that knows these
    alone.
    """
    config = read_config("datasets", name)
    measure = build(config["motion"])
    folder = paths.graphs(name)
    folder.mkdir(parents=True, exist_ok=True)
    clips = load_clips(paths.clips(name))
    motion = Motion.load(paths.motion(name))
    files = {clip_id: paths.track(name, clip_id) for clip_id in clips.clip_id}
    tracks = {clip_id: FaceTrack.load(path) for clip_id, path in files.items() if path.is_file()}
    shown = detected_units(visible(clips, ("onset", "offset")), tracks)
    with whole_file(paths.detected(name)) as partial:
        shown.to_parquet(partial, index=False)
    for key, recipe in sorted(config["graphs"].items()):
        nodes = build(recipe["nodes"])
        samples = assemble(
            nodes,
            build(recipe["edges"]),
            visible(clips, nodes.reads),
            tracks,
            motion,
            lambda items, total, key=key: progress(items, total, f"graphs {name} {key}"),
            ClipPictures(name, measure, nodes),
        )
        samples.save(paths.graph(name, key))
