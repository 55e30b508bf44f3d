"""What the workbook of CAS(ME)^2 says about names: whose frames lie in which folder, and which film a clip is of."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from mmer.datasets.clip_folders import Entries
from mmer.datasets.table import Row, read_table
from mmer.datasets.table_file import WrongTable
from mmer.datasets.versions import tables
from mmer.types.archives import archive_folders
from mmer.types.errors import InputError, listing

# The two sheets have no header either.
SUBJECTS = {"folder": "B", "subject": "C"}
FILMS = {"code": "A", "film": "B"}


@dataclass(frozen=True)
class Names:
    """The two naming rules.

    Parameters
    ----------
    path : Path
        The coding sheet's file.
    subjects : dict of str to str
        Running number -> folder, ``1`` -> ``s15``.
    films : dict of str to str
        Film's name in lower case -> its code, ``anger1`` -> ``0401``.
    files : tuple of Path
        The rules' own files, where the sheets are csv files.
    """

    path: Path
    subjects: dict[str, str]
    films: dict[str, str]
    files: tuple[Path, ...]

    def subject(self, row: Row) -> str:
        """Return the folder of a row's subject."""
        number = row.digits("subject", 1)
        if number not in self.subjects:
            raise InputError(
                f"{row.place('subject')} is {number}, which naming rule 1 does not list; it has "
                f"{listing(self.subjects)}"
            )
        return self.subjects[number]

    def film(self, row: Row) -> str:
        """Return the code of a row's film; of the clip ``anger1_2`` the film is ``anger1``."""
        name = re.sub(r"_\d+$", "", row.filename("clip")).casefold()
        if name not in self.films:
            raise InputError(
                f"{row.place('clip')} is {row.text('clip')!r}: naming rule 2 has no film {name!r}; it has "
                f"{listing(self.films)}"
            )
        return self.films[name]

    def folders(self) -> tuple[str, ...]:
        """Return what subjects' folders may be called: ``s15``, and ``15`` where the faces are cropped."""
        return tuple(sorted({name for folder in self.subjects.values() for name in (folder, folder[1:])}))


def read_names(root: Path, path: Path) -> Names:
    """Read the naming rules from the workbook's other sheets, or from csv files beside that of the coding sheet.

    Parameters
    ----------
    root : Path
        Folder of the corpus.
    path : Path
        The annotation file.

    Raises
    ------
    InputError
        A rule is missing, or contradicts itself.
    """
    files, subjects, films = [], {}, {}
    for number in (1, 2):
        file = _file(root, path, number)
        files += [file] if file != path else []
        try:
            table = read_table(file, f"nam*rule*{number}", SUBJECTS if number == 1 else FILMS, top=0)
        except WrongTable as error:
            raise InputError(
                f"{error}. Without the sheets naming rule1 and naming rule2 nobody knows whose frames are whose; take "
                "the workbook as it was released"
            ) from error
        for row in table.rows:
            if number == 1:
                _once(subjects, row.digits("subject", 1), "s" + row.digits("folder", 2, prefix="s"), row)
            else:
                _once(films, row.filename("film").casefold(), row.digits("code", 4), row)
    return Names(path, subjects, films, tuple(files))


def film_folders(base: Path, names: Names) -> dict[tuple[str, str], str]:
    """Find the folders of whole films: (subject, code) -> folder name, ``(s15, 0401)`` -> ``15_0401girlcrashing``.

    Raises
    ------
    InputError
        Two folders could be one film.
    """
    entries, found = Entries.of(base), {}
    for subject in names.subjects.values():
        place = entries.person(subject)
        for folder in _folders(place) if place else ():
            match = re.fullmatch(r"s?0*(\d+)_(\d{4})(?!\d).*", folder, re.ASCII | re.IGNORECASE)
            if not match or int(match[1]) != int(subject[1:]):
                continue
            if found.setdefault((subject, match[2]), folder) != folder:
                raise InputError(
                    f"{place}: the folders {found[subject, match[2]]}, {folder} could both be film {match[2]}; keep one"
                )
    return found


def _folders(place: Path) -> Iterable[str]:
    """Name the folders of a subject, unpacked or in its archive."""
    if place.is_dir():
        return [folder.name for folders in Entries.of(place).folders.values() for folder in folders]
    return sorted(folder.rpartition("/")[2] for folder in archive_folders(place))


def _file(root: Path, path: Path, number: int) -> Path:
    """Say which file holds a naming rule."""
    if path.suffix.lower() != ".csv":
        return path
    found = [
        table
        for table in tables(root)
        if table.suffix.lower() == ".csv" and fnmatchcase(table.stem.casefold(), f"*nam*rule*{number}")
    ]
    if len(found) != 1:
        raise InputError(
            f"{path}: a csv file holds the coding sheet only; the sheet naming rule{number} must lie beside it as "
            f"naming_rule{number}.csv (there: {listing(item.name for item in found) or 'none'}). Or take the workbook "
            "as it was released"
        )
    return found[0]


def _once(rule: dict[str, str], key: str, value: str, row: Row) -> None:
    """Keep one line of a rule; a second one must say the same."""
    if rule.setdefault(key, value) != value:
        column = "subject" if "subject" in row.cells else "film"
        raise InputError(f"{row.place(column)}: {key} is {rule[key]} further up and {value} here; keep one")
