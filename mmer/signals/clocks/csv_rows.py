"""Rows of the small csv files that say when something happened."""

import csv
from functools import lru_cache
from pathlib import Path, PurePosixPath

from mmer.types.errors import InputError

LARGEST = 100_000_000  # bytes; a marker is some 50


def csv_rows(path: Path, columns: tuple[str, ...]) -> tuple[dict[str, str], ...]:
    """Read a csv file.

    Parameters
    ----------
    path : Path
    columns : tuple of str
        That must be there. Others are returned too.

    Returns
    -------
    tuple of dict of str to str
        Cells by column, and ``line``: the number of the line in the file.

    Raises
    ------
    InputError
        There is no such file, it is no table, or it lacks a column.
    """
    try:
        about = path.stat()
        if about.st_size > LARGEST:
            raise InputError(f"{path}: {about.st_size / 1e6:.0f} MB are too much for a file of markers")
        rows = _read(path, about.st_mtime_ns)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{path}: not a readable csv file ({error}); is `root` of the dataset's recordings right?"
        ) from error
    if not rows:
        raise InputError(f"{path}: no row in it")
    if missing := [name for name in columns if name not in rows[0]]:
        raise InputError(
            f"{path}: no column {', '.join(missing)}; it has {', '.join(k for k in rows[0] if k != 'line')}"
        )
    return rows


@lru_cache(maxsize=8)
def _read(path: Path, changed: int) -> tuple[dict[str, str], ...]:
    """Read the rows; ``changed`` makes a changed file another one for the cache."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        start = file.readline()
        file.seek(0)
        reader = csv.DictReader(file, delimiter=max(",;\t", key=start.count), restval="")
        names = {name: name.strip().lower() for name in reader.fieldnames or ()}
        return tuple(
            {names[key]: (value or "").strip() for key, value in row.items() if key is not None}
            | {"line": str(reader.line_num)}
            for row in reader
        )


def names_clip(cell: str, clip_id: str) -> bool:
    """Say whether a cell names a clip: by its id or the end of it (``m108``, ``s01/m108``)."""
    return bool(cell) and ("/" + clip_id).endswith("/" + cell)


def names_file(cell: str, path: Path) -> bool:
    """Say whether a cell names a recording: by its name, with or without ending, or the end of its path."""
    wanted = PurePosixPath(cell.replace("\\", "/"))
    parts = PurePosixPath(path.as_posix()).parts
    return bool(cell) and (parts[-len(wanted.parts) :] == wanted.parts or cell == path.stem)
