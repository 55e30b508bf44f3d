"""The config stage: params.yaml + conf/ -> artifacts/config.yaml (and .json). The only place that composes Hydra.

DVC's own Hydra mode is off, because plain ``dvc repro`` would then ignore an edit in conf/. Every other stage reads its
own section of the resolved file and is tracked against that section.
"""

import json
import re
from dataclasses import fields
from io import StringIO
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mmer.stages import paths
from mmer.stages.build import CONF, options
from mmer.stages.leaves import merge_leaves
from mmer.stages.signals_config import check_signals, fuse, open_signals
from mmer.stages.wiring import check_classical, drop_unread, wire
from mmer.training.recipe import Recipe
from mmer.types.errors import InputError, nearest
from mmer.types.whole_file import whole_file

ROOTS = {"datasets": "corpus", "experiments": "experiment"}
GROUPS = {
    "datasets": ("dataset", "faces", "motion", "magnify", "recordings"),
    "experiments": (
        *("labels", "protocol", "nodes", "edges", "motion_scaling", "model", "fusion", "loss", "sampling", "augment"),
        "experiment",
    ),
}
LEAVES = {
    "datasets": (),
    "experiments": ("datasets", "signals", "face", "seeds", "device", "stack", "processes", "mix_backends", "saw"),
}
OPTIONAL = ("fusion",)
DEVICES = ("auto", "cpu", "cuda")
SECTIONS = ("datasets", "use", "experiments", "set")
NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")  # becomes a part of file names
UNREADABLE = (yaml.YAMLError, OmegaConfBaseException, HydraException, UnicodeDecodeError, OSError)


def main() -> None:
    """Compose params.yaml with conf/ into artifacts/config.yaml."""
    save(resolve(read_params()))


def save(resolved: dict[str, Any]) -> None:
    """Write what ``resolve`` returned, for people and for DVC."""
    for path, text in (
        (paths.CONFIG, yaml.safe_dump(resolved, sort_keys=True, width=120)),
        (paths.CONFIG_FOR_DVC, json.dumps(resolved, sort_keys=True)),
    ):
        with whole_file(paths.here(path)) as partial:
            partial.write_text(text)


def read_params(path: Path = paths.PARAMS) -> dict[str, Any]:
    """Read params.yaml and check its sections and names."""
    if not path.is_file():
        raise InputError(f"there is no {path} here; run the command in the root of the repository")
    try:
        return parse_params(path.read_text(encoding="utf-8"), path)
    except (UnicodeDecodeError, OSError) as error:
        raise InputError(f"{path}: not readable: {error}") from error


def parse_params(text: str, path: Path) -> dict[str, Any]:
    """Check the sections and names of a params.yaml; ``path`` is where the text stands, or will."""
    try:
        params = mapping(OmegaConf.to_container(OmegaConf.load(StringIO(text))), f"{path}")
    except UNREADABLE as error:
        raise InputError(f"{path}: not valid yaml: {error}") from error
    for section in params:
        if section not in SECTIONS:
            raise InputError(f"{path}: unknown section {section!r}; {nearest(section, SECTIONS)}")
    params = {section: mapping(params.get(section), f"{path}: {section}") for section in SECTIONS}
    for section in params["set"]:
        if section not in ROOTS:
            raise InputError(f"{path}: set.{section}: unknown section; {nearest(section, ROOTS)}")
    for section in ROOTS:
        for name in params[section]:
            if not isinstance(name, str) or not NAME.fullmatch(name):
                raise InputError(
                    f"{path}: {section}.{name}: a name is made of a-z, 0-9 and _, at most 64 of them, e.g. "
                    "'gcn_casme2'; a number needs quotes"
                )
        params["set"][section] = mapping(params["set"].get(section), f"{path}: set.{section}")
        for name in params["set"][section]:
            if name not in params[section]:
                raise InputError(f"{path}: set.{section}.{name}: no such entry; {nearest(name, params[section])}")
    return params


def mapping(value: Any, where: str) -> dict:
    """Return a mapping as it is, and what a person left empty as an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InputError(f"{where} must be a mapping, `name: ...` line by line; got {value!r}")
    return value


def resolve(params: dict[str, Any], table: Path | None = None) -> dict[str, Any]:
    """Compose every entry of params.yaml.

    Parameters
    ----------
    params : dict
        What ``read_params`` returned.
    table : Path or None
        The file of the table whose rows stand under ``experiments`` and ``set.experiments``; for messages.

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
    if not CONF.is_dir():
        raise InputError(f"there is no folder {CONF} here; run the command in the root of the repository")
    out: dict[str, Any] = {"datasets": {}, "experiments": {}, "inputs": {}}
    with initialize_config_dir(str(CONF.resolve()), version_base="1.3"):
        for section in ROOTS:
            leaves = params["set"].get(section) or {}
            for name, choices in params[section].items():
                own = leaves.get(name) or {}
                places = (_place(section, name, table), _place(f"set.{section}", name, table))
                out[section][name] = _entry(section, name, choices or {}, params["use"], own, places)
    for name, experiment in out["experiments"].items():
        where = _place("experiments", name, table)
        _check_leaves(where, experiment)
        fuse(experiment)
        leaves = (params["set"].get("experiments") or {}).get(name) or {}
        check_signals(where, experiment)
        check_classical(where, experiment)
        drop_unread(where, experiment, {*(params["experiments"][name] or {}), *leaves})
        wire(where, name, experiment, out)
    for dataset in out["datasets"].values():
        dataset.setdefault("graphs", {})
        dataset.setdefault("signals", {})
    return out


