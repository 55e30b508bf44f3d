"""Read what the report shows of one experiment and of one dataset."""

import json
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from mmer.report.records import DatasetRecord, ExperimentRecord, SignalRecord
from mmer.stages import paths
from mmer.stages.build import build
from mmer.stages.doctor_labels import computed_classes
from mmer.stages.read_table import read_table
from mmer.stages.select import experiment_clips, experiment_samples
from mmer.stages.signal_key import signal_key
from mmer.stages.tuning_record import tuning_record
from mmer.types.audit import Audit
from mmer.types.clips import load_clips
from mmer.types.cost import Cost
from mmer.types.errors import InputError
from mmer.types.fingerprint import Fingerprint
from mmer.types.motion import Motion
from mmer.types.predictions import load_predictions, predictions_digest
from mmer.types.saw import Saw

SYNTHETIC = "SYNTHETIC.txt"  # every rendered release has this file, so that a reader is told

log = logging.getLogger("mmer")


def experiment_record(name: str, config: dict[str, Any]) -> ExperimentRecord:
    """Read all that an experiment left behind.

    Raises
    ------
    InputError
        Something is missing or damaged.
    """
    folder, predictions = paths.training(name), load_predictions(paths.predictions(name))
    excluded = read_table(folder / "excluded.parquet")
    clips = experiment_clips(config["datasets"])
    baselines = sorted((folder / "baselines").glob("*.parquet"))
    if not baselines:
        raise InputError(f"{folder / 'baselines'} has no table, so nothing says what is to be beaten; run `dvc repro`")
    return ExperimentRecord(
        name=name,
        config=config,
        predictions=predictions,
        baselines={path.stem: load_predictions(path) for path in baselines},
        curves=read_table(folder / "curves.parquet"),
        excluded=excluded,
        samples=experiment_samples(config),
        fingerprint=Fingerprint.load(folder / "fingerprint.json"),
        audit=_audit(name),
        audit_command=f"mmer audit {name}" + (f" --table {table}" if (table := paths.current_table()) else ""),
        clips=clips[~clips.clip_id.isin(excluded.clip_id)].reset_index(drop=True),
        synthetic=any(is_synthetic(dataset) for dataset in config["datasets"]),
        cost=_cost(name, predictions),
        subsets={path.stem: load_predictions(path) for path in sorted((folder / "subsets").glob("*.parquet"))},
        signals=tuple(_signals(config, set(clips.clip_id) - set(excluded.clip_id))),
        tuning=tuning_record(config["tuned"]) if "tuned" in config else None,
        saw=Saw.load(saw) if (saw := folder / "saw.npz").is_file() else None,
    )


def _signals(config: dict[str, Any], used: set[str]) -> Iterator[SignalRecord]:
    """Read who has which signal, of the clips that take part."""
    for name, node in config.get("signals", {}).items():
        for dataset in config["datasets"]:
            path = paths.signal_notes(dataset, signal_key(node))
            try:
                about = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise InputError(f"{path}: not readable ({error}); run `dvc repro`") from error
            clips = used & set(load_clips(paths.clips(dataset)).clip_id)
            missing = {clip: reason for clip, reason in about["missing"].items() if clip in clips}
            yield SignalRecord(dataset, name, len(clips), missing, tuple(about["notes"]))


def dataset_record(name: str, config: dict[str, Any], experiments: Iterable[dict[str, Any]]) -> DatasetRecord:
    """Read the clips of a dataset, and their motion; ``experiments`` are the configs of those in the report."""
    config = {**config, "synthetic": is_synthetic(name)}
    clips = load_clips(paths.clips(name))
    schemes = [one["labels"] for one in experiments if name in one["datasets"]]
    different = [scheme for at, scheme in enumerate(schemes) if scheme not in schemes[:at]]
    computed = max((computed_classes(build(scheme), clips) for scheme in different), default=0)
    return DatasetRecord(name, config, clips, Motion.load(paths.motion(name)), computed)


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


def _cost(name: str, predictions: pd.DataFrame) -> Cost | None:
    """Read what the training cost here; a cost of other predictions, or one that cannot be read, counts as none."""
    path = paths.cost(name)
    if not path.is_file():
        return None
    try:
        cost = Cost.load(path)
    except InputError as error:
        log.warning("report: %s", error)
        return None
    return cost if cost.predictions == predictions_digest(predictions) else None


def is_synthetic(dataset: str) -> bool:
    """Say whether the folder of a dataset is a synthetic release."""
    return (Path("data") / dataset / SYNTHETIC).is_file()
