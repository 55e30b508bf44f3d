"""Find the folder of each clip in a corpus, unpacked or in archives, whatever the case of its name."""

import functools
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mmer.types.archives import ARCHIVES, archive_folders
from mmer.types.errors import InputError, listing

NESTED = 3  # how often a folder may hold nothing but one more folder, as unpacked archives do (Cropped/Cropped)


@dataclass(frozen=True)
class Entries:
    """What lies in a folder.

    Parameters
    ----------
    folder : Path
    folders, archives : dict of str to list of Path
        By folded name (case and Unicode form do not count; an archive without its suffix), in the order of names.
    people : dict of str to list of Path
        Folders and archives by folded name without padding: ``s2`` and ``s02`` are the same subject.
    """

    folder: Path
    folders: Mapping[str, list[Path]]
    archives: Mapping[str, list[Path]]
    people: Mapping[str, list[Path]]

    @classmethod
    def of(cls, folder: Path) -> "Entries":
        """List a folder."""
        folders: dict[str, list[Path]] = {}
        archives: dict[str, list[Path]] = {}
        people: dict[str, list[Path]] = {}
        for item, is_folder in _scan(folder):
            if is_folder:
                folders.setdefault(_folded(item.name), []).append(item)
            elif item.suffix.lower() in ARCHIVES:
                archives.setdefault(_folded(item.stem), []).append(item)
        for kind in (folders, archives):
            for name, items in kind.items():
                people.setdefault(_unpadded(name), []).extend(items)
        return cls(folder, folders, archives, people)

    def person(self, name: str) -> Path | None:
        """Find a subject's folder, or else its archive."""
        found = self.people.get(_unpadded(_folded(name)), [])
        found = [item for item in found if item.suffix.lower() not in ARCHIVES or item.is_dir()] or found
        if len(found) > 1:
            several = listing([item.name for item in found])
            raise InputError(f"{self.folder}: {several} could all be subject {name}; keep one")
        return found[0] if found else None

    def entry(self, name: str) -> Path | None:
        """Find a folder, or else an archive, by its name; in any case where that is unique."""
        for kind in (self.folders, self.archives):
            found = kind.get(_folded(name), [])
            exact = [item for item in found if name in (item.name, item.stem)]
            if len(found) > 1 and len(exact) != 1:
                several = listing([item.name for item in found])
                raise InputError(f"{self.folder}: {several} differ only in case; keep one")
            if found:
                return (exact or found)[0]
        return None


def listed(folder: Path) -> list[Path]:
    """List a folder in the order of names.

    Raises
    ------
    InputError
        It may not be listed.
    """
    return [item for item, _ in _scan(folder)]


def corpus_root(name: str, root: str) -> Path:
    """Return the folder of a corpus.

    Raises
    ------
    InputError
        There is no such folder, or it may not be listed.
    """
    if not os.path.isdir(root):
        raise InputError(
            f"dataset {name}: there is no folder {root}. The sample data come with `dvc pull data`; a corpus under "
            "licence goes there as it was released"
        )
    listed(Path(root))
    return Path(root)


def frames_folder(name: str, root: Path, candidates: tuple[str, ...], subjects: tuple[str, ...]) -> Path:
    """Return the first candidate that holds a subject of the annotation file.

    Parameters
    ----------
    name : str
        The dataset, for messages.
    root : Path
    candidates : tuple of str
        Folders below root in order of preference, ``.`` for root itself; found in any case. A candidate that holds
        nothing but one more folder stands for that.
    subjects : tuple of str
        What the corpus calls its subjects' folders (``sub01``), or whatever lies on top of its clips' paths.

    Raises
    ------
    InputError
        No candidate holds a folder or an archive of a subject.
    """
    entries_of = functools.cache(Entries.of)
    for candidate in candidates:
        folder: Path | None = root
        for part in Path(candidate).parts:
            folder = entries_of(folder).entry(part) if folder else None
            folder = folder if folder and folder.is_dir() else None
        for _ in range(NESTED):
            if folder is None:
                break
            entries = entries_of(folder)
            if any(entries.person(subject) for subject in subjects):
                return folder
            inner = [item for items in entries.folders.values() for item in items]
            folder = inner[0] if len(inner) == 1 and folder != root else None
    there = [item.name for items in entries_of(root).folders.values() for item in items]
    raise InputError(
        f"dataset {name}: none of {', '.join(candidates)} in {root} holds a folder or archive of a subject "
        f"({listing(subjects, 3)}); folders there: {listing(there) or 'none'}. Put the frames there, or name their "
        "folder under `frames` of the dataset's yaml"
    )


def clip_source(
    base: Path,
    places: Iterable[str],
    listing_of: Callable[[Path], Mapping[str, list[str]]] = archive_folders,
    entries_of: Callable[[Path], Entries] = Entries.of,
) -> Path:
    """Return the path of a clip's frames: a folder, or a folder in an archive.

    Where there is none, the path at which it was looked for first; opening that says so.

    Parameters
    ----------
    base : Path
        What ``frames_folder`` returned.
    places : iterable of str
        Where the clip may lie below base, in order of preference (``sub01/EP02_01f``). Any part may be an archive. Only
        the first part may be padded differently, for ``EP01_2`` and ``EP01_02`` are two clips.
    listing_of, entries_of : callable
        What lists an archive, a folder; cached by whoever asks for many clips.

    Raises
    ------
    InputError
        Two entries could be meant, a folder may not be listed, or an archive is refused.
    """
    places = list(places)
    for place in places:
        if found := _walk(base, place.split("/"), listing_of, entries_of):
            return found
    return base / places[0]


def _walk(
    base: Path,
    parts: list[str],
    listing_of: Callable[[Path], Mapping[str, list[str]]],
    entries_of: Callable[[Path], Entries],
) -> Path | None:
    """Go down one place, in any case; None where it ends before the clip."""
    folder = base
    for level, part in enumerate(parts):
        entries = entries_of(folder)
        found = entries.entry(part) if level else entries.person(part)
        if found is None:
            return None
        if not found.is_dir():
            return _in_archive(found, parts[level + 1 :], listing_of)
        folder = found
    return folder


def _in_archive(archive: Path, rest: list[str], listing_of: Callable[[Path], Mapping[str, list[str]]]) -> Path | None:
    """Find a folder in an archive; the archive of a folder often holds that folder, so the end of its path counts."""
    wanted = [_folded(part) for part in rest]
    found = [
        folder
        for folder in listing_of(archive)
        if not rest or [_folded(part) for part in folder.split("/")[-len(rest) :]] == wanted
    ]
    if len(found) > 1:
        clip = rest[-1] if rest else archive.stem
        raise InputError(f"{archive}: the folders {listing(sorted(found))} could all be clip {clip}; keep one")
    return archive / found[0] if found else None


def _scan(folder: Path) -> list[tuple[Path, bool]]:
    """List a folder: each entry and whether it is a folder, sorted by name."""
    try:
        with os.scandir(folder) as items:
            return sorted((folder / item.name, item.is_dir()) for item in items)
    except OSError as error:
        raise InputError(
            f"{folder}: the folder cannot be listed ({error.strerror or error}); check its permissions"
        ) from error


def _folded(name: str) -> str:
    """Fold a name: some systems store é and Chinese signs in another Unicode form than the workbook does."""
    return unicodedata.normalize("NFC", name).casefold()


def _unpadded(name: str) -> str:
    return re.sub(r"[0-9]+", lambda digits: str(int(digits[0])), name)
