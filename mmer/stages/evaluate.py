"""Train and predict every fold of one experiment."""

from dataclasses import replace
from pathlib import Path

from mmer.stages import paths
from mmer.stages.cost import save_cost
from mmer.stages.executor import executor
from mmer.stages.experiment import Experiment, how_to_run, load_experiment
from mmer.stages.fingerprint import device_of_workers, fingerprint
from mmer.stages.fold_cache import FoldCache
from mmer.stages.keep import keep
from mmer.stages.progress import progress
from mmer.stages.trainings import run_searched
from mmer.stages.tuned import searched_folds
from mmer.training.au_prior import au_prior, au_prior_oracle
from mmer.training.baselines import constant, majority, prior
from mmer.training.fold_result import FoldResult
from mmer.training.folds import run_folds
from mmer.training.tables import predictions_table
from mmer.types.predictions import save_predictions


def main(name: str) -> None:
    """Write the predictions of experiment ``name``, and what else it leaves in artifacts/training/NAME."""
    experiment = load_experiment(name)
    seeds, (stack, processes) = experiment.config["seeds"], how_to_run(experiment.config)
    where = executor()
    device = device_of_workers(where, experiment.config["device"])
    cache = FoldCache.of(experiment, device)
    if searched_folds(experiment.config):  # every fold has settings of its own
        folds = run_searched(experiment, cache)
    else:
        task = replace(experiment.task(seeds[0]), saw=experiment.config["saw"])
        folds = run_folds(task, experiment.splits, processes, seeds=seeds, stack=stack, cache=cache, executor=where)
    results = list(progress(folds, len(seeds) * len(experiment.splits), f"evaluate {name}", "fold"))
    results = [_with_search(result, experiment) for result in results]
    predictions = predictions_table(name, results, experiment.targets, experiment.clips)
    folder = paths.training(name)
    folder.mkdir(parents=True, exist_ok=True)
    for kind, guesses in _baselines(experiment).items():
        table = predictions_table(kind, guesses, experiment.targets, experiment.clips)
        save_predictions(table, folder / "baselines" / f"{kind}.parquet")
    keep(experiment, results, folder)
    fingerprint(experiment, device).save(folder / "fingerprint.json")
    save_predictions(predictions, Path(paths.predictions(name)))
    save_cost(experiment, results, predictions, device)
    cache.forget_others()


def _with_search(result: FoldResult, experiment: Experiment) -> FoldResult:
    """Add to a fold's ledger the clips on which a search chose its settings."""
    seen = experiment.searched.get(result.fold)
    return result if seen is None else replace(result, seen=result.seen | {"search": seen})


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
