"""What every metric asks of a Predictions table first: one experiment, of which kind, with which runs."""

import numpy as np
import pandas as pd

from mmer.types.errors import InputError, listing
from mmer.types.predictions import KEYS, class_names

RUN = ["seed", "repeat"]
PRESENCE = ("absent", "present")


def is_multilabel(predictions: pd.DataFrame) -> bool:
    """Tell a table of action unit detection (classes absent, present) from one of emotion recognition."""
    return class_names(predictions) == PRESENCE


def checked(predictions: pd.DataFrame) -> pd.DataFrame:
    """Check that pooling the rows of a table of either kind means something.

    Parameters
    ----------
    predictions : DataFrame
        Predictions table, or rows of one; a table without ``repeat`` has one repeat, 0.

    Returns
    -------
    DataFrame
        With ``repeat``; all rows, in their order.

    Raises
    ------
    InputError
        The table is empty, has empty cells or probabilities that are NaN or infinite, holds several experiments,
        several targets that are no action units, or a clip twice within a run.
    """
    if not len(predictions):
        raise InputError("metrics: the Predictions table is empty; no test clip was predicted")
    if "repeat" not in predictions:
        predictions = predictions.assign(repeat=0)
    if empty := [name for name in KEYS if name in predictions and predictions[name].isna().any()]:
        raise InputError(f"metrics: columns {empty} have empty cells; every row needs them")
    probabilities(predictions)  # without them what is predicted means nothing, whether a score looks at them or not
    for name in ["experiment"] if is_multilabel(predictions) else ["experiment", "target"]:
        if len(found := sorted(set(predictions[name]))) > 1:
            raise InputError(f"metrics: one {name} at a time, but the table holds {found}; filter it first")
    if is_multilabel(predictions) and (predictions.target == "emotion").any():
        raise InputError("metrics: rows of emotions among rows of action units; keep the two in tables of their own")
    twice = predictions.duplicated([*RUN, "clip_id", "target"])
    if twice.any():
        raise InputError(
            "metrics: clips that one seed and repeat predicts twice, so that pooling would count them twice: "
            f"{listing(predictions.clip_id[twice])}; a protocol that tests a clip again must number its repeats"
        )
    return predictions


def checked_emotions(predictions: pd.DataFrame) -> pd.DataFrame:
    """Check a table of emotion recognition; refuse action units, whose rows are not clips."""
    if is_multilabel(predictions):
        raise InputError(
            f"metrics: this is a table of action units ({listing(sorted(set(predictions.target)))}); "
            "UF1, UAR and confusion matrices are of emotions. Use mmer.metrics.multilabel"
        )
    return checked(predictions)


def checked_units(predictions: pd.DataFrame) -> pd.DataFrame:
    """Check a table of action unit detection; refuse emotions, which exclude each other."""
    if not is_multilabel(predictions):
        raise InputError(
            f"metrics: this is not a table of action units: its classes are {list(class_names(predictions))}, not "
            f"{list(PRESENCE)}. Use mmer.metrics.scores"
        )
    return checked(predictions)


def probabilities(predictions: pd.DataFrame) -> np.ndarray:
    """Return the probabilities (n, K) float64 in the order of the classes; NaN or infinity is an InputError."""
    p = predictions[[f"p_{name}" for name in class_names(predictions)]].to_numpy(np.float64)
    if (bad := ~np.isfinite(p).all(1)).any():
        raise InputError(f"metrics: probabilities are NaN or infinite for {listing(predictions.clip_id[bad])}")
    return p


def run_places(predictions: pd.DataFrame) -> tuple[np.ndarray, pd.MultiIndex]:
    """Number the runs of a checked table.

    Returns
    -------
    places : ndarray of shape (n,), int64
        Run of each row.
    runs : MultiIndex (seed, repeat)
        Sorted.
    """
    grouped = predictions.groupby(RUN, sort=True)
    runs = pd.MultiIndex.from_tuples([tuple(int(part) for part in key) for key in grouped.groups], names=RUN)
    return grouped.ngroup().to_numpy(), runs
