"""Digests of the source that a component runs: what a cache entry and a resolved experiment depend on."""

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path


@cache
def _source(module: str) -> Path | None:
    """Return the file of an mmer module, or None if it is no module."""
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin else None


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
