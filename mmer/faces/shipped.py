"""Tracks that come with a dataset: FaceTrack parquet files that the Clips table points to."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pandas as pd

from mmer.faces import Failure
from mmer.types.errors import InputError, listing
from mmer.types.face_track import FaceTrack


@dataclass(frozen=True)
class Shipped:
    """Read the track that a dataset brings for each clip.

    A clip's track is the file named in its ``tracks`` cell. It must carry the clip's own ``clip_id`` and hold every
    frame of onset..offset; rows outside are cut off, and time is counted from this table's onset. A clip whose cell is
    empty brings no track and is not yielded.
    """

    reads: ClassVar[tuple[str, ...]] = ("onset", "offset")

    def missing(self) -> list[str]:
        """Nothing is needed beforehand: the files are named clip by clip."""
        return []

    def about(self) -> dict[str, str]:
        """Name the backend; what made a track stays in the track's own provenance."""
        return {"backend": "shipped", "version": "1"}

    def sources(self, clip: pd.Series) -> list[Path]:
        """Name the clip's track file, if it brings one."""
        return [] if pd.isna(clip.tracks) else [Path(clip.tracks)]

    def extract(self, clips: pd.DataFrame) -> Iterator[tuple[str, FaceTrack | Failure]]:
        """Yield each clip's own track.

        Parameters
        ----------
        clips : DataFrame
            Rows of a Clips table.

        Yields
        ------
        clip_id : str
        result : FaceTrack or Failure
            A Failure where the file is missing, damaged, belongs to another clip or lacks frames.
        """
        for clip in clips.itertuples(index=False):
            if pd.isna(clip.tracks):
                continue
            try:
                yield clip.clip_id, fitted(FaceTrack.load(clip.tracks), clip, str(clip.tracks))
            except InputError as error:
                yield clip.clip_id, Failure(str(error))


def fitted(track: FaceTrack, clip: object, where: str) -> FaceTrack:
    """Cut a track to its clip.

    Parameters
    ----------
    track : FaceTrack
    clip : row of a Clips table
    where : str
        The file, for messages.

    Raises
    ------
    InputError
        The track is another clip's, or a frame of onset..offset is not in it.
    """
    if track.clip_id != clip.clip_id:
        raise InputError(f"{where}: this is the track of {track.clip_id!r}, the clips table wants {clip.clip_id!r}")
    if pd.isna(clip.onset) or pd.isna(clip.offset):
        return track  # a clip with precomputed motion may have no frame numbers; its track is taken whole
    onset, offset = int(clip.onset), int(clip.offset)
    if absent := sorted(set(range(onset, offset + 1)) - set(track.frame.tolist())):
        raise InputError(
            f"{where}: frame {listing(absent)} of {onset}..{offset} is not in it; it has "
            f"{track.frame[0]}..{track.frame[-1]} ({len(track.frame)} frames)"
        )
    track = track.between(onset, offset)
    if pd.isna(clip.fps):
        return track
    return replace(track, time=(track.frame - onset) / float(clip.fps))
