"""Where faces are looked for: in a backend's own processes here, or on the workers of a cluster."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from mmer.faces import Extractor, Failure
from mmer.stages.executor import executor
from mmer.stages.parallel import parallel_map
from mmer.types.face_track import FaceTrack

Found = tuple[str, FaceTrack | Failure]
CLIPS_PER_ITEM = 8  # each loads the networks, for some ten seconds; what a killed worker loses


def extract(extractor: Extractor, clips: pd.DataFrame) -> Iterator[Found]:
    """Yield each clip as it is finished; other machines get some clips at a time.

    Parameters
    ----------
    extractor : Extractor
    clips : DataFrame
        Rows of a Clips table.
    """
    where = executor()
    if not where.remote:
        yield from extractor.extract(clips)
        return
    if hasattr(extractor, "workers"):
        extractor = replace(extractor, workers=1)  # the cluster has a worker per core already
    parts = [clips.iloc[start : start + CLIPS_PER_ITEM] for start in range(0, len(clips), CLIPS_PER_ITEM)]
    for found in parallel_map(_extract_part, extractor, parts, where=where):
        yield from found


def _extract_part(extractor: Extractor, clips: pd.DataFrame) -> list[Found]:
    return list(extractor.extract(clips))
