"""Small tables of html: how a notebook shows a noun. Everything is escaped, and nothing grows with the data."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

MOST_ROWS = 8
MOST_LETTERS = 80
HEAD = "text-align:left;padding:1px 8px;font-weight:600"
CELL = "text-align:left;padding:1px 8px"


def facts(title: str, rows: Mapping[str, object]) -> str:
    """Return a table with a title and one fact per row.

    Parameters
    ----------
    title : str
    rows : mapping of str to object
        What -> its value; None is left out.
    """
    body = "".join(
        f'<tr><th scope="row" style="{HEAD}">{escape(_short(name))}</th>'
        f'<td style="{CELL}">{escape(_short(value))}</td></tr>'
        for name, value in rows.items()
        if value is not None
    )
    caption = f'<caption style="{HEAD}">{escape(_short(title))}</caption>'
    return f'<table style="border-collapse:collapse">{caption}{body}</table>'


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], total: int) -> str:
    """Return a table with a title, its first rows, and how many more there are.

    Parameters
    ----------
    title : str
    columns : sequence of C str
    rows : iterable of sequences of C
        At most the first ``MOST_ROWS`` are shown.
    total : int
        How many rows there are.
    """
    head = "".join(f'<th scope="col" style="{HEAD}">{escape(_short(name))}</th>' for name in columns)
    shown = [row for row, _ in zip(rows, range(MOST_ROWS), strict=False)]
    lines = "".join(
        "<tr>" + "".join(f'<td style="{CELL}">{escape(_short(cell))}</td>' for cell in row) + "</tr>" for row in shown
    )
    if total > len(shown):
        lines += f'<tr><td style="{CELL}" colspan="{len(columns)}">and {total - len(shown)} more rows</td></tr>'
    return (
        f'<table style="border-collapse:collapse"><caption style="{HEAD}">{escape(_short(title))}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
    )


def number(count: int, one: str, many: str = "") -> str:
    """Write a count with its noun: ``1 clip``, ``2 clips``."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def _short(value: object) -> str:
    """Write a value in one line that is not long."""
    text = " ".join(str(value).split())
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
