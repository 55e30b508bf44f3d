"""Errata: what is wrong in a released annotation file, as data.

An erratum names the clip, never a row number: copies of one file differ in their order, and a correction by position
then spoils a good row. It names the old value too, and is applied only where that still stands; a copy in which
somebody has already corrected the cell is left alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from mmer.datasets.table import Row
from mmer.types.errors import InputError, nearest

KEYS = ("clip_id", "column", "was", "now", "source")


@dataclass(frozen=True)
class Erratum:
    """One cell that is wrong.

    Parameters
    ----------
    clip_id : str
        As ``clips`` names it without the erratum (``casme2/sub16/EP01_08``).
    column : str
        As the adapter calls it (``offset``).
    was, now : str
        The cell as text; ``""`` is an empty cell.
    source : str
        Who says so, and why.
    """

    clip_id: str
    column: str
    was: str
    now: str
    source: str


def read_errata(name: str, entries: Iterable[Mapping[str, str]]) -> tuple[Erratum, ...]:
    """Check the entries under ``errata`` of a dataset's yaml.

    Raises
    ------
    InputError
        A key is missing or unknown, an entry changes nothing, or two change the same cell.
    """
    errata: dict[tuple[str, str, str], Erratum] = {}
    for entry in entries:
        for key in entry:
            if key not in KEYS:
                raise InputError(f"dataset {name}: an erratum has no key {key!r}; {nearest(key, KEYS)}")
        if lacking := [key for key in KEYS if entry.get(key) is None or (key not in ("was", "now") and not entry[key])]:
            raise InputError(f"dataset {name}: the erratum {dict(entry)} lacks {', '.join(lacking)}")
        erratum = Erratum(**{key: str(entry[key]).strip() for key in KEYS})
        if erratum.was == erratum.now:
            raise InputError(
                f"dataset {name}: the erratum of {erratum.clip_id} changes nothing: was and now are the same"
            )
        key = (erratum.clip_id, erratum.column, erratum.was)
        if errata.setdefault(key, erratum) is not erratum:
            raise InputError(f"dataset {name}: two errata change {erratum.column} of {erratum.clip_id}; keep one")
    return tuple(errata.values())


def apply_errata(
    rows: Mapping[str, Row], errata: Iterable[Erratum]
) -> tuple[dict[str, Row], list[Erratum], list[Erratum]]:
    """Correct the cells in which the old value still stands.

    Parameters
    ----------
    rows : dict of str to Row
        Clip id -> its row.
    errata : iterable of Erratum

    Returns
    -------
    rows : dict of str to Row
        All rows, in their order; those of the applied errata with the new text.
    applied, stale : list of Erratum
        Stale: the clip is not there, or its cell holds something else, as in a copy that has been corrected.

    Raises
    ------
    InputError
        A column is none of the file's.
    """
    changed, applied, stale = dict(rows), [], []
    for erratum in errata:
        row = rows.get(erratum.clip_id)
        if row is not None and erratum.column not in row.cells:
            hint = nearest(erratum.column, row.cells)
            raise InputError(f"the erratum of {erratum.clip_id} names column {erratum.column!r}; {hint}")
        # The row as the file has it decides, so that one erratum cannot be the condition of the next.
        if row is None or row.text(erratum.column, required=False) != erratum.was:
            stale.append(erratum)
            continue
        row = changed[erratum.clip_id]
        changed[erratum.clip_id] = replace(row, cells={**row.cells, erratum.column: erratum.now or None})
        applied.append(erratum)
    return changed, applied, stale
