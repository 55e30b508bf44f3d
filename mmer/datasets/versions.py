"""The known versions of a corpus's annotation file, and which of them lies in a folder.

Released files are renamed, saved again and converted, so a version is known by several marks: the name of the file, its
sheet, its columns and its number of rows. Nothing is read by guess: a file that fits no version is refused.
"""

import dataclasses
import importlib
import logging
import pkgutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import pandas as pd

from mmer.datasets.clip_folders import listed
from mmer.datasets.table import Row, Table, read_table
from mmer.datasets.table_file import TABLES, WrongTable
from mmer.types.errors import InputError, listing

log = logging.getLogger("mmer")

SUFFIXES = (".xlsx", ".xls", ".csv")  # of two copies of one file, the original is preferred to its export


@dataclass(frozen=True)
class Version:
    """One version of an annotation file, as it was released.

    Parameters
    ----------
    name : str
        E.g. ``2014-05-08``.
    files : tuple of str
        Names of the file, ``*`` allowed, in any case. Another suffix of a table will do as well: people export csv.
    sheet : str or None
        Sheet to read, in any case, ``*`` allowed; None: the first. A csv file has none.
    columns : dict of str to str
        The adapter's column -> its header in the file, or its letter where ``top`` is given.
    rows, subjects : int or None
        Of the released file; None where that is not known.
    words : dict of str to int
        The corpus's emotion word -> clips in the released file; empty where that is not known.
    objective : dict of str to int
        Objective class -> clips.
    note : str
        What is odd about this version, for people.
    optional : dict of str to str
        Columns that may be missing.
    top : int or None
        For a sheet without a header: how many rows stand above the first one.
    """

    name: str
    files: tuple[str, ...]
    sheet: str | None
    columns: Mapping[str, str]
    rows: int | None = None
    subjects: int | None = None
    words: Mapping[str, int] = field(default_factory=dict)
    objective: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    optional: Mapping[str, str] = field(default_factory=dict)
    top: int | None = None

    def read(self, path: Path) -> Table:
        """Read a file as this version; a WrongTable says what does not fit."""
        return read_table(path, self.sheet, self.columns, self.optional, top=self.top)


def recognise(
    root: Path, name: str, versions: tuple[Version, ...], workbook: tuple[str, ...] = ()
) -> tuple[Version, Path, Table]:
    """Find the annotation file of a corpus and say which version it is.

    The file's name counts first, then its sheet and columns; where these fit several versions, the one with the file's
    number of rows is meant, else the first. A renamed file is known by its sheet, columns and number of rows together.

    Parameters
    ----------
    root : Path
        Folder of the corpus.
    name : str
        The dataset, for messages.
    versions : tuple of Version
        In order of preference.
    workbook : tuple of str
        File names that a person has chosen, ``*`` allowed, in order of preference; only these are looked at then.

    Returns
    -------
    version : Version
    path : Path
    table : Table

    Raises
    ------
    InputError
        No file fits, two files fit the same version, or the file is damaged; the message names what was looked for,
        what is there, and of which corpus it seems to be.
    """
    present = tables(root)
    asked = tuple(workbook) or tuple(dict.fromkeys(pattern for version in versions for pattern in version.files))
    fits, misfits = [], []
    for version in versions:
        named = [found for pattern in workbook if (found := _named(present, (pattern,)))][:1]
        found = (named or [[]])[0] if workbook else _named(present, version.files)
        if fits:  # further versions matter only where they could be meant by the same file
            found = [path for path in found if path == fits[0][1]]
        if not (path := _one(found, root, name)):
            continue
        try:
            fits.append((version, path, version.read(path)))
        except WrongTable as error:
            misfits.append((path, error))
    if fits:
        for path, error in misfits:
            if path != fits[0][1]:
                log.warning("dataset %s: %s is not read: %s", name, path.name, error)
        return next((fit for fit in fits if fit[0].rows == len(fit[2].rows)), fits[0])
    if misfits:
        path, error = misfits[0]
        raise InputError(f"{error}{_seems(path, versions)}") from error
    if not workbook and (found := _by_content(present, versions)):
        log.info("dataset %s: %s has the columns and rows of version %s", name, found[1].name, found[0].name)
        return found
    seem = "".join(_seems(path, versions, f" {path.name} has") for path in present[:5])
    raise InputError(
        f"dataset {name}: no annotation file in {root}; looked for {', '.join(asked)}; tables there: "
        f"{listing(path.name for path in present) or 'none'}.{seem} Put it there, or name it under `workbook` of the "
        "dataset's yaml"
    )


def tables(root: Path) -> list[Path]:
    """List the tables in a folder, without the lock files of spreadsheet programs."""
    return [path for path in listed(root) if path.suffix.lower() in TABLES and not path.name.startswith((".", "~$"))]


