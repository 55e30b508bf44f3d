"""Build the graphs of one dataset, one file per graph recipe that an experiment asks for."""

from mmer.graphs.assemble import assemble
from mmer.stages import paths
from mmer.stages.build import build
from mmer.stages.progress import progress
from mmer.stages.read_config import read_config
from mmer.types.clips import load_clips
from mmer.types.face_track import FaceTrack
from mmer.types.motion import Motion


def main(name: str) -> None:
    """Write artifacts/graphs/NAME/RECIPE.npz for every recipe; an empty folder where no experiment uses the dataset."""
    recipes = read_config("datasets", name)["graphs"]
    folder = paths.graphs(name)
    folder.mkdir(parents=True, exist_ok=True)
    clips = load_clips(paths.clips(name))
    motion = Motion.load(paths.motion(name))
    files = {clip_id: paths.track(name, clip_id) for clip_id in clips.clip_id}
    tracks = {clip_id: FaceTrack.load(path) for clip_id, path in files.items() if path.is_file()}
    for key, recipe in sorted(recipes.items()):
        samples = assemble(
            build(recipe["nodes"]),
            build(recipe["edges"]),
            clips,
            tracks,
            motion,
            lambda items, total, key=key: progress(items, total, f"graphs {name} {key}"),
        )
        samples.save(paths.graph(name, key))
