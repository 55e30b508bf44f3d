"""Render the report from predictions and artifacts; nothing is trained or computed anew."""

import json
import logging
from pathlib import Path

import pandas as pd

from mmer.report.page import markdown_table, metrics_json, render
from mmer.report.records import DatasetRecord, ExperimentRecord
from mmer.stages import paths
from mmer.stages.read_config import read_all
from mmer.stages.select import experiment_samples
from mmer.types.clips import load_clips
from mmer.types.motion import Motion
from mmer.types.predictions import load_predictions
from mmer.types.whole_file import whole_file

SYNTHETIC = "SYNTHETIC.txt"  # every rendered release has this file, so that a reader is told

log = logging.getLogger("mmer")


def main() -> None:
    """Write artifacts/report/index.html and artifacts/metrics.json from every experiment that has predictions."""
    config = read_all()
    names = [name for name in config["experiments"] if paths.predictions(name).is_file()]
    for name in sorted(set(config["experiments"]) - set(names)):
        log.warning("report: experiment %s has no predictions yet; `dvc repro evaluate@%s` makes them", name, name)
    experiments = [_experiment(name, config["experiments"][name]) for name in names]
    datasets = [
        DatasetRecord(
            name,
            {**section, "synthetic": (Path("data") / name / SYNTHETIC).is_file()},
            load_clips(paths.clips(name)),
            Motion.load(paths.motion(name)),
        )
        for name, section in config["datasets"].items()
        if paths.motion(name).is_file()
    ]
    page = render(experiments, datasets, {})
    for path, text in (
        (paths.METRICS, json.dumps(metrics_json(experiments), indent=2, sort_keys=True) + "\n"),
        (paths.REPORT, page),
    ):
        with whole_file(path) as partial:
            partial.write_text(text, encoding="utf-8")
    print(markdown_table(experiments))
    print(f"\nThe report: {paths.REPORT.resolve()}")


def _experiment(name: str, config: dict) -> ExperimentRecord:
    folder = paths.training(name)
    return ExperimentRecord(
        name=name,
        config=config,
        predictions=load_predictions(paths.predictions(name)),
        baselines={path.stem: load_predictions(path) for path in sorted((folder / "baselines").glob("*.parquet"))},
        curves=pd.read_parquet(folder / "curves.parquet"),
        excluded=pd.read_parquet(folder / "excluded.parquet"),
        samples=experiment_samples(config),
    )
