"""Render the report from predictions and artifacts; nothing is trained or computed anew."""

import json
import logging
from pathlib import Path

from mmer.report.metrics_file import metrics_json
from mmer.report.page import render
from mmer.report.published import load
from mmer.report.records import DatasetRecord, ExperimentRecord
from mmer.report.results import measure
from mmer.report.terminal import markdown_table
from mmer.stages import paths
from mmer.stages.read_config import read_all
from mmer.stages.read_table import read_table
from mmer.stages.select import experiment_clips, experiment_samples
from mmer.types.audit import Audit
from mmer.types.clips import load_clips
from mmer.types.errors import InputError
from mmer.types.fingerprint import Fingerprint
from mmer.types.motion import Motion
from mmer.types.predictions import load_predictions
from mmer.types.whole_file import whole_file

SYNTHETIC = "SYNTHETIC.txt"  # every rendered release has this file, so that a reader is told

log = logging.getLogger("mmer")


def main() -> None:
    """Write report/index.html and metrics.json from every experiment, or row of a table, that has predictions."""
    config = read_all()
    names = [name for name in config["experiments"] if paths.predictions(name).is_file()]
    for name in sorted(set(config["experiments"]) - set(names)):
        command = f"mmer table {paths.current_table()}" if paths.current_table() else f"dvc repro evaluate@{name}"
        log.warning("report: experiment %s has no predictions yet; `%s` makes them", name, command)
    results = measure([_experiment(name, config["experiments"][name]) for name in names])
    datasets = [_dataset(name, section) for name, section in config["datasets"].items() if paths.motion(name).is_file()]
    page = render(results, datasets, {}, load())
    for path, text in (
        (
            paths.here(paths.METRICS),
            json.dumps(metrics_json(results), indent=2, sort_keys=True, allow_nan=False) + "\n",
        ),
        (paths.here(paths.REPORT), page),
    ):
        with whole_file(path) as partial:
            partial.write_text(text, encoding="utf-8")
    print(f"{markdown_table(results)}\n\nThe report: {paths.here(paths.REPORT).resolve()}")


def _experiment(name: str, config: dict) -> ExperimentRecord:
    folder = paths.training(name)
    excluded = read_table(folder / "excluded.parquet")
    clips = experiment_clips(config["datasets"])
    baselines = sorted((folder / "baselines").glob("*.parquet"))
    if not baselines:
        raise InputError(f"{folder / 'baselines'} has no table, so nothing says what is to be beaten; run `dvc repro`")
    return ExperimentRecord(
        name=name,
        config=config,
        predictions=load_predictions(paths.predictions(name)),
        baselines={path.stem: load_predictions(path) for path in baselines},
        curves=read_table(folder / "curves.parquet"),
        excluded=excluded,
        samples=experiment_samples(config),
        fingerprint=Fingerprint.load(folder / "fingerprint.json"),
        audit=_audit(name),
        clips=clips[~clips.clip_id.isin(excluded.clip_id)].reset_index(drop=True),
        synthetic=any(_synthetic(dataset) for dataset in config["datasets"]),
    )


def _dataset(name: str, config: dict) -> DatasetRecord:
    config = {**config, "synthetic": _synthetic(name)}
    return DatasetRecord(name, config, load_clips(paths.clips(name)), Motion.load(paths.motion(name)))


def _audit(name: str) -> Audit | None:
    """Read the last audit; one that cannot be read counts as none, for the report does not depend on it."""
    path = paths.audit(name)
    if not path.is_file():
        return None
    try:
        return Audit.load(path)
    except InputError as error:
        log.warning("report: %s", error)
        return None


def _synthetic(dataset: str) -> bool:
    return (Path("data") / dataset / SYNTHETIC).is_file()
