"""Which executor this machine uses: the environment says it, else the section ``executor`` of params.yaml."""

import os
from typing import Any

import yaml

from mmer.stages import paths
from mmer.stages.build import build, options, read_option
from mmer.types.errors import InputError, nearest
from mmer.types.executor import Executor

GROUP = "executor"
VARIABLE = "MMER_EXECUTOR"
DEFAULT = "processes"


def executor() -> Executor:
    """Make the executor that a person chose.

    Raises
    ------
    InputError
        There is no such executor, or it has no such key.
    """
    if text := os.environ.get(VARIABLE):
        return executor_of(_yaml(text, f"environment variable {VARIABLE}"), f"environment variable {VARIABLE}")
    if not paths.PARAMS.is_file():
        return executor_of(None, f"{paths.PARAMS}")
    params = _yaml(paths.PARAMS.read_text(encoding="utf-8"), f"{paths.PARAMS}")
    section = params.get(GROUP) if isinstance(params, dict) else None
    return executor_of(section, f"{paths.PARAMS}: {GROUP}")


def executor_of(section: Any, where: str) -> Executor:
    """Make the executor that a section describes.

    Parameters
    ----------
    section : str, mapping or None
        A name of conf/executor, or ``{name: slurm, jobs: 8}``; None: processes.
    where : str
        Where it stands, for messages.
    """
    chosen = {"name": section} if isinstance(section, str) else {"name": DEFAULT} if section is None else section
    if not isinstance(chosen, dict) or not isinstance(chosen.get("name"), str):
        raise InputError(f"{where} must be a name such as {DEFAULT}, or {{name: slurm, jobs: 8}}; got {section!r}")
    valid = options(GROUP)
    if not valid and chosen["name"] == DEFAULT:  # a folder without conf/
        return build({"_target_": "mmer.executors.processes.Processes", "name": DEFAULT})
    if chosen["name"] not in valid:
        raise InputError(f"{where}: conf/{GROUP} has no {chosen['name']!r}; {nearest(chosen['name'], valid)}")
    node = read_option(GROUP, chosen["name"])
    own = set(node) - {"_target_"}
    for key in chosen:
        if key not in own:
            raise InputError(f"{where}: {chosen['name']} has no key {key!r}; {nearest(str(key), own - {'name'})}")
    try:
        return build({**node, **chosen})
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def _yaml(text: str, where: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(f"{where}: not valid yaml: {error}") from error
