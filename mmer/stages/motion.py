"""Describe the motion of every clip of one dataset."""

from mmer.motion import Excluded
from mmer.stages import paths
from mmer.stages.build import build
from mmer.stages.parallel import parallel_map
from mmer.stages.progress import progress
from mmer.stages.read_config import read_config
from mmer.types.clips import load_clips, visible
from mmer.types.errors import InputError, listing
from mmer.types.face_track import FaceTrack
from mmer.types.frames import Frames
from mmer.types.motion import ClipMotion, Motion


def main(name: str) -> None:
    """Write artifacts/motion/NAME.npz. Clips that fail are all named, and then nothing is written."""
    config = read_config("datasets", name)
    component, magnifier = build(config["motion"]), build(config["magnify"])
    magnifiers = () if magnifier.name == "none" else (magnifier,)
    if magnifiers and not getattr(component, "magnifies", False):
        raise InputError(
            f"motion {name}: {component.name} reads no faces that `magnify: {magnifier.name}` could magnify; choose "
            "`magnify: none`, or `motion: optical_flow`"
        )
    clips = visible(load_clips(paths.clips(name)), component.reads)
    rows = [row for _, row in clips.iterrows()]
    done, excluded, failed = [], {}, {}
    results = parallel_map(_describe, (component, name, magnifiers), rows)
    for row, result in zip(rows, progress(results, len(rows), f"motion {name}"), strict=True):
        match result:
            case ClipMotion():
                done.append(result)
            case ("excluded", reason):
                excluded[row.clip_id] = reason
            case ("failed", reason):
                failed[row.clip_id] = reason
    if failed:
        lines = "\n".join(f"  {clip_id}: {reason.removeprefix(f'{clip_id}: ')}" for clip_id, reason in failed.items())
        raise InputError(
            f"motion {name}: {len(failed)} of {len(rows)} clips failed; repair them, or list them under "
            f"`set.datasets.{name}.dataset.exclude` in params.yaml:\n{lines}"
        )
    Motion.stack(done, excluded).save(paths.motion(name))
    if excluded:
        reasons = listing(f"{clip_id}: {reason}" for clip_id, reason in excluded.items())
        print(f"motion {name}: {len(excluded)} clips excluded: {reasons}")


def _describe(shared: tuple, row) -> ClipMotion | tuple[str, str]:
    """Describe one clip, or say why not: one bad clip must not hide the others."""
    component, name, magnifiers = shared
    try:
        path = paths.track(name, row.clip_id)
        track = FaceTrack.load(path) if path.is_file() else None
        frames = None if _empty(row.frames) else Frames.open(row.frames)
        return component.describe(row, track, frames, *magnifiers)
    except Excluded as reason:
        return ("excluded", str(reason))
    except InputError as error:
        return ("failed", str(error))


def _empty(value: object) -> bool:
    return value is None or value != value or str(value) in ("", "<NA>")
