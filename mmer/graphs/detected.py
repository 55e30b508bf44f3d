"""Which action units the tracks show: how far a detector's value rises within each clip. Nothing here is annotated."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mmer.graphs.sampling import at, rows_of_clip, smooth
from mmer.types.face_track import FaceTrack


def detected_units(clips: pd.DataFrame, tracks: Mapping[str, FaceTrack], average: int = 3) -> pd.DataFrame:
    """Measure how far each unit rises above its value at onset, anywhere within onset..offset.

    A person's resting face differs from another's and detectors differ by subject, so the value at onset is taken off.
    It is the number ``au_max`` of the AU nodes.

    Parameters
    ----------
    clips : DataFrame
        Columns ``clip_id``, ``onset`` and ``offset`` of a Clips table; nothing else is read.
    tracks : mapping of clip_id to FaceTrack
        May lack clips.
    average : int
        Frames in the moving average against jitter, odd.

    Returns
    -------
    DataFrame
        ``clip_id``, then one float32 column per action unit that any of the tracks has, by name; on the tracks'
        ``au_scale``. One row per clip that has a track, sorted. NaN where a track lacks the unit, has no value of it,
        or has no face in the clip.

    Raises
    ------
    InputError
        A track has no row within onset..offset.
    """
    rises = {
        clip.clip_id: _rises(clip, tracks[clip.clip_id], average)
        for _, clip in clips[["clip_id", "onset", "offset"]].iterrows()
        if clip.clip_id in tracks
    }
    names = sorted({unit for values in rises.values() for unit in values})
    table = [[rises[clip].get(unit, np.nan) for unit in names] for clip in sorted(rises)]
    values = pd.DataFrame(np.array(table, np.float32).reshape(len(rises), len(names)), columns=names)
    values.insert(0, "clip_id", pd.Series(sorted(rises), dtype="str"))
    return values


def _rises(clip: pd.Series, track: FaceTrack, average: int) -> dict[str, float]:
    """Return the rise of every unit of one track."""
    if not _has_face(clip, track):
        return dict.fromkeys(track.au_names, np.nan)
    rows = rows_of_clip(clip, track)
    rises = {}
    for unit, series in zip(rows.au_names, rows.action_units.astype(np.float64).T, strict=True):
        known = np.isfinite(series)
        if not known.any():
            rises[unit] = np.nan
            continue
        frame, values = rows.frame[known], smooth(rows.frame[known], series[known], average)
        rises[unit] = values.max() - at(frame, values, rows.frame[:1])[0]
    return rises


def _has_face(clip: pd.Series, track: FaceTrack) -> bool:
    """Say whether a track has a face in its clip; yes, too, if it lies elsewhere, which ``rows_of_clip`` explains."""
    if pd.isna(clip.onset) or pd.isna(clip.offset):
        return bool(track.valid.any())
    inside = (track.frame >= int(clip.onset)) & (track.frame <= int(clip.offset))
    return bool(track.valid[inside].any()) or not inside.any()
