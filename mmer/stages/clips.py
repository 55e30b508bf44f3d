"""Turn the annotation file of one corpus into its Clips table."""

import json
import logging
from pathlib import Path

from mmer.stages import paths
from mmer.stages.build import build
from mmer.stages.code import file_digest
from mmer.stages.read_config import read_config
from mmer.types.clips import save_clips
from mmer.types.errors import InputError
from mmer.types.whole_file import whole_file

log = logging.getLogger("mmer")


def main(name: str) -> None:
    """Read the corpus ``name``; write artifacts/clips/NAME.parquet, and the annotation files' digests as NAME.json."""
    config = read_config("datasets", name)["dataset"]
    if Path(config["root"]) != Path("data") / name:
        raise InputError(
            f"datasets.{name}: root is {config['root']!r}, but the pipeline tracks data/{name}; put the corpus "
            f"there and run `dvc add data/{name}` (or `dvc add data`)"
        )
    dataset = build(config)
    clips = dataset.clips()
    root = Path(config["root"])
    files = {path.relative_to(root).as_posix(): file_digest(path) for path in dataset.annotations()}
    with whole_file(paths.annotations(name)) as partial:
        partial.write_text(json.dumps(files, indent=1, sort_keys=True), encoding="utf-8")
    save_clips(clips, paths.clips(name))
    emotions = ", ".join(f"{word} {count}" for word, count in clips.emotion.value_counts().sort_index().items())
    log.info("clips %s: %d clips of %d subjects (%s)", name, len(clips), clips.subject.nunique(), emotions)
