"""``mmer run NAME model=gcn protocol=loso model.hidden=64``: write the entry NAME into params.yaml and run it."""

import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from mmer.stages import paths
from mmer.stages.config import parse_params, read_params, resolve
from mmer.stages.overrides import Override, apply, parse
from mmer.types.errors import InputError
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
    editor.width = 4096  # a line of a person is not broken
    document = editor.load(params.read_text())
    _write(document, name, parse(overrides))
    text = StringIO()
    editor.dump(document, text)
    resolve(parse_params(text.getvalue(), params))
    with whole_file(params) as partial:
        partial.write_text(text.getvalue(), encoding="utf-8")
    for command in (["repro", f"evaluate@{name}"], ["repro", "--single-item", "report"]):
        if code := subprocess.run([sys.executable, "-m", "dvc", *command]).returncode:
            raise InputError(f"`dvc {' '.join(command)}` failed with {code}; the reason stands above")


def _write(document: Any, name: str, overrides: list[Override]) -> None:
    """Put choices into ``experiments.NAME`` and single values into ``set.experiments.NAME``."""
    for section in ("experiments", "set"):
        if document.get(section) is None:
            document[section] = {}
    entry = document["experiments"].setdefault(name, {})
    apply(overrides, entry, lambda: document["set"].setdefault("experiments", {}).setdefault(name, {}))
    if not document["set"].get("experiments", {}).get(name, True):
        del document["set"]["experiments"][name]
    if "datasets" not in entry:
        entry["datasets"] = list(document["datasets"])  # written out: a corpus added later must not change this entry
