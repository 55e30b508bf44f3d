"""Train and predict every fold of one experiment."""

from functools import partial

import pandas as pd

from mmer.stages import paths
from mmer.stages.build import build
from mmer.stages.progress import progress
from mmer.stages.read_config import read_config
from mmer.stages.recipe import split_model
from mmer.stages.select import experiment_clips, experiment_samples, select
from mmer.training.baselines import majority, random
from mmer.training.folds import Task, run_folds
from mmer.training.tables import predictions_table
from mmer.types.predictions import save_predictions
from mmer.types.targets import Targets


def main(name: str) -> None:
    """Write the predictions of experiment ``name``, and its baselines, training curves and excluded clips."""
    config = read_config("experiments", name)
    clips = experiment_clips(config["datasets"])
    samples = experiment_samples(config)
    scheme = build(config["labels"])
    classes = scheme.assign(clips)
    clips, excluded = select(clips, classes, samples, config["labels"]["name"])
    targets = Targets.of(clips, classes, scheme.classes)
    samples = samples.subset(targets.clip_ids)
    splits = build(config["protocol"]).splits(clips)
    model, recipe = split_model(config["model"])
    edges = partial(build(config["edges"]).fit, build(config["nodes"]).node_set())
    tables, curves = [], []
    for seed in config["seeds"]:
        task = Task(
            experiment=name,
            seed=seed,
            samples=samples,
            targets=targets,
            make_model=partial(build, model),
            make_loss=partial(build, config["loss"]),
            fit_edges=edges,
            recipe=recipe,
            device=config["device"],
            preload=(model["_target_"].rpartition(".")[0],),
        )
        results = list(progress(run_folds(task, splits), len(splits), f"evaluate {name} seed {seed}", "fold"))
        tables.append(predictions_table(name, results, targets, clips))
        curves += [result.curve.assign(seed=seed, fold=result.fold) for result in results]
    folder = paths.training(name)
    folder.mkdir(parents=True, exist_ok=True)
    save_predictions(
        predictions_table("majority", majority(splits, targets), targets, clips), folder / "majority.parquet"
    )
    save_predictions(predictions_table("random", random(splits, targets), targets, clips), folder / "random.parquet")
    pd.concat(curves, ignore_index=True).to_parquet(folder / "curves.parquet", index=False)
    excluded.to_parquet(folder / "excluded.parquet", index=False)
    save_predictions(pd.concat(tables, ignore_index=True), paths.predictions(name))
