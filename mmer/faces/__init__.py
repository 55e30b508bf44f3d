"""Face extraction: frames -> FaceTrack. One frozen dataclass per backend, one file, one yaml.

    reads                          annotations of a test clip that it reads, e.g. ("onset", "offset")
    missing() -> list of str       what must be there first (weights, files); looks on disk only, never at the network
    about() -> dict of str         backend, version, weight digests: goes into the cache key and the track's provenance
    sources(clip) -> list of Path  files a clip's track is made from, besides its frames; for the cache key
    extract(clips) -> iterator of (clip_id, FaceTrack or Failure)

``extract`` takes rows of a Clips table and yields each clip as it is finished; a clip that fails yields a Failure and
the rest goes on. A clip that brings no track (``shipped``) is simply not yielded. Only this room imports py-feat, and
only in a child process, because that import changes the process for good.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import pandas as pd

from mmer.types.face_track import FaceTrack


@dataclass(frozen=True)
class Failure:
    """Why a clip has no track.

    Parameters
    ----------
    reason : str
        One line that a person can act on.
    """

    reason: str


class Extractor(Protocol):
    """What every backend offers."""

    reads: ClassVar[tuple[str, ...]]

    def missing(self) -> list[str]:
        """Name what must be there before extraction can start."""

    def about(self) -> dict[str, str]:
        """Describe what makes the tracks."""

    def sources(self, clip: pd.Series) -> list[Path]:
        """Name the files that a clip's track is made from, besides its frames."""

    def extract(self, clips: pd.DataFrame) -> Iterator[tuple[str, FaceTrack | Failure]]:
        """Yield each clip's track, or why it has none."""
