"""Events: clips that show the same moment of the same face, and so belong on the same side of every fold."""

import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

SHARED = ("event", "frames", "motion")


def events(clips: pd.DataFrame) -> pd.Series:
    """Name the event of every clip.

    Clips are of one event where they share the column ``event`` (modalities of one recording, augmented siblings), the
    same ``frames`` (several annotations of one video) or the same ``motion`` file; being of one event is transitive.

    Parameters
    ----------
    clips : DataFrame
        A Clips table, or any part of it that has ``clip_id``; of the three columns those that are there are used.

    Returns
    -------
    Series of str, indexed by ``clip_id`` in the order of ``clips``
        The smallest clip id of the event's clips.
    """
    ids = clips.clip_id.astype(str).to_numpy()
    rows, marks = [], []
    n_marks = 0
    for name in (name for name in SHARED if name in clips):
        place, found = pd.factorize(clips[name], use_na_sentinel=True)
        there = place >= 0
        rows += there.nonzero()[0].tolist()
        marks += (len(ids) + n_marks + place[there]).tolist()
        n_marks += len(found)
    size = len(ids) + n_marks
    # Clips and shared values are the two sides of one graph; its components are the events.
    _, component = connected_components(coo_array(([1] * len(rows), (rows, marks)), (size, size)), directed=False)
    names = pd.Series(ids).groupby(component[: len(ids)]).transform("min")
    return pd.Series(names.to_numpy(), index=pd.Index(ids, name="clip_id"), name="event", dtype="str")
