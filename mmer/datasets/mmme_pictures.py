"""Pictures of MMME that tell the time, and where each of them lies."""

import functools
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from mmer.types.archives import ARCHIVES
from mmer.types.errors import InputError
from mmer.types.frames import IMAGES

# hour-minute-second-millisecond-number, in the workbook's cells and, between date and marker, in the pictures' names
CLOCK = re.compile(r"(\d{1,2})-(\d{1,2})-(\d{1,2})-(\d{1,3})-(\d{1,9})", re.ASCII)
PICTURE = re.compile(rf"\d{{4}}-\d{{1,2}}-\d{{1,2}}-{CLOCK.pattern}-\d{{1,9}}", re.ASCII)

Clock = tuple[int, ...]


def find_pictures(
    corpus: str, folders: Sequence[Path], wanted: set[Clock], listing_of: functools.cache
) -> dict[Clock, str]:
    """Find the folder of every onset picture.

    Parameters
    ----------
    corpus : str
        For messages.
    folders : sequence of Path
        They, all folders and archives below them are looked at.
    wanted : set of Clock
    listing_of : callable
        Archive -> its folders and their files.

    Returns
    -------
    dict of Clock to str
        Path of the folder, or of a folder in an archive.

    Raises
    ------
    InputError
        A picture lies in two folders.
    """
    found: dict[Clock, str] = {}
    for base in folders:
        for folder, names in _folders(base, listing_of):
            for name in names:
                stem = PurePosixPath(name)
                if stem.suffix.lower() not in IMAGES or not (match := PICTURE.fullmatch(stem.stem)):
                    continue
                time = tuple(map(int, match.groups()))
                if time in wanted and found.setdefault(time, folder) != folder:
                    raise InputError(
                        f"dataset {corpus}: the picture of {'-'.join(map(str, time))} lies in {found[time]} and "
                        f"in {folder}; keep one copy"
                    )
    return found


def _folders(base: Path, listing_of: functools.cache) -> list[tuple[str, list[str]]]:
    """List every folder with files below a folder, and every folder in its archives."""
    found: list[tuple[str, list[str]]] = []
    for place, inner, names in os.walk(base):
        inner.sort()
        found.append((Path(place).as_posix(), sorted(names)))
        for name in sorted(names):
            if Path(name).suffix.lower() in ARCHIVES:
                members: Mapping[str, list[str]] = listing_of(Path(place) / name)
                found += [((Path(place) / name / folder).as_posix(), items) for folder, items in members.items()]
    return found
