"""Predictions: one row per (experiment, seed, repeat, fold, test clip, target). Every number comes from here."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from mmer.types.errors import InputError, listing
from mmer.types.whole_file import whole_file

KEYS = ("experiment", "seed", "repeat", "fold", "clip_id", "dataset", "subject", "target", "truth", "predicted")


def class_names(predictions: pd.DataFrame) -> tuple[str, ...]:
    """Return the classes in their declared order, read from the columns ``p_CLASS``."""
    return tuple(name[2:] for name in predictions.columns if name.startswith("p_"))


def validate_predictions(predictions: pd.DataFrame) -> pd.DataFrame:
    """Check a Predictions table.

    Parameters
    ----------
    predictions : DataFrame
        Columns ``experiment``, ``seed``, ``repeat``, ``fold``, ``clip_id``, ``dataset``, ``subject``, ``target``
        (``emotion``, or the name of an action unit such as ``AU04``), ``truth``, ``predicted`` and one probability
        ``p_CLASS`` per class, in the scheme's order. A table without ``repeat`` has one repeat, 0.

    Returns
    -------
    DataFrame
        Sorted by (experiment, seed, repeat, fold, clip_id, target).

    Raises
    ------
    InputError
        A column is missing or has empty cells, seeds or repeats are no whole numbers from 0, emotions and action units
        are in one table, a clip is in two folds of one repeat, a word is not a class, the truth, subject or dataset of
        a clip differs between its rows, or probabilities are no numbers, NaN, negative, do not sum to 1 or do not peak
        at ``predicted``.
    """
    if "repeat" not in predictions:
        predictions = predictions.assign(repeat=0)
    if missing := [name for name in KEYS if name not in predictions]:
        raise InputError(f"predictions: columns {missing} are missing")
    classes = class_names(predictions)
    if not classes:
        raise InputError("predictions: there is no p_CLASS column")
    if not len(predictions):
        raise InputError("predictions: the table is empty; no test clip was predicted")
    predictions = predictions[[*KEYS, *(f"p_{name}" for name in classes)]]
    if empty := [name for name in KEYS if predictions[name].isna().any()]:
        raise InputError(f"predictions: columns {empty} have empty cells")
    for name in ("seed", "repeat"):
        if not pd.api.types.is_integer_dtype(predictions[name]) or (predictions[name] < 0).any():
            raise InputError(f"predictions: {name} must be whole numbers from 0, got {_some(predictions[name])}")
    if len(targets := sorted(set(predictions.target))) > 1 and "emotion" in targets:
        raise InputError(f"predictions: emotions and action units in one table ({listing(targets)}); give each its own")
    twice = predictions.duplicated(["experiment", "seed", "repeat", "clip_id", "target"])
    if twice.any():
        raise InputError(
            "predictions: tested more than once under one seed and repeat, so in two folds: "
            f"{listing(predictions.clip_id[twice])}"
        )
    for name in ("truth", "predicted"):
        if strange := sorted(set(predictions[name]) - set(classes)):
            raise InputError(f"predictions: {name} holds {strange}, which are not among the classes {list(classes)}")
    _check_facts(predictions)
    if words := [f"p_{name}" for name in classes if not pd.api.types.is_numeric_dtype(predictions[f"p_{name}"])]:
        raise InputError(f"predictions: columns {words} must be numbers, got {_some(predictions[words[0]])}")
    p = predictions[[f"p_{name}" for name in classes]].to_numpy(float)
    bad = ~np.isfinite(p).all(1) | (p < 0).any(1) | (np.abs(p.sum(1) - 1) > 1e-4)
    if bad.any():
        raise InputError(
            f"predictions: probabilities are NaN, negative or do not sum to 1 for {listing(predictions.clip_id[bad])}"
        )
    peak = p.max(1) - p[np.arange(len(p)), [classes.index(name) for name in predictions.predicted]]
    if (peak > 1e-6).any():
        raise InputError(
            f"predictions: predicted is not the most probable class for {listing(predictions.clip_id[peak > 1e-6])}"
        )
    return predictions.sort_values(
        ["experiment", "seed", "repeat", "fold", "clip_id", "target"], kind="stable"
    ).reset_index(drop=True)


def _check_facts(predictions: pd.DataFrame) -> None:
    """Refuse a clip that is said to be two things: scores of groups and resamples of subjects rest on what it is."""
    for name, of in (("truth", ["clip_id", "target"]), ("subject", ["clip_id"]), ("dataset", ["clip_id"])):
        found = predictions.groupby(["experiment", *of], sort=True)[name].nunique()
        if (found > 1).any():
            clips = found[found > 1].index.get_level_values("clip_id").unique()
            raise InputError(f"predictions: the {name} differs between seeds, repeats or units for {listing(clips)}")


def _some(values: pd.Series) -> str:
    """Write the first few different values."""
    return listing(values.drop_duplicates().map(repr), 3)


def save_predictions(predictions: pd.DataFrame, path: str | Path) -> None:
    """Validate a Predictions table and write it to one parquet file."""
    predictions = validate_predictions(predictions)
    with whole_file(path) as partial:
        predictions.to_parquet(partial, index=False)


def load_predictions(path: str | Path) -> pd.DataFrame:
    """Read a Predictions table and validate it.

    Raises
    ------
    InputError
        There is no such file, or it is damaged, or holds what ``validate_predictions`` refuses.
    """
    if not Path(path).is_file():
        raise InputError(f"{path}: there are no predictions yet; run `dvc repro`")
    try:
        return validate_predictions(pd.read_parquet(path))
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: not a readable predictions table; run `dvc repro` ({error})") from error
    except InputError as error:
        raise InputError(f"{path}: {str(error).removeprefix('predictions: ')}; run `dvc repro`") from error


def predictions_digest(predictions: pd.DataFrame) -> str:
    """Digest a Predictions table: sha256 of every row, whatever the order of the rows or the version of the file."""
    rows = validate_predictions(predictions)
    words = rows.select_dtypes(exclude="number").astype(str)
    numbers = rows.select_dtypes("number").astype("float64")
    digest = sha256(repr([*rows.columns]).encode())
    digest.update(words.to_csv(index=False).encode())
    digest.update(np.ascontiguousarray(numbers.to_numpy(), "<f8").tobytes())
    return digest.hexdigest()
