"""Digests of the source that a component runs: what a cache entry and a resolved experiment depend on.

The source is that of mmer and of the packages that params.yaml lists (``mmer.stages.allowed``). Of such a package the
files that are no Python (weights, tables) count too, for nobody can tell which module reads them.
"""

import ast
import hashlib
from collections.abc import Container, Iterable
from functools import cache
from pathlib import Path

from mmer.stages.allowed import OWN, ROOT, packages
from mmer.types.errors import InputError

# Of a package, what no result depends on. A name that begins with a dot is left out too.
NO_CODE = (".pyc", ".pyo", ".md", ".rst")


def source(module: str) -> Path | None:
    """Return the file of a module of mmer or of a listed package, or None if it is no module.

    The file is looked for by its name: ``find_spec("mmer.models.gcn.Gcn")`` would import the module first, and with it
    torch, for which the cheap stages must not wait.
    """
    first = module.partition(".")[0]
    if first == OWN:
        return _file(module, ROOT)
    folder = packages().get(first)
    return None if folder is None else _file(module, folder.parent)


@cache
def _file(module: str, root: Path) -> Path | None:
    path = root.joinpath(*module.split("."))
    return next((file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()), None)


@cache
def _imported(module: str, file: Path) -> frozenset[str]:
    """Return the names that a module's source imports, wherever in the file it does; some are no modules."""
    names = set()
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {item.name for item in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join((*above, *((node.module,) if node.module else ())))
            names |= {base, *(f"{base}.{item.name}" for item in node.names)}
    return frozenset(names)


def _imports(module: str, listed: Container[str]) -> set[str]:
    """Return the modules of mmer and of listed packages that a module imports."""
    if (file := source(module)) is None:
        raise InputError(f"_target_ names a module that does not exist: {module}")
    names = _imported(module, file) - {OWN}
    if not _is_own(module):  # importing a module runs the packages that it lies in; those of mmer hold no code
        parts = module.split(".")
        names |= {".".join(parts[:length]) for length in range(1, len(parts))}
    return {name for name in names if (_is_own(name) or name.partition(".")[0] in listed) and source(name)}


def _is_own(module: str) -> bool:
    return module.partition(".")[0] == OWN


def closure(modules: Iterable[str]) -> list[str]:
    """Return the modules and all that they import of mmer and of listed packages, directly or not, sorted."""
    found, todo, listed = set(), list(modules), packages()
    while todo:
        module = todo.pop()
        if module not in found:
            found.add(module)
            todo += _imports(module, listed)
    return sorted(found)


def code_digest(modules: Iterable[str]) -> str:
    """Return one sha256 over the source of the modules and of what they import, see ``closure``."""
    return _digest(closure(modules))


def package_digest(module: str) -> str:
    """Return one sha256 over the part of ``code_digest`` that is not of mmer."""
    return _digest([name for name in closure([module]) if not _is_own(name)])


def _digest(modules: list[str]) -> str:
    total = hashlib.sha256()
    for module in modules:
        total.update(module.encode() + b"\0" + source(module).read_bytes())
    for package in sorted({module.partition(".")[0] for module in modules if not _is_own(module)}):
        for name, file in files_of(package).items():
            if file.suffix != ".py":
                about = file.stat()
                total.update(name.encode() + b"\0" + _known(file, about.st_mtime_ns, about.st_size).encode())
    return total.hexdigest()


def files_of(package: str) -> dict[str, Path]:
    """Return the files of a listed package on which results may depend, by name: ``lab/models/tiny.py``."""
    folder = packages()[package]
    found = {f"{package}/{path.relative_to(folder).as_posix()}": path for path in sorted(folder.rglob("*"))}
    return {
        name: path
        for name, path in found.items()
        if path.suffix not in NO_CODE and not any(part[:1] == "." for part in name.split("/")) and path.is_file()
    }


@cache
def _known(file: Path, changed: int, size: int) -> str:
    """Digest a file that may be large once, as long as it stays the same."""
    return file_digest(file)


def file_digest(path: str | Path) -> str:
    """Return the sha256 of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
