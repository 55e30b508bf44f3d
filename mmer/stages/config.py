"""The config stage: params.yaml + conf/ -> artifacts/config.yaml (and .json). The only place that composes Hydra.

DVC's own Hydra mode is off, because plain ``dvc repro`` would then ignore an edit in conf/. Every other stage reads its
own section of the resolved file and is tracked against that section.
"""

import hashlib
import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf

from mmer.stages import paths
from mmer.stages.allowed import KEY as PACKAGES
from mmer.stages.allowed import check_packages
from mmer.stages.build import CONF
from mmer.stages.entry import ROOTS, UNREADABLE, Entries
from mmer.stages.executor import executor_of
from mmer.stages.signals_config import check_signals, fuse
from mmer.stages.stamp import stamp
from mmer.stages.tuned import take_tuned
from mmer.stages.wiring import check_classical, drop_unread, wire
from mmer.types.errors import InputError, nearest
from mmer.types.whole_file import whole_file

DEVICES = ("auto", "cpu", "cuda")
SECTIONS = ("datasets", "use", "experiments", "set")
OF_THE_MACHINE = ("executor",)  # changes no result, so DVC does not track it
NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")  # becomes a part of file names


def main() -> None:
    """Compose params.yaml with conf/ into artifacts/config.yaml."""
    save(resolve(read_params()))


def save(resolved: dict[str, Any]) -> None:
    """Write what ``resolve`` returned, for people and for DVC.

    DVC copies what a stage depends on into its lock file, and reads and writes that whole file at every stage: with the
    sections of a table's many rows that takes longer than their training. So it is offered their digests.
    """
    digests = {
        name: hashlib.sha256(json.dumps(section, sort_keys=True).encode()).hexdigest()[:32]
        for name, section in resolved["experiments"].items()
    }
    for path, text in (
        (paths.CONFIG, yaml.safe_dump(resolved, sort_keys=True, width=120)),
        (paths.CONFIG_FOR_DVC, json.dumps(resolved | {"digests": digests}, sort_keys=True)),
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
        if section not in (valid := (*SECTIONS, PACKAGES, *OF_THE_MACHINE)):
            raise InputError(f"{path}: unknown section {section!r}; {nearest(section, valid)}")
    check_packages(params.get(PACKAGES), f"{path}: {PACKAGES}", path.absolute().parent)
    executor_of(params.get("executor"), f"{path}: executor")
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
    entries = Entries()
    for name, choices in params["datasets"].items():
        own, places = _own(params, "datasets", name, table)
        out["datasets"][name] = entries.entry("datasets", name, choices or {}, params["use"], own, places)
    for name, choices in params["experiments"].items():
        own, places = _own(params, "experiments", name, table)
        out["experiments"][name] = compose_experiment(entries, name, choices or {}, own, places, out)
    for dataset in out["datasets"].values():
        dataset.setdefault("graphs", {})
        dataset.setdefault("signals", {})
    return out


def _own(params: dict[str, Any], section: str, name: str, table: Path | None) -> tuple[dict, tuple[str, str]]:
    """Return the single values that are set for an entry, and where it and they stand."""
    return (params["set"].get(section) or {}).get(name) or {}, (
        _place(section, name, table),
        _place(f"set.{section}", name, table),
    )


def _place(section: str, name: str, table: Path | None) -> str:
    """Say where an entry stands, or the single values that are set for it."""
    if table is None or section.endswith("datasets"):
        return f"{paths.PARAMS}: {section}.{name}"
    return f"{table}: row {name}{': set' if section.startswith('set.') else ''}"


def compose_experiment(
    entries: Entries,
    name: str,
    choices: dict,
    leaves: dict,
    places: tuple[str, str],
    out: dict[str, Any],
    trial: bool = False,
) -> dict[str, Any]:
    """Compose one experiment, and note in ``out`` what it needs of its datasets and what its evaluation reads.

    Parameters
    ----------
    entries : Entries
    name : str
    choices, leaves : dict
        As under ``experiments`` and ``set.experiments`` of params.yaml.
    places : (str, str)
        Where these stand.
    out : dict
        What ``resolve`` returns, with its datasets.
    trial : bool
        Whether it is one of many: then nobody is told of choices that the model makes no use of.
    """

    def finished(choices: dict, leaves: dict, where: str, many: bool = True) -> dict[str, Any]:
        both = places if where == places[0] else (where, where)
        experiment = entries.entry("experiments", name, choices, {}, leaves, both)
        experiment.pop("tuned")
        _check_leaves(where, experiment)
        fuse(experiment)
        stamp(experiment)  # what was put together
        check_signals(where, experiment)
        check_classical(where, experiment)
        drop_unread(where, experiment, set() if many else {*choices, *leaves})
        wire(where, name, experiment, out)
        return experiment

    if (tuned := choices.get("tuned", leaves.get("tuned"))) is None:
        return finished(choices, leaves, places[0], trial)
    without = [{key: value for key, value in part.items() if key != "tuned"} for part in (choices, leaves)]
    return take_tuned(tuned, *without, places[0], finished)


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
