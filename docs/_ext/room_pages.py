"""The API reference: a page per room with its contract and a table of its modules, and a page per module."""

import ast
import warnings
from importlib import import_module
from pathlib import Path

from docstrings import as_markup
from generated import clean, title, write
from sphinx.application import Sphinx


def modules(folder: Path) -> list[str]:
    """Return the modules of a room by name, without the folders' own files."""
    paths = [path for path in sorted(folder.rglob("*.py")) if path.name != "__init__.py"]
    return [".".join(path.relative_to(folder.parents[1]).with_suffix("").parts) for path in paths]


def generate(app: Sphinx) -> None:
    """Write the pages of all rooms."""
    source, kept = Path(app.srcdir), set()
    folder = source / "api"
    found = {path.parent.name: path.parent for path in source.parent.glob("mmer/*/__init__.py")}
    for room in sorted(found):
        contract = ast.get_docstring(ast.parse((found[room] / "__init__.py").read_text())) or ""
        parts = [title(f"mmer.{room}"), as_markup(contract), "\n\n"]
        parts += [title("Modules", "-"), ".. autosummary::\n   :nosignatures:\n\n"]
        for module in modules(found[room]):
            parts.append(f"   {module}\n")
            own = f"In :doc:`mmer.{room} <../{room}>`.\n\n.. automodule:: {module}\n   :members:\n"
            kept.add(write(folder / "modules" / f"{module}.rst", f":orphan:\n\n{title(module)}{own}"))
        kept.add(write(folder / f"{room}.rst", "".join(parts)))
    clean(folder, kept)


def import_rooms(app: Sphinx) -> None:
    """Import what is documented once, before Sphinx forks: torch takes seconds, and every process would wait for it."""
    from sphinx.ext.autodoc.mock import mock

    with warnings.catch_warnings(), mock(app.config.autodoc_mock_imports):
        warnings.simplefilter("ignore")  # of libraries, while they are imported
        for path in sorted(Path(app.srcdir, "api", "modules").glob("*.rst")):
            import_module(path.stem)


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before Sphinx looks for them."""
    app.connect("builder-inited", generate)
    app.connect("builder-inited", import_rooms, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
