"""``model=gcn model.hidden=64``: choices and single values of an experiment, in Hydra's spelling."""

from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

import yaml

from mmer.stages.entry import GROUPS, LEAVES
from mmer.types.errors import InputError, nearest

Override = tuple[list[str], Any]


def parse(overrides: Iterable[str]) -> list[Override]:
    """Read ``a.b=value`` into (["a", "b"], value); values are yaml.

    Raises
    ------
    InputError
        One is not KEY=VALUE, or its value is not yaml.
    """
    parsed = []
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals or not key.strip("+"):
            raise InputError(f"{override!r} is not KEY=VALUE, e.g. model=gcn or model.hidden=64")
        try:
            parsed.append((key.strip("+").split("."), _number(yaml.safe_load(value))))
        except yaml.YAMLError as error:
            raise InputError(f"{override!r}: the value is not valid yaml") from error
    return parsed


def _number(value: Any) -> Any:
    """Read 1e-4 as a number; plain yaml 1.1 wants 1.0e-4."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def apply(overrides: Iterable[Override], entry: MutableMapping, leaves: Callable[[], MutableMapping]) -> None:
    """Put overrides into an experiment, in place.

    Parameters
    ----------
    overrides : iterable of (list of str, value)
        What ``parse`` returned.
    entry : mutable mapping
        The choices of the experiment.
    leaves : callable
        Returns the values that stand for it under ``set``, and makes the place for them where there is none. Those of a
        group whose choice changes are dropped, because they belong to the old choice.

    Raises
    ------
    InputError
        A key is unknown.
    """
    valid = (*GROUPS["experiments"], *LEAVES["experiments"])
    overrides = list(overrides)
    for keys, value in overrides:
        if keys[0] not in valid:
            raise InputError(f"unknown key {keys[0]!r}; {nearest(keys[0], valid)}")
        if len(keys) == 1:
            if keys[0] in GROUPS["experiments"] and entry.get(keys[0]) != value:
                leaves().pop(keys[0], None)
            entry[keys[0]] = value
    for keys, value in overrides:
        if len(keys) > 1:
            node = leaves()
            for key in keys[:-1]:
                node = node.setdefault(key, {})
            node[keys[-1]] = value
