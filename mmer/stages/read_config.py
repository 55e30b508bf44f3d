"""Read one section of the resolved configuration."""

from typing import Any

import yaml

from mmer.stages import paths
from mmer.types.errors import InputError, nearest


def read_config(section: str, name: str) -> dict[str, Any]:
    """Return the resolved section of one dataset or experiment.

    Parameters
    ----------
    section : str
        ``datasets`` or ``experiments``.
    name : str
        The entry's name in params.yaml, or of a row of the table at hand.

    Raises
    ------
    InputError
        artifacts/config.yaml is missing or has no such entry.
    """
    entries = read_all()[section]
    if name not in entries:
        raise InputError(f"{paths.here(paths.CONFIG)}: {section} has no {name!r}; {nearest(name, entries)}")
    return entries[name]


def read_all() -> dict[str, Any]:
    """Return the whole resolved configuration."""
    path, table = paths.here(paths.CONFIG), paths.current_table()
    if not path.is_file():
        command = f"mmer table {table}" if table else "dvc repro config"
        raise InputError(f"{path} is missing; run `{command}` in the repository root")
    # The C loader is ten times the speed of the pure Python one, and every stage reads this file.
    return yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
