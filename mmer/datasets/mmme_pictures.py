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
DAY = re.compile(r"(\d{4})\D(\d{1,2})\D(\d{1,2})(?!\d)", re.ASCII)
PICTURE = re.compile(rf"(\d{{4}})-(\d{{1,2}})-(\d{{1,2}})-{CLOCK.pattern}-\d{{1,9}}", re.ASCII)

Clock = tuple[int, ...]
Day = tuple[int, ...]


def read_day(text: str) -> Day | None:
    """Read year, month and day at the start of a cell; None where it has another form."""
    match = DAY.match(text)
    return tuple(map(int, match.groups())) if match else None


def find_pictures(
    corpus: str, folders: Sequence[Path], wanted: set[Clock], listing_of: functools.cache
) -> dict[Clock, dict[Day, str]]:
    """Find the folders of every onset picture: on different days a picture may be taken at the same time.

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
    dict of Clock to dict of Day to str
        Path of the folder, or of a folder in an archive.

    Raises
    ------
    InputError
        A picture lies in two folders.
    """
    found: dict[Clock, dict[Day, str]] = {}
    for base in folders:
        for folder, names in _folders(base, listing_of):
            for name in names:
                stem = PurePosixPath(name)
                if stem.suffix.lower() not in IMAGES or not (match := PICTURE.fullmatch(stem.stem)):
                    continue
                numbers = tuple(map(int, match.groups()))
                day, time = numbers[:3], numbers[3:]
                if time not in wanted:
                    continue
                other = found.setdefault(time, {}).setdefault(day, folder)
                if other != folder:
                    raise InputError(
                        f"dataset {corpus}: the picture of {'-'.join(map(str, numbers))} lies in {other} and in "
                        f"{folder}; keep one copy"
                    )
    return found


def choose_folder(corpus: str, places: Mapping[Day, str], day: Day | None, where: str) -> str | None:
    """Choose the folder of one onset picture.

    Parameters
    ----------
    corpus : str
        For messages.
    places : mapping of Day to str
        Where pictures of this time lie.
    day : Day or None
        What the workbook says of the day.
    where : str
        The cell of the day, for messages.

    Returns
    -------
    str or None
        None: there is no such picture.

    Raises
    ------
    InputError
        Several days have such a picture, and the workbook names none of them.
    """
    if len(places) > 1 and day not in places:
        days = " and ".join("-".join(map(str, one)) for one in sorted(places))
        raise InputError(f"dataset {corpus}: there is a picture of this time on {days}; {where} should name the day")
    return places[day] if day in places else next(iter(places.values()), None)


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
