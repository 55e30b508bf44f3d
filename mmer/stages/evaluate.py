"""Train and predict every fold of one experiment."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from mmer.stages import paths
from mmer.stages.cost import save_cost
from mmer.stages.experiment import Experiment, how_to_run, load_experiment
from mmer.stages.fingerprint import device_name, fingerprint
from mmer.stages.fold_cache import FoldCache
from mmer.stages.fused import FACE
from mmer.stages.progress import progress
from mmer.training.au_prior import au_prior, au_prior_oracle
from mmer.training.baselines import constant, majority, prior
from mmer.training.fold_result import FoldResult
from mmer.training.folds import run_folds
from mmer.training.tables import predictions_table
from mmer.types.predictions import save_predictions
from mmer.types.saw import Saw


def main(name: str) -> None:
    """Write the predictions of experiment ``name``, and what else it leaves in artifacts/training/NAME."""
    experiment = load_experiment(name)
    seeds, (stack, processes) = experiment.config["seeds"], how_to_run(experiment.config)
    cache = FoldCache.of(experiment, device_name(experiment.config["device"]))
    task = replace(experiment.task(seeds[0]), saw=experiment.config["saw"])
    folds = run_folds(task, experiment.splits, processes, seeds=seeds, stack=stack, cache=cache)
    results = list(progress(folds, len(seeds) * len(experiment.splits), f"evaluate {name}", "fold"))
    predictions = predictions_table(name, results, experiment.targets, experiment.clips)
    folder = paths.training(name)
    folder.mkdir(parents=True, exist_ok=True)
    for kind, guesses in _baselines(experiment).items():
        table = predictions_table(kind, guesses, experiment.targets, experiment.clips)
        save_predictions(table, folder / "baselines" / f"{kind}.parquet")
    _curves(results).to_parquet(folder / "curves.parquet", index=False)
    _ledger(results).to_parquet(folder / "ledger.parquet", index=False)
    _splits(experiment).to_parquet(folder / "splits.parquet", index=False)
    experiment.excluded.to_parquet(folder / "excluded.parquet", index=False)
    _subsets(experiment, results, folder / "subsets")
    _saw(results, folder / "saw.npz")
    fingerprint(experiment).save(folder / "fingerprint.json")
    save_predictions(predictions, Path(paths.predictions(name)))
    save_cost(experiment, results, predictions)
    cache.forget_others()


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
