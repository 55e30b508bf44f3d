"""Find the folder of each clip in a corpus, unpacked or in one archive per subject, whatever the case of its name."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from mmer.types.archives import ARCHIVES
from mmer.types.errors import InputError, listing


def corpus_root(name: str, root: str) -> Path:
    """Return the folder of a corpus.

    Raises
    ------
    InputError
        There is no such folder.
    """
    if not Path(root).is_dir():
        raise InputError(
            f"dataset {name}: there is no folder {root}. The sample data come with `dvc pull data`; a corpus under "
            "licence goes there as it was released"
        )
    return Path(root)


def frames_folder(name: str, root: Path, candidates: tuple[str, ...], subjects: tuple[str, ...]) -> Path:
    """Return the first candidate that holds a subject of the annotation file.

    Parameters
    ----------
    name : str
        The dataset, for messages.
    root : Path
    candidates : tuple of str
        Folders below root in order of preference, ``.`` for root itself; found in any case.
    subjects : tuple of str
        What the corpus calls its subjects' folders (``sub01``).

    Raises
    ------
    InputError
        No candidate holds a folder or an archive of a subject.
    """
    for candidate in candidates:
        folder: Path | None = root
        for part in Path(candidate).parts:
            folder = (folder and folder.is_dir() and _entry(folder, part)) or None
        if folder and folder.is_dir() and any(_subject_entry(folder, subject) for subject in subjects):
            return folder
    there = sorted(item.name for item in root.iterdir() if item.is_dir())
    raise InputError(
        f"dataset {name}: none of {', '.join(candidates)} in {root} holds a folder or archive of a subject "
        f"({listing(subjects, 3)}); folders there: {listing(there) or 'none'}. Put the frames there, or name their "
        "folder under `frames` of the dataset's yaml"
    )


def clip_source(base: Path, subject: str, clip: str, listing_of: Callable[[Path], Mapping[str, list[str]]]) -> Path:
    """Return the path of a clip's frames: a folder, or a folder in its subject's archive.

    Where there is none, the path at which it was looked for; opening that says so.

    Parameters
    ----------
    base : Path
        What ``frames_folder`` returned.
    subject, clip : str
        The corpus's own names.
    listing_of : callable
        What lists an archive.

    Raises
    ------
    InputError
        Two entries could be meant, or an archive is refused.
    """
    place = _subject_entry(base, subject)
    if place is None:
        return base / subject / clip
    if place.is_dir():
        return _entry(place, clip) or place / clip
    # An archive of a folder often holds that folder, so the clip may stand one or more levels down.
    found = [folder for folder in listing_of(place) if folder.rpartition("/")[2].casefold() == clip.casefold()]
    if len(found) > 1:
        raise InputError(f"{place}: the folders {listing(sorted(found))} could all be clip {clip}; keep one")
    return place / (found[0] if found else clip)


def _subject_entry(base: Path, subject: str) -> Path | None:
    """Find a subject's folder, or else its archive; ``s2`` and ``s02`` are the same subject."""
    folders, archives = [], []
    for item in sorted(base.iterdir()):
        if _unpadded(item.name) == _unpadded(subject) and item.is_dir():
            folders.append(item)
        elif item.suffix.lower() in ARCHIVES and _unpadded(item.stem) == _unpadded(subject):
            archives.append(item)
    for found in (folders, archives):
        if len(found) > 1:
            raise InputError(
                f"{base}: {listing([item.name for item in found])} could all be subject {subject}; keep one"
            )
        if found:
            return found[0]
    return None


def _entry(folder: Path, name: str) -> Path | None:
    """Find an entry by its name, in any case where that is unique."""
    if (folder / name).exists():
        return folder / name
    found = [item for item in sorted(folder.iterdir()) if item.name.casefold() == name.casefold()]
    if len(found) > 1:
        raise InputError(f"{folder}: {listing([item.name for item in found])} differ only in case; keep one")
    return found[0] if found else None


def _unpadded(name: str) -> str:
    return re.sub(r"\d+", lambda digits: str(int(digits[0])), name.casefold())
