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
        Passes ``mmer.types.predictions.validate_predictions``; the target is ``emotion``.

    Raises
    ------
    InputError
        A clip has no target or no row in the Clips table, or a probability is not finite.
    """
    about = clips.set_index("clip_id")[["dataset", "subject"]].astype(str)
    parts = []
    for result in results:
        if lost := [name for name in result.clip_ids if name not in about.index]:
            raise InputError(f"experiment {experiment!r}: not in the clips table: {listing(lost)}")
        p = np.asarray(result.probabilities, np.float64)
        p = p / p.sum(1, keepdims=True)
        part = pd.DataFrame(
            {
                "experiment": experiment,
                "seed": result.seed,
                "fold": result.fold,
                "clip_id": list(result.clip_ids),
                "dataset": about.dataset[list(result.clip_ids)].to_numpy(),
                "subject": about.subject[list(result.clip_ids)].to_numpy(),
                "target": "emotion",
                "truth": [targets.classes[index] for index in targets.subset(result.clip_ids).index],
                "predicted": [targets.classes[index] for index in p.argmax(1)],
            }
        )
        parts.append(part.assign(**{f"p_{name}": p[:, k] for k, name in enumerate(targets.classes)}))
    if not parts:
        raise InputError(f"experiment {experiment!r}: no fold gave a result")
    return validate_predictions(pd.concat(parts, ignore_index=True))
