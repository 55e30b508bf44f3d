"""Read an annotation table from a workbook or a csv file, cell by cell, so that an error can name its cell.

Nothing in the file is evaluated: of a formula the stored value is read, and ids stay text (``01`` is not 1).
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mmer.datasets.csv_file import HEADER_ROWS, header_key
from mmer.datasets.table_file import WrongTable, table_lines
from mmer.types.errors import InputError, listing

MAX_FRAME = 10**9
MAX_NAME_BYTES = 200  # file systems allow 255, and a suffix is added

log = logging.getLogger("mmer")


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Parameters
    ----------
    number : int
        Row of the sheet, or line of the csv file, from 1.
    cells : dict of str to object
        Column (as the adapter calls it) -> text, number, or None where the cell is empty.
    places : dict of str to pair of str
        Column -> where the cell is, for people: the file, and a text with ``{row}`` in it.
    """

    number: int
    cells: Mapping[str, object]
    places: Mapping[str, tuple[str, str]]

    def place(self, column: str) -> str:
        """Say where a cell is: file, sheet, cell and column header."""
        file, cell = self.places[column]
        return file + cell.replace("{row}", str(self.number), 1)

    def text(self, column: str, required: bool = True) -> str:
        """Return a cell as text; ``""`` where it is empty and not required."""
        value = self.cells.get(column)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = "" if value is None else str(value).strip()
        if not text and required:
            raise InputError(f"{self.place(column)} is empty; fill it in, or delete the row")
        return text

    def whole(self, column: str, missing: tuple[str, ...] = ("",)) -> int | None:
        """Return a cell as a frame number, or None where its text is one of ``missing``."""
        text = self.text(column, required=False)
        if text in missing:
            return None
        if not re.fullmatch(r"\d{1,10}(\.0*)?", text, re.ASCII) or (value := int(text.split(".")[0])) > MAX_FRAME:
            raise InputError(f"{self.place(column)} is {text!r}, which is not a frame number; correct the cell")
        return value

    def decimal(self, column: str) -> float | None:
        """Return a cell as a positive number, or None where it is empty."""
        text = self.text(column, required=False)
        if not text:
            return None
        if not re.fullmatch(r"\d{1,9}(\.\d*)?", text, re.ASCII) or not (value := float(text)):
            raise InputError(f"{self.place(column)} is {text!r}, which is not a positive number; correct the cell")
        return value

    def digits(self, column: str, width: int, prefix: str = "") -> str:
        """Return a number that serves as an id, padded with zeros (``1``, ``01`` and ``sub01`` are ``01``)."""
        text = self.text(column)
        found = re.fullmatch(rf"(?:{prefix})?0*(\d{{1,9}})", text, re.ASCII | re.IGNORECASE)
        if not found:
            raise InputError(f"{self.place(column)} is {text!r}, which is not a subject number; correct the cell")
        return found[1].zfill(width)

    def filename(self, column: str) -> str:
        """Return a cell that becomes a part of ids and paths."""
        text = self.text(column)
        if not text.isprintable() or re.search(r"[/\\@]", text) or text.startswith("."):
            raise InputError(
                f"{self.place(column)} is {text!r}; a clip or subject name holds no '/', '\\' or '@' "
                "and no control character, and does not begin with a dot"
            )
        if len(text.encode()) > MAX_NAME_BYTES:
            raise InputError(
                f"{self.place(column)}: {text[:20]}... is too long; a name has at most {MAX_NAME_BYTES} bytes"
            )
        return text


