"""The digest of a package's code in the nodes that name it.

Stages are tracked against their section of the resolved config. mmer's own code is tracked beside that, under ``deps``
of dvc.yaml; the code of a package cannot be, since DVC takes no list there. So the config stage writes a digest of the
code into every node of a package: what uses an edited file runs again, and nothing else. Nodes of mmer stay the same.
"""

from collections.abc import Mapping
from typing import Any

from mmer.stages.allowed import OWN, allowed
from mmer.stages.code import package_digest, source
from mmer.types.errors import InputError

CODE = "_code_"


def is_own(node: Mapping[str, Any]) -> bool:
    """Say whether a node names code of mmer."""
    return str(node.get("_target_", "")).startswith(f"{OWN}.")


def stamp(node: Any) -> None:
    """Write the digest of the code into every node, here and below, that names a listed package; in place.

    Raises
    ------
    InputError
        Such a module does not exist.
    """
    if isinstance(node, dict):
        if isinstance(node.get("_target_"), str) and not is_own(node) and allowed(node["_target_"]):
            node[CODE] = package_digest(_module(node))
        for value in node.values():
            stamp(value)


def check_code(node: Mapping[str, Any]) -> None:
    """Refuse a node that was composed with other code than there is now: an old config, or a worker with other files.

    Raises
    ------
    InputError
        They differ.
    """
    if CODE in node and not is_own(node) and node[CODE] != package_digest(_module(node)):
        raise InputError(
            f"{node.get('name')}: the code of {_module(node)} is not what the config was composed with; run "
            "`dvc repro`, and give workers on other machines the same files"
        )


def _module(node: Mapping[str, Any]) -> str:
    module = str(node["_target_"]).rpartition(".")[0]
    if source(module) is None:
        raise InputError(f"_target_ {node['_target_']!r} does not exist: there is no module {module!r}")
    return module