def _place(section: str, name: str, table: Path | None) -> str:
    """Say where an entry stands, or the single values that are set for it."""
    if table is None or section.endswith("datasets"):
        return f"{paths.PARAMS}: {section}.{name}"
    return f"{table}: row {name}{': set' if section.startswith('set.') else ''}"


def _entry(section: str, name: str, choices: dict, use: dict, leaves: dict, places: tuple[str, str]) -> dict[str, Any]:
    """Compose one entry: group choices, then its own leaves, then those under ``set``."""
    where, where_set = places
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
    try:
        config = compose(
            ROOTS[section],
            [f"{'+' if group == 'experiment' else ''}{group}={choice}" for group, choice in groups.items()],
        )
    except UNREADABLE as error:
        raise InputError(f"{where}: its files in conf/ cannot be composed: {error}") from error
    OmegaConf.set_struct(config, False)
    own = {key: value for key, value in choices.items() if key in LEAVES[section]}
    if section == "datasets" and groups["dataset"] != name:
        # A lab's own corpus takes its name from the entry. A published corpus keeps its own under any entry, so that
        # one person never becomes two subjects.
        own["dataset"] = {"root": f"data/{name}"} | ({"name": name} if groups["dataset"] == "manifest" else {})
    merge_leaves(config, own, where)
    if section == "experiments":
        open_signals(config, leaves, where, where_set)
        _let_recipe_be_set(config, leaves)
    merge_leaves(config, leaves, where_set)
    try:
        OmegaConf.resolve(config)
    except OmegaConfBaseException as error:
        raise InputError(f"{where}: {str(error).splitlines()[0]}") from error
    if missing := sorted(OmegaConf.missing_keys(config)):
        raise InputError(f"{where}: no value for {', '.join(missing)}")
    config = OmegaConf.to_container(config)
    if section == "datasets" and config["recordings"].get("root") == "":
        config["recordings"]["root"] = config["dataset"]["root"]  # where a corpus keeps its file of markers
    for group in (name for name in GROUPS[section] if name != "experiment"):
        node = config.get(group)
        if group in OPTIONAL and node is None:
            continue
        if not isinstance(node, dict) or not {"_target_", "name"} <= set(node):
            raise InputError(f"{where}: its file in conf/{group} must hold `_target_` and `name`, got {node}")
        if not str(node["_target_"]).startswith("mmer."):
            raise InputError(
                f"{where}: {group}._target_ {node['_target_']!r} is outside mmer; only mmer.* may be named"
            )
    return config


def _let_recipe_be_set(config: DictConfig, leaves: dict) -> None:
    """Put in what only some recipes say: it need not be in every yaml to be set."""
    if isinstance(config.get("model"), DictConfig):
        for field in fields(Recipe):
            if field.name in (leaves.get("model") or {}) and field.name not in config.model:
                config.model[field.name] = field.default


def _check_leaves(where: str, experiment: dict[str, Any]) -> None:
    """Check what belongs to no component, which checks its own keys."""
    datasets, seeds = experiment["datasets"], experiment["seeds"]
    if not _each_once(datasets, str):
        raise InputError(f"{where}.datasets must list datasets, each once; got {datasets!r}")
    if not _each_once(seeds, int) or min(seeds) < 0:
        raise InputError(f"{where}.seeds must list whole numbers from 0, each once, e.g. [0, 1, 2]; got {seeds!r}")
    if experiment["device"] not in DEVICES:
        raise InputError(f"{where}.device is {experiment['device']!r}; {nearest(experiment['device'], DEVICES)}")
    for key in ("stack", "processes"):
        value = experiment[key]
        if value != "auto" and (type(value) is not int or value < 1):
            raise InputError(f"{where}.{key} must be auto or a whole number of at least 1; got {value!r}")
    for key in ("face", "mix_backends", "saw"):
        if not isinstance(experiment[key], bool):
            raise InputError(f"{where}.{key} must be true or false; got {experiment[key]!r}")


def _each_once(items: Any, kind: type) -> bool:
    """Say whether a value is a list of at least one item, all of one type (True is no number) and different."""
    return isinstance(items, list) and {type(item) for item in items} == {kind} and len(set(items)) == len(items)
