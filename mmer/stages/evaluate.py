"""Train and predict every fold of one experiment."""

from pathlib import Path

import pandas as pd

from mmer.stages import paths
from mmer.stages.experiment import Experiment, load_experiment
from mmer.stages.fingerprint import fingerprint
from mmer.stages.progress import progress
from mmer.training.au_prior import au_prior, au_prior_oracle
from mmer.training.baselines import constant, majority, prior
from mmer.training.fold_result import FoldResult
from mmer.training.folds import run_folds
from mmer.training.tables import predictions_table
from mmer.types.predictions import save_predictions


def main(name: str) -> None:
    """Write the predictions of experiment ``name``, and what else it leaves in artifacts/training/NAME."""
    experiment = load_experiment(name)
    tables, results = [], []
    for seed in experiment.config["seeds"]:
        folds = run_folds(experiment.task(seed), experiment.splits)
        done = list(progress(folds, len(experiment.splits), f"evaluate {name} seed {seed}", "fold"))
        tables.append(predictions_table(name, done, experiment.targets, experiment.clips))
        results += done
    folder = paths.training(name)
    folder.mkdir(parents=True, exist_ok=True)
    for kind, guesses in _baselines(experiment).items():
        table = predictions_table(kind, guesses, experiment.targets, experiment.clips)
        save_predictions(table, folder / "baselines" / f"{kind}.parquet")
    _curves(results).to_parquet(folder / "curves.parquet", index=False)
    _ledger(results).to_parquet(folder / "ledger.parquet", index=False)
    _splits(experiment).to_parquet(folder / "splits.parquet", index=False)
    experiment.excluded.to_parquet(folder / "excluded.parquet", index=False)
    fingerprint(experiment).save(folder / "fingerprint.json")
    save_predictions(pd.concat(tables, ignore_index=True), Path(paths.predictions(name)))


def _baselines(experiment: Experiment) -> dict[str, list[FoldResult]]:
    """Return what a recogniser must beat; a baseline that these data do not allow has no result."""
    splits, targets = experiment.splits, experiment.targets
    found = {"majority": majority(splits, targets), "prior": prior(splits, targets)}
    if targets.units:
        found["constant"] = constant(splits, targets)
    else:
        found["au_prior"] = au_prior(splits, targets, experiment.detected())
        found["au_prior_oracle"] = au_prior_oracle(splits, targets)
    return {kind: guesses for kind, guesses in found.items() if guesses}


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


def _splits(experiment: Experiment) -> pd.DataFrame:
    """List who is on which side of each fold."""
    rows = [
        (split.repeat, split.fold, side, clip_id)
        for split in experiment.splits
        for side in ("train", "test")
        for clip_id in getattr(split, side)
    ]
    return pd.DataFrame(rows, columns=["repeat", "fold", "side", "clip_id"])
