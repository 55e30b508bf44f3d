"""Read one section of the resolved configuration."""

import pickle
from functools import lru_cache
from pathlib import Path
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
    state = path.stat()
    return pickle.loads(_parsed(str(path.resolve()), state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=2)
def _parsed(path: str, changed: int, size: int) -> bytes:
    """Parse a file once per state of it: that of a large table takes half a second. Who asks gets a copy of its own."""
    # The C loader is ten times the speed of the pure Python one.
    return pickle.dumps(yaml.load(Path(path).read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
