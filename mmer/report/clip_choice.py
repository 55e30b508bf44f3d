"""Which clips a report shows: the same ones every time, right and wrong ones of every class."""

from collections.abc import Callable
from hashlib import sha256

import pandas as pd

from mmer.types.predictions import class_names

MOST = 16


def choose_clips(predictions: pd.DataFrame, has_picture: Callable[[str], bool]) -> pd.DataFrame:
    """Choose for each true class one clip predicted right and one predicted wrong, in the first run.

    Parameters
    ----------
    predictions : DataFrame
        Predictions table of one experiment.
    has_picture : callable
        Whether a clip has pictures; such clips go first.

    Returns
    -------
    DataFrame
        At most ``MOST`` rows of ``predictions``, in the order of the classes, right before wrong. Among equals the
        order is that of the sha256 of the clip id: not the table's, not the subjects', and equal in all experiments,
        so that they show the same clips where they can.
    """
    table = _in_order(predictions, has_picture)
    chosen = [
        part.iloc[[0]]
        for name in class_names(predictions)
        for wrong in (False, True)
        if len(part := table[(table.truth == name) & (table.wrong == wrong)])
    ]
    return pd.concat(chosen)[list(predictions.columns)].head(MOST).reset_index(drop=True)


def choose_clips_of_units(predictions: pd.DataFrame, has_picture: Callable[[str], bool]) -> tuple[str, ...]:
    """Choose for each action unit a clip in which it is found and one in which it is missed, in the first run.

    Parameters
    ----------
    predictions : DataFrame
        Predictions table of one experiment that detects action units.
    has_picture : callable
        Whether a clip has pictures; such clips go first.

    Returns
    -------
    tuple of str
        At most ``MOST`` clip ids, each once, in the order of the units; among equals as in ``choose_clips``.
    """
    table = _in_order(predictions, has_picture)
    shown = table[table.truth == class_names(predictions)[1]]
    chosen = [
        part.clip_id.iloc[0]
        for unit in sorted(set(shown.target))
        for wrong in (False, True)
        if len(part := shown[(shown.target == unit) & (shown.wrong == wrong)])
    ]
    return tuple(dict.fromkeys(chosen))[:MOST]


def first_run(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the first repeat of the first seed."""
    table = predictions[predictions.seed == predictions.seed.min()]
    return table[table.repeat == table.repeat.min()] if "repeat" in table else table


def _in_order(predictions: pd.DataFrame, has_picture: Callable[[str], bool]) -> pd.DataFrame:
    """Mark what is wrong in the first run, and put clips with pictures first, else in the order of their digests."""
    table = first_run(predictions)
    return table.assign(
        blind=[not has_picture(name) for name in table.clip_id],
        place=[sha256(name.encode()).hexdigest() for name in table.clip_id],
        wrong=table.truth != table.predicted,
    ).sort_values(["blind", "place", "target"])
