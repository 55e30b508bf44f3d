"""FoldResults -> Predictions table."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from mmer.training.fold_result import FoldResult
from mmer.types.errors import InputError, listing
from mmer.types.predictions import validate_predictions
from mmer.types.targets import Targets


def predictions_table(
    experiment: str, results: Iterable[FoldResult], targets: Targets, clips: pd.DataFrame
) -> pd.DataFrame:
    """Join probabilities with truth and subject, by clip id.

    Parameters
    ----------
    experiment : str
    results : iterable of FoldResult
    targets : Targets
        Of all test clips: the first time that their truth is looked at.
    clips : DataFrame
        A Clips table with all test clips.

    Returns
    -------
    DataFrame
        Passes ``mmer.types.predictions.validate_predictions``. The target is ``emotion``; where the targets ask for
        action units there is one row per clip and annotated unit instead, whose target is the unit. A unit is predicted
        present where its probability is over .5.

    Raises
    ------
    InputError
        A clip has no target or no row in the Clips table, a probability is none, there is no fold, or none of the
        test clips has an annotated unit.
    """
    about = clips.set_index("clip_id")[["dataset", "subject"]].astype(str)
    parts = []
    for result in results:
        if lost := [name for name in result.clip_ids if name not in about.index]:
            raise InputError(f"experiment {experiment!r}: not in the clips table: {listing(lost)}")
        p = _probabilities(experiment, result, targets)
        part = (_units if targets.units else _classes)(p, targets.subset(result.clip_ids))
        rows = about.loc[list(part.clip_id)]
        parts.append(
            part.assign(
                experiment=experiment,
                seed=result.seed,
                repeat=result.repeat,
                fold=result.fold,
                dataset=rows.dataset.to_numpy(),
                subject=rows.subject.to_numpy(),
            )
        )
    if not parts:
        raise InputError(f"experiment {experiment!r}: no fold gave a result")
    if not (parts := [part for part in parts if len(part)]):
        raise InputError(
            f"experiment {experiment!r}: no test clip has an annotation of {listing(targets.units, 20)}; choose "
            "corpora that annotate action units, or a label scheme that asks for the emotion"
        )
    return validate_predictions(pd.concat(parts, ignore_index=True))


def _probabilities(experiment: str, result: FoldResult, targets: Targets) -> np.ndarray:
    """Return the probabilities as float64 after a check; those of classes sum to 1 exactly."""
    p, shape = np.asarray(result.probabilities, np.float64), (len(result.clip_ids), targets.n_outputs)
    where = f"experiment {experiment!r}, fold {result.fold!r}"
    if p.shape != shape:
        raise InputError(
            f"{where}: {shape[0]} test clips with {shape[1]} outputs, but probabilities of shape {p.shape}"
        )
    bad = ~np.isfinite(p).all(1) | (p < 0).any(1)
    bad |= (p > 1).any(1) if targets.units else ~(p.sum(1) > 0)
    if bad.any():
        clips = [name for name, wrong in zip(result.clip_ids, bad, strict=True) if wrong]
        raise InputError(
            f"{where}, seed {result.seed}: no probabilities (NaN, infinite, or outside 0..1) for {listing(clips)}; the "
            "features of these clips are not finite or the training diverged (a lower `model.lr` usually helps)"
        )
    return p if targets.units else p / p.sum(1, keepdims=True)


def _classes(p: np.ndarray, targets: Targets) -> pd.DataFrame:
    """One row per clip."""
    names = np.array(targets.classes)
    rows = {
        "clip_id": list(targets.clip_ids),
        "target": "emotion",
        "truth": names[targets.index],
        "predicted": names[p.argmax(1)],
    }
    return pd.DataFrame(rows | {f"p_{name}": p[:, k] for k, name in enumerate(targets.classes)})


def _units(p: np.ndarray, targets: Targets) -> pd.DataFrame:
    """One row per clip and annotated unit."""
    answer = targets.answer
    clip, unit = np.nonzero(~np.isnan(answer))
    present = p[clip, unit]
    absent_or_present = np.array(targets.classes)
    rows = {
        "clip_id": np.array(targets.clip_ids, object)[clip],
        "target": np.array(targets.units, object)[unit],
        "truth": absent_or_present[(answer[clip, unit] > 0.5).astype(int)],
        "predicted": absent_or_present[(present > 0.5).astype(int)],
    }
    columns = (1 - present, present)
    return pd.DataFrame(rows | {f"p_{name}": columns[k] for k, name in enumerate(targets.classes)})
