"""What an experiment needs of its datasets, what its evaluation reads, and which of its groups nothing reads."""

import hashlib
import json
import logging
from collections.abc import Iterable
from functools import partial
from typing import Any

from mmer.stages import paths
from mmer.stages.model_traits import model_traits
from mmer.stages.signal_key import signal_key, without_encoder
from mmer.types.errors import InputError, nearest

OF_NETWORKS = {"sampling": "natural", "augment": "none"}  # and the choice that changes nothing
log = logging.getLogger("mmer")


def wire(where: str, name: str, experiment: dict[str, Any], out: dict[str, Any]) -> None:
    """Say which graphs an experiment needs of its datasets, and what its evaluation reads."""
    datasets = experiment["datasets"]
    for dataset in datasets:
        if dataset not in out["datasets"]:
            raise InputError(
                f"{where}.datasets: {dataset!r} is not under `datasets` of {paths.PARAMS}; "
                f"{nearest(dataset, out['datasets'])}"
            )
    files = [paths.annotations, paths.clips, paths.detected]
    if model_traits(experiment["model"]).reads_motion:
        files.append(paths.motion)
    if "nodes" in experiment:
        recipe = {"nodes": experiment["nodes"], "edges": experiment["edges"]}
        digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
        experiment["graph"] = key = f"{recipe['nodes']['name']}-{recipe['edges']['name']}-{digest[:8]}"
        for dataset in datasets:
            out["datasets"][dataset].setdefault("graphs", {})[key] = recipe
        files.append(lambda dataset: paths.graph(dataset, key))
    for node in experiment.get("signals", {}).values():
        for dataset in datasets:
            out["datasets"][dataset].setdefault("signals", {})[signal_key(node)] = without_encoder(node)
        files.append(partial(paths.signal, key=signal_key(node)))
    needs = out["inputs"].setdefault(name, {"artifacts": [], "modules": []})  # folds may be trained under their own
    artifacts = [file(dataset).as_posix() for dataset in datasets for file in files]
    needs["artifacts"] = list(dict.fromkeys((*needs["artifacts"], *artifacts)))
    needs["modules"] = sorted({"mmer.stages.evaluate", *needs["modules"], *_modules(experiment)})


def check_classical(where: str, experiment: dict[str, Any]) -> None:
    """Refuse a choice that only networks can follow where the model is none."""
    for group, plain in OF_NETWORKS.items():
        model, choice = experiment["model"], experiment[group]["name"]
        if choice != plain and model_traits(model).classical:
            raise InputError(
                f"{where}: {group} {choice!r} is for networks, which are trained epoch by epoch; the model "
                f"{model['name']!r} is fitted to all training clips at once; choose `{group}: {plain}`"
            )


def drop_unread(where: str, experiment: dict[str, Any], chosen: set[str]) -> None:
    """Take out the groups that the model does not read, so that a change there re-runs nothing."""
    traits = model_traits(experiment["model"])
    unread = {
        "nodes": not traits.reads_graph,
        "edges": not traits.reads_graph,
        "motion_scaling": not traits.reads_flow,
        **dict.fromkeys(("loss", *OF_NETWORKS), traits.classical),
    }
    for group in (group for group, drop in unread.items() if drop):
        if group in chosen:
            model = experiment["model"]["name"]
            log.warning("%s: the model %s makes no use of `%s`; it has no part in this", where, model, group)
        del experiment[group]


def _modules(node: Any) -> Iterable[str]:
    """Yield the module of every ``_target_`` below a node."""
    if isinstance(node, dict):
        if isinstance(node.get("_target_"), str):
            yield node["_target_"].rpartition(".")[0]
        for value in node.values():
            yield from _modules(value)
