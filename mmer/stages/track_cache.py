"""The content-keyed cache of face tracks under .mmer/cache, which outlives the stage's outputs."""

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from mmer.faces import Extractor
from mmer.stages import paths
from mmer.stages.code import code_digest, file_digest
from mmer.types.face_track import FaceTrack
from mmer.types.frames import Frames
from mmer.types.whole_file import whole_file


class TrackCache:
    """Face tracks by what made them.

    Parameters
    ----------
    section : dict
        The resolved ``faces`` section.
    extractor : Extractor
        Says of itself what makes a track: backend, version, digests of weights, and each clip's own files.
    """

    def __init__(self, section: dict[str, Any], extractor: Extractor) -> None:
        self.section = section
        self.extractor = extractor
        self.folder = paths.CACHE / "tracks"

    @cached_property
    def _maker(self) -> str:
        code = code_digest([self.section["_target_"].rpartition(".")[0]])
        return json.dumps([self.section, self.extractor.about(), code], sort_keys=True)

    def key(self, clip: Any) -> str:
        """Return the digest of everything a clip's track depends on (``clip``: a row of a Clips table)."""
        facts = {name: str(clip[name]) for name in ("clip_id", "onset", "offset", "fps")}
        if not pd.isna(clip.frames):
            facts["frames"] = file_digest(clip.frames) if Path(clip.frames).is_file() else _frames_digest(clip)
        for path in self.extractor.sources(clip):
            facts[str(path)] = file_digest(path) if path.is_file() else "absent"
        return hashlib.sha256((self._maker + json.dumps(facts, sort_keys=True)).encode()).hexdigest()

    def path(self, key: str) -> Path:
        """Return where the track of a key lies."""
        return self.folder / key[:2] / f"{key}.parquet"

    def has(self, key: str) -> bool:
        """Say whether the track of a key is there."""
        return self.path(key).is_file()

    def put(self, key: str, track: FaceTrack) -> None:
        """Keep a track; a kill leaves either the whole file or none."""
        with whole_file(self.path(key)) as partial:
            track.save(partial)


def _frames_digest(clip: Any) -> str:
    """Digest the pictures onset..offset, and the numbers of all: OpenFace counts its rows from the first one."""
    frames = Frames.open(clip.frames)
    if pd.isna(clip.onset) or pd.isna(clip.offset):  # a clip that brings its motion may lack them
        return frames.digest()
    return f"{frames.between(clip.onset, clip.offset).digest()} {frames.numbers}"
