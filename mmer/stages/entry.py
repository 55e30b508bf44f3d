"""Compose one entry of params.yaml: its choices with conf/, then the single values that are set for it."""

import copy
from dataclasses import fields
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mmer.stages.allowed import check_target
from mmer.stages.build import CONF, options
from mmer.stages.leaves import merge_leaves
from mmer.stages.signals_config import open_signals
from mmer.stages.stamp import stamp
from mmer.training.recipe import Recipe
from mmer.types.errors import InputError, nearest

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
    "experiments": (
        *("datasets", "signals", "face", "seeds", "device", "stack", "processes", "mix_backends", "saw", "tuned"),
    ),
}
OPTIONAL = ("fusion",)
UNREADABLE = (yaml.YAMLError, OmegaConfBaseException, HydraException, UnicodeDecodeError, OSError)


class Entries:
    """Composes entries. Hydra takes a third of a second for one, so the same choices are asked of it once."""

    def __init__(self) -> None:
        self._composed: dict[tuple[str, ...], DictConfig] = {}

    def entry(
        self, section: str, name: str, choices: dict, use: dict, leaves: dict, places: tuple[str, str]
    ) -> dict[str, Any]:
        """Compose one entry: group choices, then its own leaves, then those under ``set``.

        Parameters
        ----------
        section : str
            ``datasets`` or ``experiments``.
        name : str
        choices : dict
            Groups and leaves.
        use : dict
            Choices common to all datasets.
        leaves : dict
            What stands for it under ``set``.
        places : (str, str)
            Where the entry, and what is set for it, stand; for messages.

        Raises
        ------
        InputError
            A key, group or choice does not exist; the message names it and the nearest valid ones.
        """
        where, where_set = places
        groups = _groups(section, name, choices, use, where)
        config = self._compose(section, groups, where)
        own = {key: value for key, value in choices.items() if key in LEAVES[section]}
        if section == "datasets" and groups["dataset"] != name:
            # A lab's own corpus takes its name from the entry. A published corpus keeps its own under any entry, so
            # that one person never becomes two subjects.
            own["dataset"] = {"root": f"data/{name}"} | ({"name": name} if groups["dataset"] == "manifest" else {})
        merge_leaves(config, own, where)
        if section == "experiments":
            open_signals(config, leaves, where, where_set)
            _let_recipe_be_set(config, leaves)
        merge_leaves(config, leaves, where_set)
        return _plain(section, config, where)

    def _compose(self, section: str, groups: dict[str, str], where: str) -> DictConfig:
        """Let Hydra compose the files of some choices."""
        words = [f"{'+' if group == 'experiment' else ''}{group}={choice}" for group, choice in groups.items()]
        key = (section, *words)
        if key not in self._composed:
            try:
                with initialize_config_dir(str(CONF.resolve()), version_base="1.3"):
                    config = compose(ROOTS[section], words)
            except UNREADABLE as error:
                raise InputError(f"{where}: its files in conf/ cannot be composed: {error}") from error
            OmegaConf.set_struct(config, False)
            self._composed[key] = config
        return copy.deepcopy(self._composed[key])


def _groups(section: str, name: str, choices: dict, use: dict, where: str) -> dict[str, str]:
    """Return the group choices of an entry after a check."""
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
    return groups


def _plain(section: str, config: DictConfig, where: str) -> dict[str, Any]:
    """Resolve what was composed, and check that every group is a component whose code may be run."""
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
        check_target(node["_target_"], f"{where}: {group}")
    stamp(config)
    return config


def _let_recipe_be_set(config: DictConfig, leaves: dict) -> None:
    """Put in what only some recipes say: it need not be in every yaml to be set."""
    if isinstance(config.get("model"), DictConfig):
        for field in fields(Recipe):
            if field.name in (leaves.get("model") or {}) and field.name not in config.model:
                config.model[field.name] = field.default
