"""Docstrings are written to be read in the source; here they become reStructuredText that says the same.

Contracts of rooms are small tables of names and meanings, aligned by hand; formulas have stars and bars. Whatever
reStructuredText would take for markup, or pour into one paragraph, is shown as it is written.
"""

import re

from sphinx.application import Sphinx

CODE = re.compile(r"(``.+?``|`[^`]+`(?:_+)?|\*\*.+?\*\*|:[\w:-]+:`[^`]*`)")
RULE = re.compile(r"=+(?: +=+)+")


def blocks(lines: list[str]) -> list[str]:
    """Return a module's docstring in which every indented block is a block of text."""
    made: list[str] = []
    inside = False
    for line in lines:
        indented = line.startswith(" ") and (inside or not made or not made[-1].strip())
        if indented and not inside and not _announced(made):
            made += [".. code-block:: text", ""]
        inside = indented or (inside and not line.strip())
        made.append(f"   {line}" if indented else line)
    return made


def _announced(lines: list[str]) -> bool:
    """Return whether what follows is a block already, or goes on with a list."""
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return last.endswith("::") or last.startswith(("..", "* ", "- "))


def tables(lines: list[str]) -> list[str]:
    """Return the lines with every table whose cells reach over their columns as a block of text.

    reStructuredText refuses such a table as a whole: a number that stands right-aligned under a wide heading is enough.
    """
    made, number = [], 0
    while number < len(lines):
        if not RULE.fullmatch(lines[number].strip()):
            made.append(lines[number])
            number += 1
            continue
        end = number + 1
        while end < len(lines) and lines[end].strip():
            end += 1
        table = lines[number:end]
        margins = [
            place
            for place, sign in enumerate(table[0])
            if sign == " " and place > len(table[0]) - len(table[0].lstrip())
        ]
        rows = [line for line in table if not RULE.fullmatch(line.strip())]
        if any(line[place : place + 1].strip() for line in rows for place in margins):
            indent = " " * (len(table[0]) - len(table[0].lstrip()))
            table = [f"{indent}.. code-block:: text", "", *(f"   {line}" for line in table)]
        made += table
        number = end
    return made


def marks(lines: list[str]) -> list[str]:
    """Return the lines with stars and bars of formulas escaped; words in backquotes and strong words stay."""
    made, block = [], None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if block is not None and line.strip() and indent <= block:
            block = None
        if block is None:
            parts = CODE.split(line)
            # Emphasis is a pair of stars in one line; a single one is a product or a pattern.
            if sum(len(re.findall(r"(?<![\\*])\*(?![*\s])", part)) for part in parts[::2]) % 2:
                parts[::2] = [re.sub(r"(?<![\\*])\*(?![*\s])", r"\\*", part) for part in parts[::2]]
            parts[::2] = [re.sub(r"(?<!\\)\|", r"\\|", part) for part in parts[::2]]
            made.append("".join(parts))
            if line.strip().endswith("::") or line.strip().startswith(".. code-block"):
                block = indent
        else:
            made.append(line)
    return made


def as_markup(text: str) -> str:
    """Return a room's docstring as the text of a page."""
    return "\n".join(marks(tables(blocks(text.splitlines()))))


def _process(app: object, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    lines[:] = marks(tables(blocks(lines) if what == "module" else lines))


def _skip(app: object, what: str, name: str, thing: object, skip: bool, options: object) -> bool | None:
    """Leave out what a module imported from elsewhere."""
    return True if not str(getattr(thing, "__module__", None) or "mmer").startswith("mmer") else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Listen to autodoc, after numpydoc."""
    app.connect("autodoc-process-docstring", _process, priority=900)
    app.connect("autodoc-skip-member", _skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
