"""Keep what an experiment's training cost: under .mmer/, for seconds are of a machine and must change no artifact."""

from collections.abc import Sequence

import pandas as pd

from mmer.stages import paths
from mmer.stages.experiment import Experiment
from mmer.training.checks import model_sizes
from mmer.training.fold_result import FoldResult
from mmer.training.task import each_task, task_of
from mmer.types.cost import Cost
from mmer.types.predictions import predictions_digest


def save_cost(experiment: Experiment, results: Sequence[FoldResult], predictions: pd.DataFrame, device: str) -> None:
    """Write the cost of an experiment that was just trained, on a device of this name."""
    tasks = experiment.tasks(experiment.config["seeds"][0])
    task = task_of(tasks, experiment.splits[0].fold)  # searched folds may have models of several sizes
    parameters = None
    if not any(one.classical for one in each_task(tasks)):
        model = task.make_model(model_sizes(task, experiment.splits[0].train))
        parameters = sum(value.numel() for value in model.parameters())
    cost = Cost(
        experiment=experiment.name,
        parameters=parameters,
        seconds=round(sum(result.seconds for result in results), 3),
        trainings=len(results),
        seeds=len(experiment.config["seeds"]),
        device=device,
        predictions=predictions_digest(predictions),
    )
    cost.save(paths.cost(experiment.name))