def differences(version: Version, clips: pd.DataFrame | Sequence[Row]) -> list[str]:
    """Say what differs from the counts of the released file.

    Parameters
    ----------
    version : Version
    clips : DataFrame or sequence of Row
        A Clips table, or the rows of the file with the columns subject and emotion.

    Returns
    -------
    list of str
        E.g. ``"245 rows, the release has 255"``; empty where all is as released, or nothing is known about that.
    """
    if not isinstance(clips, pd.DataFrame):
        columns = ("subject", "emotion", "objective_class")
        clips = pd.DataFrame(
            {column: [row.text(column, required=False) or None for row in clips] for column in columns}
        )
    found = []
    if version.rows is not None and len(clips) != version.rows:
        found.append(f"{len(clips)} rows, the release has {version.rows}")
    if version.subjects is not None and clips.subject.nunique() != version.subjects:
        found.append(f"{clips.subject.nunique()} subjects, the release has {version.subjects}")
    for column, expected in (("emotion", version.words), ("objective_class", version.objective)):
        if not expected or (here := Counter(clips[column].dropna())) == Counter(expected):
            continue
        if column == "objective_class" and not here:
            continue  # a file of its own in some releases, which need not be there
        found += [
            f"{here[word]} {word}, the release has {expected.get(word, 0)}"
            for word in sorted({*here, *expected})
            if here[word] != expected.get(word, 0)
        ]
    return found


def known_versions() -> dict[str, tuple[Version, ...]]:
    """Return every corpus that has an adapter with versions in this room, and these."""
    known = {}
    for found in pkgutil.iter_modules(importlib.import_module("mmer.datasets").__path__):
        module = importlib.import_module(f"mmer.datasets.{found.name}")
        for item in vars(module).values():
            if dataclasses.is_dataclass(item) and item.__module__ == module.__name__ and hasattr(item, "versions"):
                known[found.name] = item.versions
    return known


def _named(present: list[Path], patterns: tuple[str, ...]) -> list[Path]:
    """Return the files that match the first pattern that any of them matches, whatever their suffix."""
    for pattern in patterns:
        stem = Path(pattern).stem.casefold() if Path(pattern).suffix.lower() in TABLES else pattern.casefold()
        # Spreadsheet programs put the sheet's name behind that of the file when they export it.
        stems = (stem, f"{stem} - *", f"{stem}_*", f"{stem}-*")
        for wanted in (stems[:1], stems[1:]):
            found = [
                path
                for path in present
                if any(fnmatchcase(path.stem.casefold(), one) for one in wanted)
                and (wanted is not stems[1:] or path.suffix.lower() == ".csv")
            ]
            if found:
                return found
    return []


def _one(found: list[Path], root: Path, name: str) -> Path | None:
    """Return the one file, of a workbook and its csv export the workbook; refuse to choose between others."""
    best = min((SUFFIXES.index(path.suffix.lower()) for path in found), default=0)
    found = [path for path in found if path.suffix.lower() == SUFFIXES[best]]
    if len(found) > 1:
        raise InputError(
            f"dataset {name}: {listing(path.name for path in found)} in {root} could all be the annotation file; name "
            "the one to read under `workbook` of the dataset's yaml"
        )
    return found[0] if found else None


def _by_content(present: list[Path], versions: tuple[Version, ...]) -> tuple[Version, Path, Table] | None:
    """Find a renamed file by its sheet, columns and number of rows."""
    for version in versions:
        for path in present:
            if version.rows is not None and (table := _fitting(version, path)) and len(table.rows) == version.rows:
                return version, path, table
    return None


def _fitting(version: Version, path: Path) -> Table | None:
    """Read a file as a version, where it is one; a sheet without a header proves nothing by its columns."""
    try:
        return version.read(path)
    except InputError:
        return None


def _seems(path: Path, own: tuple[Version, ...], opening: str = ". It has") -> str:
    """Say which other corpus's columns a file has, where that is known: the one that asks for most of them."""
    tried: dict[tuple, bool] = {}  # most versions of a corpus differ in their names only

    def fits(version: Version) -> bool:
        key = (version.sheet, *version.columns.values())
        if key not in tried:
            tried[key] = _fitting(version, path) is not None
        return tried[key]

    scores = {
        corpus: max(
            (
                ("*" not in (version.sheet or "*"), len(version.columns))
                for version in versions
                if version.top is None and version not in own and fits(version)
            ),
            default=(False, 0),
        )
        for corpus, versions in known_versions().items()
    }
    best = max(scores.values(), default=(False, 0))
    corpora = [corpus for corpus, score in scores.items() if score == best and best[1]]
    return f"{opening} the sheet and columns of {' or '.join(corpora)}." if corpora else ""
