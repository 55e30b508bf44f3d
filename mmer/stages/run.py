"""``mmer run NAME model=gcn protocol=loso model.hidden=64``: write the entry NAME into params.yaml and run it."""

import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML

from mmer.stages import paths
from mmer.stages.config import GROUPS, LEAVES, parse_params, read_params, resolve
from mmer.types.errors import InputError, nearest
from mmer.types.whole_file import whole_file


def main(name: str, overrides: list[str], params: Path = paths.PARAMS) -> None:
    """Write the entry, check that it composes, then run its evaluation and render the report.

    Parameters
    ----------
    name : str
        A new or an existing experiment. An existing one keeps what is not named; the values under ``set`` of a group
        whose choice changes are dropped, because they belong to the old choice.
    overrides : list of str
        ``GROUP=CHOICE`` or ``GROUP.KEY=VALUE``, in Hydra's spelling; values are yaml.

    Raises
    ------
    InputError
        A key, choice or value is wrong; params.yaml is left as it was.
    """
    read_params(params)
    editor = YAML()  # ruamel keeps the comments
    editor.width = 160
    document = editor.load(params.read_text())
    _write(document, name, _parse(overrides))
    text = StringIO()
    editor.dump(document, text)
    resolve(parse_params(text.getvalue(), params))
    with whole_file(params) as partial:
        partial.write_text(text.getvalue(), encoding="utf-8")
    for command in (["repro", f"evaluate@{name}"], ["repro", "--single-item", "report"]):
        if code := subprocess.run([sys.executable, "-m", "dvc", *command]).returncode:
            raise InputError(f"`dvc {' '.join(command)}` failed with {code}; the reason stands above")


def _parse(overrides: list[str]) -> list[tuple[list[str], Any]]:
    """Read ``a.b=value`` into (["a", "b"], value)."""
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


def _write(document: Any, name: str, overrides: list[tuple[list[str], Any]]) -> None:
    """Put choices into ``experiments.NAME`` and single values into ``set.experiments.NAME``."""
    for section in ("experiments", "set"):
        if document.get(section) is None:
            document[section] = {}
    entry = document["experiments"].setdefault(name, {})
    leaves = document["set"].get("experiments", {}).get(name, {})
    valid = (*GROUPS["experiments"], *LEAVES["experiments"])
    for keys, value in overrides:
        if keys[0] not in valid:
            raise InputError(f"unknown key {keys[0]!r}; {nearest(keys[0], valid)}")
        if len(keys) == 1:
            if keys[0] in GROUPS["experiments"] and entry.get(keys[0]) != value:
                leaves.pop(keys[0], None)
            entry[keys[0]] = value
    for keys, value in overrides:
        if len(keys) > 1:
            node = document["set"].setdefault("experiments", {}).setdefault(name, {})
            for key in keys[:-1]:
                node = node.setdefault(key, {})
            node[keys[-1]] = value
    if "datasets" not in entry:
        entry["datasets"] = list(document["datasets"])  # written out: a corpus added later must not change this entry
