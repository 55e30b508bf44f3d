"""Read a table file, of which nobody knows whether it is honest, as lists of cells.

Nothing in the file is evaluated: of a formula the stored value is read, and texts stay texts (``01`` is not 1). A file
from outside may be damaged, claim a size it does not have, or declare XML entities that unpack without end.
"""

import functools
import io
import warnings
import zipfile
from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from pathlib import Path

import openpyxl
import xlrd

from mmer.datasets.csv_file import MAX_BYTES, csv_lines
from mmer.types.errors import InputError

TABLES = {".xlsx", ".xls", ".csv"}
MAX_ROWS, MAX_COLUMNS = 50_000, 64  # a file may claim the cell XFD1048576 and nothing else


class WrongTable(InputError):
    """A file that can be read, but is not the table that was asked for: the sheet, header or a column is missing."""


def table_lines(path: Path, sheet: str | None, titles: Collection[str] = ()) -> tuple[str, list[list[object]]]:
    """Read one sheet of a workbook, or a csv file.

    Parameters
    ----------
    path : Path
        ``.xlsx``, ``.xls`` or ``.csv``.
    sheet : str or None
        Name of the sheet, in any case, ``*`` allowed; None: the first one. A csv file has none.
    titles : collection of str
        Headers of which some are expected, by which a csv file shows what separates its cells.

    Returns
    -------
    sheet : str
        The name as the workbook spells it; ``""`` for a csv file.
    lines : list of list
        One list of cells per row, without the empty cells at its end and the empty rows at the end.

    Raises
    ------
    WrongTable
        There is no such sheet.
    InputError
        The file is damaged, encrypted or too large.
    """
    kind = path.suffix.lower()
    if kind == ".csv":
        name, lines = "", [_line(line) for line in csv_lines(path, titles)]
    else:
        # Whoever asks which corpus a file is of tries every version of every corpus on it, so a workbook is read once.
        state = _state(path)
        name = _sheet(path, _sheet_names(path, state), sheet)
        lines = list((xls_lines if kind == ".xls" else xlsx_lines)(path, name, state))
    if len(lines) > MAX_ROWS:
        raise InputError(f"{path}{name and f', sheet {name}'}: more than {MAX_ROWS} rows; refused")
    while lines and not lines[-1]:
        lines.pop()
    return name, lines


@functools.lru_cache(maxsize=64)
def _sheet_names(path: Path, state: tuple[int, ...]) -> tuple[str, ...]:
    """List the sheets of a workbook; ``state`` makes that of a changed file another one."""
    if path.suffix.lower() == ".xls":
        try:
            with xlrd.open_workbook(path, logfile=io.StringIO(), on_demand=True) as book:
                return tuple(book.sheet_names())
        # The library raises almost anything on a damaged file, AssertionError and struct.error among it.
        except Exception as error:
            raise _unreadable(path, error) from error
    _check_package(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            names = tuple(book.sheetnames)
            book.close()
    # The library raises almost anything on a damaged file.
    except Exception as error:
        raise _unreadable(path, error) from error
    return names


def _state(path: Path) -> tuple[int, ...]:
    """Tell a file from what it was before."""
    try:
        found = path.stat()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@functools.lru_cache(maxsize=64)
def xlsx_lines(path: Path, sheet: str, state: tuple[int, ...]) -> tuple[list[object], ...]:
    """Read one sheet of an xlsx workbook, one list per row; nobody may change them."""
    lines: list[list[object]] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and validations, which nobody reads here
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            page = book[sheet]
            page.reset_dimensions()  # what the file states about its size is often wrong
            for line in page.iter_rows(max_col=MAX_COLUMNS, values_only=True):
                lines.append(_line(line))
                if len(lines) > MAX_ROWS:
                    break
            book.close()
    # The library raises almost anything on a damaged file.
    except Exception as error:
        raise _unreadable(path, error) from error
    return tuple(lines)


@functools.lru_cache(maxsize=64)
def xls_lines(path: Path, sheet: str, state: tuple[int, ...]) -> tuple[list[object], ...]:
    """Read one sheet of an xls workbook, one list per row; nobody may change them."""
    try:
        with xlrd.open_workbook(path, logfile=io.StringIO()) as book:
            return tuple(_line(map(_xls_cell, row)) for row in book.sheet_by_name(sheet).get_rows())
    # The library raises almost anything on a damaged file, AssertionError and struct.error among it.
    except Exception as error:
        raise _unreadable(path, error) from error


def _sheet(path: Path, names: tuple[str, ...], wanted: str | None) -> str:
    """Choose a sheet by its name or pattern."""
    if wanted is None and names:
        return names[0]
    if wanted in names:
        return wanted
    for name in names if wanted else ():
        if fnmatchcase(name.casefold().strip(), wanted.casefold()):
            return name
    raise WrongTable(f"{path}: there is no sheet {wanted!r}; it has {', '.join(names)}")


def _xls_cell(cell: xlrd.sheet.Cell) -> object:
    """Return a cell's text or number; an error and a truth value as their text, because they are stored as numbers."""
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(cell.value, "#ERROR")
    return str(bool(cell.value)) if cell.ctype == xlrd.XL_CELL_BOOLEAN else cell.value


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(f"{path}: the workbook cannot be read ({error}); open it and save it again as .xlsx")


def _line(cells: Iterable[object]) -> list[object]:
    """Strip texts, write None for an empty cell, and cut the empty cells at the end."""
    line = [cell.strip() or None if isinstance(cell, str) else cell for cell in cells]
    while line and line[-1] is None:
        line.pop()
    return line


def _check_package(path: Path) -> None:
    """Refuse an xlsx that is none, unpacks to more than the limit, or declares XML entities."""
    try:
        with path.open("rb") as file:
            if file.read(8) == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
                raise InputError(f"{path}: encrypted, or an old .xls named .xlsx; save it as .xlsx without a password")
        with zipfile.ZipFile(path) as package:
            total = sum(item.file_size for item in package.infolist())
            if total > MAX_BYTES:
                raise InputError(f"{path}: unpacks to {total} bytes, more than {MAX_BYTES}; refused")
            for item in package.infolist():
                # No spreadsheet program writes a document type; entities are declared in one.
                if item.filename.lower().endswith((".xml", ".rels")) and _declares(package.read(item)):
                    raise InputError(f"{path}: {item.filename} declares XML entities; refused")
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, EOFError, RuntimeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not a readable xlsx file, perhaps cut off ({error}); copy it again") from error


def _declares(xml: bytes) -> bool:
    return any(b"<!DOCTYPE" in text or b"<!ENTITY" in text for text in (xml, xml.replace(b"\0", b"")))
