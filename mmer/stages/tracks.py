"""Find the face in every clip of one dataset. Hours of work: kept clip by clip, resumed, never done twice."""

import json
import logging
import shutil
from pathlib import Path

from mmer.faces import Failure
from mmer.stages import paths
from mmer.stages.build import build
from mmer.stages.extract import extract
from mmer.stages.progress import progress
from mmer.stages.read_config import read_config
from mmer.stages.track_cache import TrackCache
from mmer.types.clips import load_clips, visible
from mmer.types.errors import InputError

log = logging.getLogger("mmer")


def main(name: str) -> None:
    """Write artifacts/tracks/NAME/, one parquet per clip.

    A clip that fails is recorded in .mmer/failures/tracks/NAME/ and named at the end, where the stage stops with an
    error; what was finished is in the cache, so the next run tries only what is missing.
    """
    section = read_config("datasets", name)["faces"]
    extractor = build(section)
    if missing := extractor.missing():
        raise InputError("\n".join([f"tracks {name}: faces `{section['name']}` cannot start:", *missing]))
    clips = visible(load_clips(paths.clips(name)), extractor.reads)
    cache = TrackCache(section, extractor)
    keys = {row.clip_id: cache.key(row) for _, row in clips.iterrows()}
    todo = clips[[not cache.has(keys[clip_id]) for clip_id in clips.clip_id]]
    if len(todo) < len(clips):
        log.info("tracks %s: %d of %d clips are in the cache", name, len(clips) - len(todo), len(clips))
    failures = {}
    for clip_id, result in progress(extract(extractor, todo), len(todo), f"tracks {name}"):
        if isinstance(result, Failure):
            failures[clip_id] = result.reason
        else:
            cache.put(keys[clip_id], result)
    _record(Path(".mmer/failures/tracks") / name, failures)
    if failures:
        lines = "\n".join(f"  {clip_id}: {reason}" for clip_id, reason in sorted(failures.items()))
        raise InputError(
            f"tracks {name}: {len(failures)} of {len(clips)} clips failed, the others are kept; run again after a "
            f"repair, or list them under `set.datasets.{name}.dataset.exclude` in params.yaml:\n{lines}"
        )
    found = {clip_id: key for clip_id, key in keys.items() if cache.has(key)}
    paths.tracks(name).mkdir(parents=True, exist_ok=True)
    for clip_id, key in found.items():
        target = paths.track(name, clip_id)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(cache.path(key), target)
    if len(found) < len(clips):
        log.warning("tracks %s: %d of %d clips bring no track", name, len(clips) - len(found), len(clips))


def _record(folder: Path, failures: dict[str, str]) -> None:
    """Keep one json per failed clip of the last run."""
    shutil.rmtree(folder, ignore_errors=True)
    for clip_id, reason in failures.items():
        path = folder / f"{clip_id}.error.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"clip_id": clip_id, "reason": reason}, indent=2))
