"""Write a page that is made at build time, and only if it changed: Sphinx reads again what is newer than its build."""

from pathlib import Path


def write(path: Path, text: str) -> Path:
    """Write a page; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_text() != text:
        path.write_text(text)
    return path


def clean(folder: Path, kept: set[Path]) -> None:
    """Delete the pages of a folder that were made of a file which is gone."""
    for path in folder.rglob("*.rst"):
        if path not in kept:
            path.unlink()


def title(text: str, line: str = "=") -> str:
    """Return a heading."""
    return f"{text}\n{line * len(text)}\n\n"
