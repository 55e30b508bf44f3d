"""conf/table/SET.yaml: what a person writes, and the rows that it stands for."""

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from mmer.stages.build import CONF, options, read_option
from mmer.stages.config import NAME, mapping
from mmer.stages.entry import GROUPS, UNREADABLE
from mmer.stages.model_traits import model_traits
from mmer.types.errors import InputError, nearest

GROUP = "table"
SECTIONS = ("base", "set", "rows", "over", "except", "with", "recipe")
RECIPES = ("demo", "paper")


@dataclass(frozen=True)
class Rows:
    """The rows of a table, as params.yaml would list experiments.

    Parameters
    ----------
    file : Path
        Where they are written.
    choices : dict of str to dict
        Name of the row, which starts with that of the table, -> its choices.
    leaves : dict of str to dict
        Name of the row -> the single values set for it.
    asked : tuple of str
        Groups of which the table wants ``all``: whatever does not fit a row may be left out.
    """

    file: Path
    choices: dict[str, dict[str, Any]]
    leaves: dict[str, dict[str, Any]]
    asked: tuple[str, ...] = ()


def read_rows(name: str) -> Rows:
    """Read conf/table/NAME.yaml and write out its rows; choices and values are checked where they are composed.

    Raises
    ------
    InputError
        There is no such table, the file is no mapping of the known sections, or no row is left.
    """
    file = CONF / GROUP / f"{name}.yaml"
    if not CONF.is_dir():
        raise InputError(f"there is no folder {CONF} here; run the command in the root of the repository")
    if not file.is_file():
        raise InputError(f"{CONF / GROUP}: there is no table {name!r}; {nearest(name, options(GROUP))}")
    try:
        written = mapping(OmegaConf.to_container(OmegaConf.load(file)), f"{file}")
    except UNREADABLE as error:
        raise InputError(f"{file}: not valid yaml: {error}") from error
    for key in written:
        if key not in SECTIONS:
            raise InputError(f"{file}: unknown key {key!r}; {nearest(key, SECTIONS)}")
    recipe = written.pop("recipe", None)
    if recipe is not None and recipe not in RECIPES:
        raise InputError(f"{file}: recipe is {recipe!r}; {nearest(str(recipe), RECIPES)}")
    parts = {key: mapping(written.get(key), f"{file}: {key}") for key in SECTIONS if key != "recipe"}
    if bool(parts["rows"]) == bool(parts["over"]):
        raise InputError(
            f"{file}: write either `rows` (name -> choices) or `over` (group -> choices, every combination is a row)"
        )
    if parts["rows"] and parts["except"]:
        raise InputError(f"{file}: `except` belongs to `over`; take the row out of `rows` instead")
    if parts["rows"] and parts["with"]:
        raise InputError(f"{file}: `with` belongs to `over`; write it into the rows instead")
    if parts["rows"]:
        rows = _listed(parts["rows"], file)
    else:
        rows = _product(parts["over"], parts["except"], file)
        follows = _follows(parts["with"], parts["over"], file)
        rows = {row: _completed(own, follows) for row, own in rows.items()}
    choices, leaves = {}, {}
    for row, own in rows.items():
        full = f"{name}_{row}"
        if not NAME.fullmatch(full):
            raise InputError(
                f"{file}: row {full}: a name is made of a-z, 0-9 and _, at most 64 of them with the table's"
            )
        values = mapping(own.get("set"), f"{file}: row {full}: set")
        choices[full] = parts["base"] | {key: value for key, value in own.items() if key != "set"}
        named = f"{choices[full].get('model')}_{recipe}"
        if recipe and named in options("experiment"):
            choices[full] = {"experiment": named} | choices[full]
        leaves[full] = _merged(parts["set"], values)
    return Rows(file, choices, leaves, tuple(group for group, wanted in parts["over"].items() if wanted == "all"))


def _listed(rows: dict[str, Any], file: Path) -> dict[str, dict[str, Any]]:
    """Read rows that are written out."""
    return {str(row): mapping(own, f"{file}: rows.{row}") for row, own in rows.items()}


def _product(over: dict[str, Any], without: dict[str, Any], file: Path) -> dict[str, dict[str, Any]]:
    """Combine every choice of every group; a row is named by its choices."""
    groups = GROUPS["experiments"]
    for group in over:
        if group not in groups:
            raise InputError(f"{file}: over.{group}: there is no such group; {nearest(group, groups)}")
    for group in without:
        if group not in over:
            raise InputError(f"{file}: except.{group}: the table does not go over it; {nearest(group, over)}")
    wanted = {}
    for group, listed in over.items():
        there, out = options(group), _words(without.get(group, []), f"{file}: except.{group}")
        chosen = _all(group) if listed == "all" else _words(listed, f"{file}: over.{group}")
        for word in (*chosen, *out):
            if word not in there:
                raise InputError(f"{file}: {group}: conf/{group} has no {word!r}; {nearest(word, there)}")
        wanted[group] = [word for word in chosen if word not in out]
        if not wanted[group]:
            raise InputError(f"{file}: over.{group}: no row is left; list a choice, or take it out of `except`")
    return {"_".join(words): dict(zip(wanted, words, strict=True)) for words in product(*wanted.values())}


def _all(group: str) -> list[str]:
    """Return the choices of a group; models of recordings are listed by name, for not every corpus has any."""
    names = options(group)
    return [name for name in names if not model_traits(read_option(group, name)).signals] if group == "model" else names


def _follows(given: dict[str, Any], over: dict[str, Any], file: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Read what goes with a choice: group -> choice -> other choices, and single values under ``set``."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for group, choices in given.items():
        where = f"{file}: with.{group}"
        if group not in over:
            raise InputError(f"{where}: the table does not go over it; {nearest(group, over)}")
        found[group] = {}
        for word, own in mapping(choices, where).items():
            if word not in options(group):
                raise InputError(f"{where}: conf/{group} has no {word!r}; {nearest(str(word), options(group))}")
            own = mapping(own, f"{where}.{word}")
            if twice := sorted(set(own) & set(over)):
                raise InputError(f"{where}.{word}: {twice[0]} is what the table goes over; take one of the two out")
            found[group][word] = own | {"set": mapping(own.get("set"), f"{where}.{word}: set")}
    return found


def _completed(row: dict[str, Any], follows: dict[str, dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """Add to a row what goes with its choices; a group further down in ``with`` wins."""
    full: dict[str, Any] = dict(row)
    for group, choices in follows.items():
        own = choices.get(row[group], {})
        values = _merged(full.get("set", {}), own.get("set", {}))
        full |= {key: value for key, value in own.items() if key != "set"}
        full["set"] = values
    return full


def _words(value: Any, where: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value) or len(set(value)) < len(value):
        raise InputError(f"{where} must list choices, each once, or be the word all; got {value!r}")
    return value


def _merged(common: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Put a row's own values over those common to all rows, leaf by leaf."""
    both = dict(common)
    for key, value in own.items():
        nested = isinstance(value, dict) and isinstance(both.get(key), dict)
        both[key] = _merged(both[key], value) if nested else value
    return both
