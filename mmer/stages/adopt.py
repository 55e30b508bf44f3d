"""``mmer adopt NAME``: make what a search found the experiment NAME_tuned."""

from io import StringIO
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from mmer.stages import paths
from mmer.stages.build import CONF
from mmer.stages.config import parse_params, read_params, resolve
from mmer.stages.search_config import Plan
from mmer.stages.tuned import GROUP, read_tuned, tuned_text
from mmer.types.errors import InputError
from mmer.types.whole_file import whole_file


def main(name: str, params: Path = paths.PARAMS) -> None:
    """Write conf/tuned/NAME.yaml and the entry NAME_tuned of params.yaml.

    Parameters
    ----------
    name : str
        Stem of a file in conf/search.

    Raises
    ------
    InputError
        The search did not end yet, or was changed since; or what it found cannot be composed. conf/tuned and
        params.yaml are as they were then.
    """
    plan, found = Plan.read(name), _read(name)
    if found.get("digest") != plan.digest:
        raise InputError(
            f"{plan.file} or the experiment that it is about changed since {paths.best(name)} was written; run "
            f"`mmer tune {name}` again"
        )
    file = CONF / GROUP / f"{name}.yaml"
    before = file.read_bytes() if file.is_file() else None
    _write(file, tuned_text(found))
    try:
        read_tuned(name, f"{file}")
        text = _entry(plan, params)
        resolve(parse_params(text, params))
    except BaseException:
        if before is None:
            file.unlink()
        else:
            file.write_bytes(before)
        raise
    _write(params, text)
    print(f"{file} and the entry {name}_tuned of {params} are written; `dvc repro evaluate@{name}_tuned` runs it")


def _read(name: str) -> dict[str, Any]:
    """Read what the search left."""
    file = paths.best(name)
    if not file.is_file():
        raise InputError(f"{file} is missing: the search did not end yet; run `mmer tune {name}`")
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: not readable ({error}); run `mmer tune {name}`") from error
    if not isinstance(found, dict) or found.get("search") != name:
        raise InputError(f"{file}: not as the search {name} wrote it; run `mmer tune {name}`")
    return {key: value for key, value in found.items() if key != "sha256"}


def _entry(plan: Plan, params: Path) -> str:
    """Return params.yaml with the experiment: the search's base, and where its settings come from."""
    read_params(params)
    editor = YAML()  # ruamel keeps the comments
    editor.width = 4096  # a line of a person is not broken
    document, name = editor.load(params.read_text(encoding="utf-8")), f"{plan.search.name}_tuned"
    for section in ("experiments", "set"):
        if document.get(section) is None:
            document[section] = CommentedMap()
    seeds = {"seeds": list(plan.search.seeds)} if plan.search.seeds != (0,) else {}
    document["experiments"][name] = _flow(plan.choices | seeds | {"tuned": plan.search.name})
    leaves = document["set"]
    if leaves.get("experiments") is None:
        leaves["experiments"] = CommentedMap()
    leaves["experiments"].pop(name, None)
    if plan.leaves:
        leaves["experiments"][name] = _flow(plan.leaves)
    text = StringIO()
    editor.dump(document, text)
    return text.getvalue()


def _flow(node: dict[str, Any]) -> CommentedMap:
    """Write a mapping on one line, as the others stand there."""
    written = CommentedMap(node)
    written.fa.set_flow_style()
    return written


def _write(file: Path, text: str) -> None:
    with whole_file(file) as partial:
        partial.write_text(text, encoding="utf-8")
