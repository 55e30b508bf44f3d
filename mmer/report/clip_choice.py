"""Which clips a report shows: the same ones every time, right and wrong ones of every class."""

from collections.abc import Callable
from hashlib import sha256

import pandas as pd

from mmer.types.predictions import class_names

MOST = 16


def choose_clips(predictions: pd.DataFrame, has_picture: Callable[[str], bool]) -> pd.DataFrame:
    """Choose for each true class one clip predicted right and one predicted wrong, under the first seed.

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
    table = predictions[predictions.seed == predictions.seed.min()]
    table = table.assign(
        blind=[not has_picture(name) for name in table.clip_id],
        place=[sha256(name.encode()).hexdigest() for name in table.clip_id],
        wrong=table.truth != table.predicted,
    ).sort_values(["blind", "place"])
    chosen = [
        part.iloc[[0]]
        for name in class_names(predictions)
        for wrong in (False, True)
        if len(part := table[(table.truth == name) & (table.wrong == wrong)])
    ]
    return pd.concat(chosen)[list(predictions.columns)].head(MOST).reset_index(drop=True)