@dataclass(frozen=True)
class Table:
    """An annotation table.

    Parameters
    ----------
    path : Path
    header : tuple of str
        Every header in the file.
    columns : tuple of str
        The wanted columns that are there, as the adapter calls them.
    rows : tuple of Row
        The rows that are not empty.
    """

    path: Path
    header: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(
    path: Path,
    sheet: str | None,
    columns: Mapping[str, str],
    optional: Mapping[str, str] | None = None,
    header_on_top: bool = False,
    top: int | None = None,
) -> Table:
    """Read the columns that an adapter wants.

    Parameters
    ----------
    path : Path
        ``.xlsx``, ``.xls`` or ``.csv``.
    sheet : str or None
        Name of the sheet, in any case, ``*`` allowed; None: the first one. A csv file has none.
    columns, optional : dict of str to str
        What the adapter calls a column -> its header in the file (case, spaces and punctuation do not matter).
    header_on_top : bool
        The header is the first row. Otherwise it is the row that begins with the first of ``columns``, which may stand
        below a preamble.
    top : int, optional
        For a sheet without a header: how many rows stand above the first one. ``columns`` are then letters (``A``).

    Raises
    ------
    WrongTable
        The sheet, the header row or a column is missing.
    InputError
        The file is damaged, encrypted or too large.
    """
    titles = () if top is not None else (*columns.values(), *(optional or {}).values())
    sheet, lines = table_lines(path, sheet, titles)
    where = f"{path}, sheet {sheet}" if sheet else str(path)
    place = "cell {letters}{row}" if sheet else "row {row}"
    if top is None:
        head = 0 if header_on_top else _header(lines, next(iter(columns.values())), where)
        header = ["" if cell is None else str(cell) for cell in (lines[head] if lines else [])]
        try:
            at = _columns(header, columns, optional or {}, f"{where}, row {head + 1}")
        except WrongTable as error:
            raise _two_rows(error, lines[head + 1 : head + 2], columns) from error
    else:
        head, header = top - 1, []
        at = {column: _column_number(letters) for column, letters in {**columns, **(optional or {})}.items()}
    places = {
        column: (
            f"{where}, ",
            place.replace("{letters}", _letters(number))
            + (f", column {header[number]}" if header else f", column {_letters(number)} ({column})"),
        )
        for column, number in at.items()
    }
    rows, empty = [], 0
    for number, line in enumerate(lines[head + 1 :], head + 2):
        if not line:
            empty += 1
            continue
        if header and not sheet and len(line) > len(header):  # in a workbook a note may stand beside the table
            raise InputError(
                f"{where}, row {number}: {len(line)} cells under {len(header)} headers; put a text that holds a "
                "separator between double quotes"
            )
        rows.append(
            Row(number, {column: line[spot] if spot < len(line) else None for column, spot in at.items()}, places)
        )
    if empty:
        log.info("%s: %d empty row(s) skipped", where, empty)
    return Table(path, tuple(name for name in header if name), tuple(at), tuple(rows))


def _header(lines: list[list[object]], first: str, where: str) -> int:
    """Find the row that begins with the first column's header."""
    for number, line in enumerate(lines[:HEADER_ROWS]):
        if line and _same(line[0], first):
            return number
    begins = [repr(str(line[0])[:30]) for line in lines if line and line[0] is not None]
    raise WrongTable(
        f"{where}: no header; none of the first {HEADER_ROWS} rows begins with {first!r} "
        f"(they begin with {listing(begins) or 'nothing'}). Is it the right file?"
    )


def _columns(header: list[str], columns: Mapping[str, str], optional: Mapping[str, str], where: str) -> dict[str, int]:
    """Find where each column stands."""
    at: dict[str, int] = {}
    for column, title in {**columns, **optional}.items():
        found = [number for number, name in enumerate(header) if _same(name, title)]
        if len(found) > 1:
            raise WrongTable(f"{where}: the column {title!r} occurs {len(found)} times; keep one")
        if found:
            at[column] = found[0]
    if absent := [title for column, title in columns.items() if column not in at]:
        has = ", ".join(repr(name) for name in header if name) or "nothing"
        raise WrongTable(f"{where}: the columns {', '.join(map(repr, absent))} are missing; it has {has}")
    return at


def _two_rows(error: WrongTable, below: list[list[object]], columns: Mapping[str, str]) -> WrongTable:
    """Say so where missing columns stand in the row below the header, as merged cells make it."""
    found = [title for title in columns.values() for cell in (below[0] if below else []) if _same(cell, title)]
    if not found:
        return error
    return WrongTable(
        f"{error}. The row below holds {', '.join(map(repr, found))}: the header is spread over two rows. Unmerge its "
        "cells and put every header into one row"
    )


def _same(cell: object, title: str) -> bool:
    return header_key(cell) == header_key(title)


def _column_number(letters: str) -> int:
    """Return the place of a column named as spreadsheets do: A is 0, AA is 26."""
    place = 0
    for letter in letters.upper():
        place = 26 * place + ord(letter) - ord("A") + 1
    return place - 1


def _letters(place: int) -> str:
    """Name a column as spreadsheets do: 0 is A, 26 is AA."""
    place, last = divmod(place, 26)
    return (_letters(place - 1) if place else "") + chr(ord("A") + last)
