"""Make the fingerprint of an experiment."""

import hashlib
import json
from importlib.metadata import version
from typing import Any

import pandas as pd
import torch

from mmer.stages import paths
from mmer.stages.code import code_digest
from mmer.stages.experiment import Experiment
from mmer.stages.read_config import read_all, read_config
from mmer.training.device import find_device
from mmer.types.executor import Executor
from mmer.types.fingerprint import Fingerprint, split_hash

LIBRARIES = {"mmer": "mmer-lab", "torch": "torch", "torch-geometric": "torch-geometric", "numpy": "numpy"}
OF_SIGNALS = {"mne": "mne", "neurokit2": "neurokit2", "braindecode": "braindecode"}
NOT_CHOICES = ("device", "stack", "processes", "saw")  # belong to the machine, or to the report


def fingerprint(experiment: Experiment, device: str | None = None) -> Fingerprint:
    """Say what an experiment runs on; ``device`` is that of workers elsewhere."""
    clips, targets = experiment.clips, experiment.targets
    counts = targets.class_counts
    config = {key: value for key, value in experiment.config.items() if key not in NOT_CHOICES}
    libraries = LIBRARIES | (OF_SIGNALS if "signals" in config else {})
    return Fingerprint(
        experiment=experiment.name,
        protocol=experiment.config["protocol"],
        labels={"name": experiment.config["labels"]["name"], "sha256": _digest(experiment.config["labels"])},
        classes=(
            {name: int(count) for name, count in zip(targets.units, counts[:, 1], strict=True)}
            if targets.units
            else {name: int(count) for name, count in zip(targets.classes, counts, strict=True)}
        ),
        corpora={name: _corpus(name, clips) for name in experiment.config["datasets"]},
        clips=len(clips),
        subjects=clips.subject.nunique(),
        folds=len(experiment.splits),
        repeats=len({split.repeat for split in experiment.splits}),
        excluded=len(experiment.excluded),
        seeds=experiment.config["seeds"],
        device=device or device_name(experiment.config["device"]),
        precision=str(torch.get_default_dtype()).removeprefix("torch."),
        splits=split_hash(experiment.splits),
        config=_digest(config),
        code=code_digest(read_all()["inputs"][experiment.name]["modules"]),
        versions={name: version(library) for name, library in libraries.items()},
    )


def _corpus(name: str, clips: pd.DataFrame) -> dict[str, Any]:
    """Describe what one entry of `datasets` brings; its clips carry the name of the corpus, which may differ."""
    ours = clips[clips.dataset == read_config("datasets", name)["dataset"]["name"]]
    return {
        "files": json.loads(paths.annotations(name).read_text(encoding="utf-8")),
        "clips": len(ours),
        "subjects": int(ours.subject.nunique()),
    }


def device_name(name: str) -> str:
    """Name the device; of a GPU its model."""
    device = find_device(name)
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def device_of_workers(executor: Executor, name: str) -> str:
    """Name the device of the workers, which may be other machines."""
    if not executor.remote:
        return device_name(name)
    (found,) = executor.map(_device_there, None, [name])
    return found


def _device_there(shared: None, name: str) -> str:
    return device_name(name)


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
