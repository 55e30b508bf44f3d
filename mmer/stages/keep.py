"""What an experiment keeps of its folds beside the predictions, for the report and for whoever asks later."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from mmer.stages.experiment import Experiment
from mmer.stages.fused import FACE
from mmer.training.fold_result import FoldResult
from mmer.training.tables import predictions_table
from mmer.types.predictions import save_predictions
from mmer.types.saw import Saw


def keep(experiment: Experiment, results: list[FoldResult], folder: Path) -> None:
    """Write curves, ledger, folds, excluded clips, predictions from subsets of streams, and what the models saw.

    Parameters
    ----------
    experiment : Experiment
    results : list of FoldResult
        Of all its trainings.
    folder : Path
        artifacts/training/NAME.
    """
    _curves(results).to_parquet(folder / "curves.parquet", index=False)
    _ledger(results).to_parquet(folder / "ledger.parquet", index=False)
    _splits(experiment).to_parquet(folder / "splits.parquet", index=False)
    experiment.excluded.to_parquet(folder / "excluded.parquet", index=False)
    _subsets(experiment, results, folder / "subsets")
    _saw(results, folder / "saw.npz")


def _curves(results: list[FoldResult]) -> pd.DataFrame:
    """Put the training curves of all folds together."""
    return pd.concat([result.curve.assign(seed=result.seed, fold=result.fold) for result in results], ignore_index=True)


def _ledger(results: list[FoldResult]) -> pd.DataFrame:
    """List everything that was fitted in each fold, with the clips it was fitted on."""
    rows = [
        (result.seed, result.repeat, result.fold, what, list(clip_ids))
        for result in results
        for what, clip_ids in sorted(result.seen.items())
    ]
    return pd.DataFrame(rows, columns=["seed", "repeat", "fold", "fitted", "clip_ids"])


def _subsets(experiment: Experiment, results: list[FoldResult], folder: Path) -> None:
    """Write what a fused model predicts of the same clips from some of its streams only, a table per subset."""
    for old in sorted(folder.glob("*.parquet")):
        old.unlink()
    for streams in sorted({streams for result in results for streams in result.subsets}):
        parts = [replace(result, probabilities=result.subsets[streams]) for result in results]
        table = predictions_table(experiment.name, parts, experiment.targets, experiment.clips)
        name = "+".join(sorted(streams.split("+"), key=lambda stream: (stream != FACE, stream)))
        save_predictions(table, folder / f"{name}.parquet")


def _saw(results: list[FoldResult], path: Path) -> None:
    """Write what the models saw, where they show anything."""
    path.unlink(missing_ok=True)
    if parts := [result.saw for result in results if result.saw is not None]:
        Saw.merge(parts).save(path)


def _splits(experiment: Experiment) -> pd.DataFrame:
    """List who is on which side of each fold."""
    rows = [
        (split.repeat, split.fold, side, clip_id)
        for split in experiment.splits
        for side in ("train", "test")
        for clip_id in getattr(split, side)
    ]
    return pd.DataFrame(rows, columns=["repeat", "fold", "side", "clip_id"])
