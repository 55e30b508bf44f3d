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
        The entry's name in params.yaml.

    Raises
    ------
    InputError
        artifacts/config.yaml is missing or has no such entry.
    """
    entries = read_all()[section]
    if name not in entries:
        raise InputError(f"{paths.CONFIG}: {section} has no {name!r}; {nearest(name, entries)}")
    return entries[name]


def read_all() -> dict[str, Any]:
    """Return the whole resolved configuration."""
    if not paths.CONFIG.is_file():
        raise InputError(f"{paths.CONFIG} is missing; run `dvc repro config` in the repository root")
    # The C loader is ten times the speed of the pure Python one, and every stage reads this file.
    return yaml.load(paths.CONFIG.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
