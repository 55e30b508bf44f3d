"""Find the clips of SMIC in its folders: what a clip is, and in the short release what it shows, stands in names."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mmer.datasets.clip_folders import Entries
from mmer.types.errors import InputError
from mmer.types.frames import IMAGES

WORDS = {"ne": "negative", "po": "positive", "sur": "surprise"}  # letters in a clip's name -> the corpus's word
OTHER_PART = {"nonmicro", "nonmicros"}  # non_micro: moments without an expression, for detection


@dataclass(frozen=True)
class ClipFolder:
    """The folder of one clip.

    Parameters
    ----------
    subject, clip : str
        With padded numbers, as the list of MEGC2019 has them: ``s03``, ``s03_po_08``.
    word : str
        Emotion in the clip's name.
    above : tuple of str
        The folders between the subject's and the clip's: ``("micro", "positive")``.
    owner : str
        Subject in whose folder it lies.
    source : Path
        What ``Frames.open`` opens.
    """

    subject: str
    clip: str
    word: str
    above: tuple[str, ...]
    owner: str
    source: Path


def read_name(name: str) -> tuple[str, str, str] | None:
    """Read a clip's name: subject, clip and emotion; None where it is no such name.

    The release writes ``s3_po_08``, lists made from it ``s03_po_08``; both are ``s03_po_08`` here.
    """
    found = re.fullmatch(r"s0*(\d{1,4})_(ne|po|sur)_0*(\d{1,4})", name.strip(), re.ASCII | re.IGNORECASE)
    if not found:
        return None
    subject, letters = f"s{int(found[1]):02d}", found[2].lower()
    return subject, f"{subject}_{letters}_{int(found[3]):02d}", WORDS[letters]


def clip_folders(base: Path, listing_of: Callable[[Path], Mapping[str, list[str]]]) -> tuple[list[ClipFolder], list]:
    """List the clips of all subjects; those of ``non_micro`` are none.

    Parameters
    ----------
    base : Path
        Folder that holds a folder, or an archive, per subject.
    listing_of : callable
        What lists an archive.

    Returns
    -------
    list of ClipFolder
        Sorted by subject and clip.
    list of str
        Folders with pictures whose names are no clip's.

    Raises
    ------
    InputError
        Two folders are the same subject or clip, or one cannot be listed.
    """
    found: dict[str, ClipFolder] = {}
    strays = []
    for owner, place in sorted(_subjects(base).items()):
        for parts, pictures in _clips_below(place, listing_of):
            named = read_name(parts[-1]) if parts else None
            source = place.joinpath(*parts)
            if named is None:
                strays += [str(source)] if pictures else []
                continue
            subject, clip, word = named
            if clip in found:
                raise InputError(f"{found[clip].source} and {source} are both clip {clip}; keep one")
            found[clip] = ClipFolder(subject, clip, word, parts[:-1], owner, source)
    return [found[clip] for clip in sorted(found)], strays


def _subjects(base: Path) -> dict[str, Path]:
    """Find each subject's folder, or else its archive; ``s2`` and ``s02`` are the same subject."""
    entries = Entries.of(base)
    named = [name for name in entries.people if re.fullmatch(r"s\d{1,4}", name, re.ASCII)]
    return {f"s{int(name[1:]):02d}": entries.person(name) for name in named}


def _clips_below(
    place: Path, listing_of: Callable[[Path], Mapping[str, list[str]]]
) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield the folders below a subject that may be clips: their path's parts, and whether they hold pictures."""
    if place.is_dir():
        for folder, inner, files in os.walk(place, onerror=_unlisted):
            parts = Path(folder).relative_to(place).parts
            # What lies inside a clip, and what is no expression, is not looked at.
            inner[:] = [] if parts and read_name(parts[-1]) else sorted(name for name in inner if _looked_at(name))
            yield parts, _any_picture(files)
        return
    for folder, members in sorted(listing_of(place).items()):
        parts = tuple(part for part in PurePosixPath(folder).parts if part != ".")
        if all(map(_looked_at, parts)):
            yield parts, _any_picture(members)


def _looked_at(name: str) -> bool:
    hidden = name.startswith((".", "__MACOSX"))
    return not hidden and re.sub(r"[\W_]", "", name.casefold()) not in OTHER_PART


def _any_picture(names: list[str]) -> bool:
    paths = [PurePosixPath(name) for name in names]
    return any(path.suffix.lower() in IMAGES and not path.name.startswith(".") for path in paths)


def _unlisted(error: OSError) -> None:
    raise InputError(f"{error.filename}: the folder cannot be listed ({error.strerror})") from error
