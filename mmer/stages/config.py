"""The config stage: params.yaml + conf/ -> artifacts/config.yaml (and .json). The only place that composes Hydra.

DVC's own Hydra mode is off, because plain ``dvc repro`` would then ignore an edit in conf/. Every other stage reads its
own section of the resolved file and is tracked against that section.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mmer.stages import paths
from mmer.stages.build import CONF, options
from mmer.types.errors import InputError, nearest

ROOTS = {"datasets": "corpus", "experiments": "experiment"}
GROUPS = {
    "datasets": ("dataset", "faces", "motion"),
    "experiments": ("labels", "protocol", "nodes", "edges", "model", "loss", "experiment"),
}
LEAVES = {"datasets": (), "experiments": ("datasets", "seeds", "device", "mix_backends")}
SECTIONS = ("datasets", "use", "experiments", "set")
NAME = re.compile(r"[a-z0-9][a-z0-9_]*")


def main() -> None:
    """Compose params.yaml with conf/ into artifacts/config.yaml."""
    resolved = resolve(read_params())
    paths.CONFIG.parent.mkdir(parents=True, exist_ok=True)
    for path, text in (
        (paths.CONFIG, yaml.safe_dump(resolved, sort_keys=True, width=120)),
        (paths.CONFIG_FOR_DVC, json.dumps(resolved, sort_keys=True)),
    ):
        partial = path.with_suffix(".partial")
        partial.write_text(text)
        partial.replace(path)


def read_params(path: Path = paths.PARAMS) -> dict[str, Any]:
    """Read params.yaml and check its sections and names."""
    try:
        params = OmegaConf.to_container(OmegaConf.load(path))
    except (yaml.YAMLError, OmegaConfBaseException) as error:
        raise InputError(f"{path}: not valid yaml: {error}") from error
    for section in params:
        if section not in SECTIONS:
            raise InputError(f"{path}: unknown section {section!r}; {nearest(section, SECTIONS)}")
    params = {section: params.get(section) or {} for section in SECTIONS}
    for section in ROOTS:
        for name in params[section]:
            if not NAME.fullmatch(str(name)):
                raise InputError(f"{path}: {section}.{name}: a name is made of a-z, 0-9 and _, e.g. 'gcn_casme2'")
        for name in params["set"].get(section) or {}:
            if name not in params[section]:
                raise InputError(f"{path}: set.{section}.{name}: no such entry; {nearest(name, params[section])}")
    for section in params["set"]:
        if section not in ROOTS:
            raise InputError(f"{path}: set.{section}: unknown section; {nearest(section, ROOTS)}")
    return params


def resolve(params: dict[str, Any]) -> dict[str, Any]:
    """Compose every entry of params.yaml.

    Returns
    -------
    dict
        ``datasets`` and ``experiments``, one resolved section per entry, and ``inputs``: per experiment the artifacts
        and the code that its evaluation reads.

    Raises
    ------
    InputError
        A key, group or choice does not exist; the message names it and the nearest valid ones.
    """
    out: dict[str, Any] = {"datasets": {}, "experiments": {}, "inputs": {}}
    with initialize_config_dir(str(CONF.resolve()), version_base="1.3"):
        for section in ROOTS:
            leaves = params["set"].get(section) or {}
            for name, choices in params[section].items():
                out[section][name] = _entry(section, name, choices or {}, params["use"], leaves.get(name) or {})
    for name, experiment in out["experiments"].items():
        _wire(name, experiment, out)
    for dataset in out["datasets"].values():
        dataset.setdefault("graphs", {})
    return out


def _entry(section: str, name: str, choices: dict, use: dict, leaves: dict) -> dict[str, Any]:
    """Compose one entry: group choices, then its own leaves, then those under ``set``."""
    where = f"params.yaml: {section}.{name}"
    valid = (*GROUPS[section], *LEAVES[section])
    if not isinstance(choices, dict):
        raise InputError(f"{where} must be a mapping such as {{{valid[0]}: ...}}, got {choices!r}")
    for key in choices:
        if key not in valid:
            raise InputError(f"{where}: unknown key {key!r}; {nearest(key, valid)}")
    groups = {key: value for key, value in choices.items() if key in GROUPS[section]}
    if section == "datasets":
        for key in use:
            if key not in GROUPS[section]:
                raise InputError(f"params.yaml: use.{key}: unknown key; {nearest(key, GROUPS[section])}")
        groups = {**use, "dataset": name, **groups}
    for group, choice in groups.items():
        if choice not in options(group):
            raise InputError(f"{where}: conf/{group} has no {choice!r}; {nearest(str(choice), options(group))}")
    config = compose(
        ROOTS[section], [f"{'+' if group == 'experiment' else ''}{group}={choice}" for group, choice in groups.items()]
    )
    OmegaConf.set_struct(config, False)
    own = {key: value for key, value in choices.items() if key in LEAVES[section]}
    if section == "datasets" and groups["dataset"] != name:
        # A lab's own corpus takes its name from the entry. A published corpus keeps its own under any entry, so that
        # one person never becomes two subjects.
        own["dataset"] = {"root": f"data/{name}"} | ({"name": name} if groups["dataset"] == "manifest" else {})
    for overrides, place in ((own, where), (leaves, f"params.yaml: set.{section}.{name}")):
        _merge(config, overrides, place)
    OmegaConf.resolve(config)
    if missing := sorted(OmegaConf.missing_keys(config)):
        raise InputError(f"{where}: no value for {', '.join(missing)}")
    return OmegaConf.to_container(config)


def _merge(config: DictConfig, leaves: dict, where: str) -> None:
    """Set leaves in place; a key that does not exist yet is a misspelt one."""
    if not isinstance(leaves, dict):
        raise InputError(f"{where} must be a mapping, got {leaves!r}")
    for key, value in leaves.items():
        if key not in config.keys():  # noqa: SIM118 (`in config` is False while missing)
            own = [name for name in config if name not in ("_target_", "name")]
            raise InputError(f"{where}: unknown key {key!r}; {nearest(key, own)}")
        present = None if OmegaConf.is_missing(config, key) else config[key]
        if isinstance(present, DictConfig) and len(present):
            _merge(present, value, f"{where}.{key}")
        elif isinstance(value, dict) and present is not None and not isinstance(present, DictConfig):
            raise InputError(f"{where}.{key}: expected one value such as {present!r}, got the mapping {value!r}")
        elif isinstance(present, ListConfig) and not isinstance(value, list):
            raise InputError(f"{where}.{key}: expected a list such as {list(present)!r}, got {value!r}")
        elif isinstance(present, int | float) and isinstance(value, str):
            raise InputError(f"{where}.{key}: expected a number such as {present!r}, got {value!r}")
        else:
            config[key] = value


def _wire(name: str, experiment: dict[str, Any], out: dict[str, Any]) -> None:
    """Say which graphs an experiment needs of its datasets, and what its evaluation reads."""
    datasets = experiment["datasets"]
    if not isinstance(datasets, list) or not datasets or len(set(datasets)) != len(datasets):
        raise InputError(f"params.yaml: experiments.{name}.datasets must list datasets, each once; got {datasets!r}")
    for dataset in datasets:
        if dataset not in out["datasets"]:
            raise InputError(
                f"params.yaml: experiments.{name}.datasets: {dataset!r} is not under `datasets`; "
                f"{nearest(dataset, out['datasets'])}"
            )
    recipe = {"nodes": experiment["nodes"], "edges": experiment["edges"]}
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
    experiment["graph"] = f"{recipe['nodes']['name']}-{recipe['edges']['name']}-{digest[:8]}"
    for dataset in datasets:
        out["datasets"][dataset].setdefault("graphs", {})[experiment["graph"]] = recipe
    out["inputs"][name] = {
        "artifacts": [
            path.as_posix() for item in datasets for path in (paths.clips(item), paths.graph(item, experiment["graph"]))
        ],
        "modules": sorted({"mmer.stages.evaluate", *_modules(experiment)}),
    }


def _modules(node: Any) -> Iterable[str]:
    """Yield the module of every ``_target_`` below a node."""
    if isinstance(node, dict):
        if isinstance(node.get("_target_"), str):
            yield node["_target_"].rpartition(".")[0]
        for value in node.values():
            yield from _modules(value)
