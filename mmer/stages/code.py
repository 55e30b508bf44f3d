"""Digests of the source that a component runs: what a cache entry and a resolved experiment depend on."""

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]  # the folder of the package


@cache
def _source(module: str) -> Path | None:
    """Return the file of an mmer module, or None if it is no module.

    The file is looked for by its name: ``find_spec("mmer.models.gcn.Gcn")`` would import the module first, and with it
    torch, for which the cheap stages must not wait.
    """
    path = ROOT.joinpath(*module.split("."))
    return next((file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()), None)


@cache
def _imports(module: str) -> frozenset[str]:
    """Return the mmer modules that a module's source imports, wherever in the file it does."""
    names = set()
    for node in ast.walk(ast.parse(_source(module).read_bytes())):
        if isinstance(node, ast.Import):
            names |= {item.name for item in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{item.name}" for item in node.names)}
    return frozenset(name for name in names if name.startswith("mmer.") and _source(name))


def closure(modules: Iterable[str]) -> list[str]:
    """Return the modules and all mmer modules that they import, directly or not, sorted."""
    found, todo = set(), list(modules)
    while todo:
        module = todo.pop()
        if module not in found:
            found.add(module)
            todo += _imports(module)
    return sorted(found)


def code_digest(modules: Iterable[str]) -> str:
    """Return one sha256 over the source of the modules and of what they import inside mmer."""
    total = hashlib.sha256()
    for module in closure(modules):
        total.update(module.encode() + b"\0" + _source(module).read_bytes())
    return total.hexdigest()


def file_digest(path: str | Path) -> str:
    """Return the sha256 of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
