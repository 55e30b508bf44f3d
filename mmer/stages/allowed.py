"""Which code a ``_target_`` may name: mmer's own, and the packages that params.yaml lists under ``packages``.

A package is a folder beside params.yaml, or a link to one. Nothing of it is imported before it is listed there.
"""

import importlib.util
import re
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mmer.types.errors import InputError, nearest

OWN = "mmer"
KEY = "packages"
PARAMS = "params.yaml"
ROOT = Path(__file__).parents[2]  # the folder of mmer itself, for a process that works in another folder
NAME = re.compile(r"[a-z_][a-z0-9_]{0,63}")


def check_packages(value: Any, where: str, root: Path) -> dict[str, Path]:
    """Check a list of packages.

    Parameters
    ----------
    value : list of str or None
        None: none.
    where : str
        Where it stands, for messages.
    root : Path
        The folder in which packages lie.

    Returns
    -------
    dict of str to Path
        Name -> its folder.

    Raises
    ------
    InputError
        It is no list of names, or a name is no package there, or stands for other code when it is imported.
    """
    if value is not None and not isinstance(value, list):
        raise InputError(f"{where} must be a list of folders beside {PARAMS}, such as [lab]; got {value!r}")
    for name in value or ():
        _check(name, where, root)
    return {name: root / name for name in value or ()}


def packages() -> dict[str, Path]:
    """Return the packages that params.yaml lists: that of the working directory, else the one beside mmer."""
    for root in (Path.cwd(), ROOT):
        if (file := root / PARAMS).is_file():
            about = file.stat()
            return _packages(root, about.st_mtime_ns, about.st_size)
    return {}


def allowed(target: str) -> bool:
    """Say whether a ``_target_`` names code that may be run."""
    first, dot, _ = str(target).partition(".")
    return bool(dot) and (first == OWN or first in packages())


def check_target(target: Any, where: str = "") -> None:
    """Refuse a ``_target_`` of any other code.

    Raises
    ------
    InputError
        The message names it, and the way out.
    """
    if not isinstance(target, str) or not allowed(target):
        first, listed = str(target).partition(".")[0], packages()
        out = f"only {', '.join(f'{name}.*' for name in (OWN, *listed))} may be named"
        if NAME.fullmatch(first) and (ROOT / first).is_dir() and "." in str(target):
            out += f"; to run code of the folder {first!r}, add it to {PARAMS}: `packages: {_list([*listed, first])}`"
        else:
            out += f"; code of your own is opted in by {PARAMS}: `packages: [lab]`, the name of a folder beside it"
        raise InputError(f"{f'{where}: ' if where else ''}_target_ {target!r} is outside mmer; {out}")


def make_importable(name: str, folder: Path) -> None:
    """Let a package be imported, by this process and by workers that it starts.

    Raises
    ------
    InputError
        The name means other code here.
    """
    if (root := str(folder.parent)) not in sys.path:
        sys.path.append(root)  # last, so that a folder hides no library
    spec = importlib.util.find_spec(name)
    places = [*(spec.submodule_search_locations or ())] if spec else []
    if folder.resolve() not in {Path(place).resolve() for place in places}:
        found = places[0] if places else spec.origin if spec else "nothing"
        raise InputError(f"{PARAMS}: {KEY}: {name!r} is imported from {found}, not from {folder}; rename the folder")


def _check(name: Any, where: str, root: Path) -> None:
    """Refuse what is no package of a lab."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise InputError(f"{where}: {name!r} is not the name of a package: a-z, 0-9 and _, e.g. lab")
    if name == OWN:
        raise InputError(f"{where}: {OWN} itself needs no entry; take it out")
    if name in sys.stdlib_module_names:
        raise InputError(f"{where}: {name!r} is a module of Python itself; list folders beside {PARAMS} only")
    if not (root / name).is_dir():
        beside = _folders_with_code(root)
        hint = f"; {nearest(name, beside)}" if beside else ""
        raise InputError(
            f"{where}: there is no folder {name!r} beside {PARAMS}; put the package there, or a link to it "
            f"(`ln -s /path/to/{name} {name}`){hint}"
        )
    make_importable(name, root / name)


def _folders_with_code(root: Path) -> list[str]:
    """Name the folders that could be meant."""
    folders = (path for path in root.iterdir() if path.is_dir() and NAME.fullmatch(path.name) and path.name != OWN)
    return sorted(path.name for path in folders if next(path.glob("*.py"), None) and path.name not in ("docs", "tests"))


@cache  # a stage asks for every component
def _packages(root: Path, changed: int, size: int) -> dict[str, Path]:
    try:
        params = yaml.safe_load((root / PARAMS).read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise InputError(f"{root / PARAMS}: not valid yaml: {error}") from error
    return check_packages(params.get(KEY) if isinstance(params, dict) else None, f"{PARAMS}: {KEY}", root)


def _list(names: Iterable[str]) -> str:
    return f"[{', '.join(names)}]"
