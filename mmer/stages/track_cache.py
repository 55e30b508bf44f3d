"""The content-keyed cache of face tracks under .mmer/cache, which outlives the stage's outputs."""

import hashlib
import json
import os
from functools import cached_property
from pathlib import Path
from typing import Any

from mmer.stages import paths
from mmer.stages.code import code_digest, file_digest
from mmer.types.face_track import FaceTrack
from mmer.types.frames import Frames


class TrackCache:
    """Face tracks by what made them.

    Parameters
    ----------
    section : dict
        The resolved ``faces`` section.
    about : dict
        What the extractor says of itself: backend, version, digests of weights.
    """

    def __init__(self, section: dict[str, Any], about: dict[str, str]) -> None:
        self.section = section
        self.about = about
        self.folder = paths.CACHE / "tracks"

    @cached_property
    def _maker(self) -> str:
        code = code_digest([self.section["_target_"].rpartition(".")[0]])
        return json.dumps([self.section, self.about, code], sort_keys=True)

    def key(self, clip: Any) -> str:
        """Return the digest of everything a clip's track depends on (``clip``: a row of a Clips table)."""
        facts = {name: str(clip[name]) for name in ("clip_id", "onset", "offset", "fps")}
        for name in ("frames", "tracks"):
            source = clip[name]
            if isinstance(source, str) and source:
                facts[name] = file_digest(source) if Path(source).is_file() else _frames_digest(clip)
        return hashlib.sha256((self._maker + json.dumps(facts, sort_keys=True)).encode()).hexdigest()

    def path(self, key: str) -> Path:
        """Return where the track of a key lies."""
        return self.folder / key[:2] / f"{key}.parquet"

    def has(self, key: str) -> bool:
        """Say whether the track of a key is there."""
        return self.path(key).is_file()

    def put(self, key: str, track: FaceTrack) -> None:
        """Keep a track; a kill leaves either the whole file or none."""
        path = self.path(key)
        partial = path.with_suffix(f".{os.getpid()}.partial")
        track.save(partial)
        partial.replace(path)


def _frames_digest(clip: Any) -> str:
    """Digest the frames onset..offset, which is all that extraction looks at."""
    return Frames.open(clip["frames"]).between(clip["onset"], clip["offset"]).digest()
