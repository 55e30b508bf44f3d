"""conf/tuned/NAME.yaml: what a search found, as `mmer adopt` writes it; and experiments that take it (`tuned: NAME`).

Of a nested search every fold has overrides of its own, found by a search that saw nothing but the fold's training
clips. Of a search on development subjects there is one set of overrides, and the folds that test one of these subjects
are left out. What must agree with the folds themselves is checked where they are made (``mmer.stages.searched``).
"""

import copy
import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any

import yaml

from mmer.stages.build import CONF, options
from mmer.stages.overrides import apply, parse
from mmer.types.errors import InputError, nearest

GROUP = "tuned"
MODES = ("nested", "development")
COMMON = {"search": str, "mode": str, "metric": str, "trials": int, "digest": str, "sha256": str}
FOUND = {"overrides": list, "clips_seen": str, "inner_score": float}
OF_MODE = {"nested": {"folds": dict}, "development": {"development_subjects": list, **FOUND}}
# What a search is about, or belongs to the machine: the same for all of its trials, and in what is made of them.
FIXED = ("datasets", "labels", "protocol", "seeds", "device", "stack", "processes", "mix_backends", "saw", "tuned")

Compose = Callable[[dict, dict, str], dict[str, Any]]


def read_tuned(name: str, where: str) -> dict[str, Any]:
    """Read conf/tuned/NAME.yaml.

    Raises
    ------
    InputError
        There is no such file, or it is not as ``mmer adopt`` wrote it.
    """
    file = CONF / GROUP / f"{name}.yaml"
    if name not in options(GROUP):
        raise InputError(
            f"{where}.tuned: conf/{GROUP} has no {name!r}; {nearest(str(name), options(GROUP))}; `mmer tune {name}` "
            f"and `mmer adopt {name}` make it"
        )
    way_out = f"it is not as `mmer adopt {name}` wrote it; run that again"
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise InputError(f"{file}: {way_out} ({error})") from error
    if not isinstance(found, dict) or found.get("mode") not in MODES:
        raise InputError(f"{file}: {way_out} (its mode must be one of {', '.join(MODES)})")
    _check(found, COMMON | OF_MODE[found["mode"]], f"{file}: {way_out}")
    for fold, one in found.get("folds", {}).items():
        _check(one, {"subjects_seen": list, **FOUND}, f"{file}: folds.{fold}: {way_out}")
    if found["sha256"] != tuned_digest(found):
        raise InputError(
            f"{file}: edited by hand: its values are not those that the search found (sha256 differs); "
            f"run `mmer adopt {name}` again, or set the values in {where} and take `tuned` out"
        )
    return found


def _check(node: Any, wanted: dict[str, type], where: str) -> None:
    """Check keys and kinds of one level."""
    if not isinstance(node, dict):
        raise InputError(f"{where} ({node!r} must be a mapping)")
    if odd := sorted(set(node) ^ set(wanted)):
        raise InputError(f"{where} (the key {odd[0]!r} {'is unknown' if odd[0] in node else 'is missing'})")
    for key, kind in wanted.items():
        if not isinstance(node[key], kind) or (kind is list and not all(isinstance(item, str) for item in node[key])):
            raise InputError(f"{where} ({key} is {node[key]!r})")


def tuned_digest(found: dict[str, Any]) -> str:
    """Return the sha256 of all that the file says beside it."""
    rest = {key: value for key, value in found.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def tuned_text(found: dict[str, Any]) -> str:
    """Write the file; ``sha256`` is put in."""
    head = (
        f"# Written by `mmer adopt {found['search']}`. Not to be edited: what a fold is trained with must come from a "
        "search\n# that never saw the clips it is tested on, and this file says what the search saw.\n"
    )
    found = found | {"sha256": tuned_digest(found)}
    return head + yaml.safe_dump(found, sort_keys=False, width=120, default_flow_style=None)


def changed(choices: dict, leaves: dict, overrides: Iterable[str], where: str) -> tuple[dict, dict]:
    """Return choices and single values of an experiment with overrides put in, which change nothing that is fixed."""
    choices, leaves, parsed = dict(choices), copy.deepcopy(dict(leaves)), parse(overrides)
    for keys, _ in parsed:
        if keys[0] in FIXED:
            raise InputError(f"{where}: {'.'.join(keys)} cannot be searched: a search is about one {keys[0]}")
    try:
        apply(parsed, choices, lambda: leaves)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    return choices, leaves


def take_tuned(name: str, choices: dict, leaves: dict, where: str, compose: Compose) -> dict[str, Any]:
    """Compose an experiment with what a search found.

    Parameters
    ----------
    name : str
        Of the file in conf/tuned.
    choices, leaves : dict
        Of the experiment, without ``tuned``.
    where : str
        Where it stands.
    compose : callable
        Choices, single values and a place -> the section; what it needs of its datasets is noted by the way.

    Returns
    -------
    dict
        The section with ``tuned``: what the file says and, of a nested search, for every fold the ``changes``: the
        parts of the section that are its own, and ``without``: those that it does not have.
    """
    found = read_tuned(name, where)
    if found["mode"] == "development":
        own = compose(*changed(choices, leaves, found["overrides"], f"{where}: conf/{GROUP}/{name}.yaml"), where)
        return own | {"tuned": found}
    base, folds, known = compose(choices, leaves, where), {}, {}
    for fold, one in found["folds"].items():
        place = f"{where}: conf/{GROUP}/{name}.yaml: fold {fold}"
        key = tuple(one["overrides"])
        if key not in known:
            known[key] = compose(*changed(choices, leaves, key, place), place)
        folds[fold] = one | differences(base, known[key])
    return base | {"tuned": found | {"folds": folds}}


def differences(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Say in what a section differs from another one: ``changes`` and ``without``."""
    changes = {key: value for key, value in own.items() if key not in base or base[key] != value}
    return {"changes": changes, "without": sorted(set(base) - set(own))}


def section_of(config: dict[str, Any], fold: str) -> dict[str, Any]:
    """Return the section under which a fold is trained: the experiment's, or of a nested search the fold's own."""
    one = config.get("tuned", {}).get("folds", {}).get(fold)
    base = {key: value for key, value in config.items() if key != "tuned"}
    if one is None:
        return base
    return {key: value for key, value in (base | one["changes"]).items() if key not in one["without"]}


def searched_folds(config: dict[str, Any]) -> tuple[str, ...]:
    """Name the folds that have a section of their own; none where all folds are trained alike."""
    return tuple(config.get("tuned", {}).get("folds", {}))
