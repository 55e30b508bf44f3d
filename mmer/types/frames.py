"""Frames: the pictures of a clip, from a folder, a zip or tar archive, or a video; files from outside are data."""

import hashlib
import io
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from mmer.types.archives import ARCHIVES, archive_folders, reader
from mmer.types.errors import InputError, listing

TIFFS = {".tif", ".tiff"}
IMAGES = {".jpg", ".jpeg", ".bmp", ".png", *TIFFS}
VIDEOS = {".mp4", ".avi", ".mov", ".mkv", ".m4v", ".webm", ".mpg", ".mpeg", ".wmv"}
MAX_NUMBER = 10**9  # what a frame number may be; a time stamp in a file name is none
MAX_PIXELS = 50_000_000  # one picture; an 8K frame has 33 million
# MMME names a picture by the time of day: year-month-day-hour-minute-second-millisecond-NUMBER-marker of the stimulus.
_TIMED = re.compile(r"\d{4}(?:-\d{1,2}){5}-\d{1,3}-(\d+)-\d+", re.ASCII)


def frame_number(name: str) -> int | None:
    """Return the integer of the last run of digits in a file name's stem, or None (``reg_img46.jpg`` -> 46).

    Behind a time stamp a frame number and the marker of a stimulus follow; there the last run is not the number.
    """
    stem = PurePosixPath(name).stem
    if timed := _TIMED.fullmatch(stem):
        return int(timed[1])
    digits = re.findall(r"\d+", stem)
    return int(digits[-1]) if digits else None


@dataclass(frozen=True)
class Frames:
    """The pictures of one clip, addressed by the corpus's own frame numbers.

    Parameters
    ----------
    source : str
        Folder, video file, or ``archive.zip/folder/in/it``.
    names : tuple of str
        File or member name of each frame; empty for a video.
    numbers : tuple of int
        The corpus's own frame numbers, ascending. Numbers may have gaps.
    archive : str
        Path of the archive, or ``""``.
    video_first : int
        Number of a video file's first frame (a part made by ``between`` starts later).
    """

    source: str
    names: tuple[str, ...]
    numbers: tuple[int, ...]
    archive: str = ""
    video_first: int = 0

    @classmethod
    def open(
        cls,
        source: str | Path,
        first: int = 0,
        listing_of: Callable[[Path], Mapping[str, list[str]]] | None = None,
    ) -> "Frames":
        """Find the frames behind a path.

        Parameters
        ----------
        source : str or Path
            Folder of pictures, video file, or a folder inside a zip or tar archive (``sub01.zip/EP02_01f``).
        first : int
            Number of a video's first frame. Pictures carry their numbers in their names.
        listing_of : callable, optional
            What lists an archive; ``functools.cache(archive_folders)`` lists each archive once for many clips.

        Raises
        ------
        InputError
            The path does not exist, holds no frame, holds two frames of one number, a video does not decode, or an
            archive holds members that leave it, links, or members over the size limit.
        """
        path = Path(source)
        if path.is_dir():
            return cls(str(path), *_numbered(str(path), _pictures(path)))
        if path.is_file() and path.suffix.lower() in VIDEOS:
            return cls(str(path), (), tuple(range(first, first + _count_video(path))), video_first=first)
        for parent in (path, *path.parents):
            if parent.suffix.lower() in ARCHIVES and parent.is_file():
                folders = (listing_of or archive_folders)(parent)
                members = folders.get(path.relative_to(parent).as_posix(), [])
                return cls(str(path), *_numbered(str(path), members), archive=str(parent))
        if path.exists():
            raise InputError(
                f"{path}: not a folder, a {'/'.join(sorted(ARCHIVES))} archive or a video ({', '.join(sorted(VIDEOS))})"
            )
        raise InputError(f"{path}: no such folder, archive or video; is the dataset's `root` right?")

    def between(self, first: int, last: int) -> "Frames":
        """Return the frames numbered first..last, both inclusive."""
        keep = [place for place, number in enumerate(self.numbers) if first <= number <= last]
        names = tuple(self.names[place] for place in keep) if self.names else ()
        return replace(self, names=names, numbers=tuple(self.numbers[place] for place in keep))

    def missing(self, first: int, last: int) -> list[int]:
        """Return the numbers in first..last that have no frame."""
        return sorted(set(range(first, last + 1)) - set(self.numbers))

    def read(self, number: int) -> np.ndarray:
        """Decode one frame: (H, W, 3) uint8, RGB."""
        return next(self.iterate([number]))[1]

    def iterate(self, numbers: Iterable[int] | None = None) -> Iterator[tuple[int, np.ndarray]]:
        """Decode frames in ascending order.

        Parameters
        ----------
        numbers : iterable of int, optional
            Which frames; all when left out.

        Yields
        ------
        number : int
        image : ndarray of shape (H, W, 3), uint8, RGB

        Raises
        ------
        InputError
            A frame does not exist, does not decode, or has more than ``MAX_PIXELS`` pixels.
        """
        wanted = self.numbers if numbers is None else tuple(sorted({int(number) for number in numbers}))
        if not wanted:
            return
        if absent := sorted(set(wanted) - set(self.numbers)):
            has = f"{self.numbers[0]}..{self.numbers[-1]} ({len(self.numbers)} frames)" if self.numbers else "none"
            raise InputError(f"{self.source}: no frame {listing(absent)}; it has {has}")
        if self.names:
            place = dict(zip(self.numbers, self.names, strict=True))
            with reader(self.archive) as read:
                for number in wanted:
                    name = place[number]
                    tiff = PurePosixPath(name).suffix.lower() in TIFFS
                    yield number, _decode(read(self._path(name)), f"{self.source}: frame {number}", tiff)
        else:
            yield from self._iterate_video(wanted)

    def _iterate_video(self, wanted: tuple[int, ...]) -> Iterator[tuple[int, np.ndarray]]:
        capture, todo = cv2.VideoCapture(self.source), set(wanted)
        _check_size(capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT), self.source)
        try:
            # Frames are stepped through, not sought: seeking lands on key frames in many containers.
            for number in range(self.video_first, wanted[-1] + 1):
                if not capture.grab():
                    raise InputError(f"{self.source}: the video ends or does not decode at frame {number}")
                if number in todo:
                    ok, image = capture.retrieve()
                    if not ok:
                        raise InputError(f"{self.source}: frame {number} does not decode")
                    yield number, cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        finally:
            capture.release()

    def digest(self) -> str:
        """Return a sha256 over the bytes of the frames (of the whole file, for a video) and their numbers."""
        total = hashlib.sha256(repr(self.numbers).encode())
        if self.names:
            with reader(self.archive) as read:
                for name in self.names:
                    # A digest per picture, so that bytes cannot move from one picture to the next unseen.
                    total.update(hashlib.sha256(read(self._path(name))).digest())
        elif self.numbers:
            with open(self.source, "rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
        return total.hexdigest()

    def _path(self, name: str) -> str:
        """Return what the reader calls a picture: a member name, or a path."""
        return name if self.archive else str(Path(self.source) / name)


def _pictures(folder: Path) -> list[str]:
    try:
        return [item.name for item in folder.iterdir() if item.is_file()]
    except OSError as error:
        raise InputError(f"{folder}: the folder cannot be listed ({error})") from error


def _numbered(source: str, names: Iterable[str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Order picture names by the number at their end; refuse two pictures of one number, and none at all."""
    found: dict[int, str] = {}
    for name in sorted(names):
        number = frame_number(name)
        if (
            PurePosixPath(name).suffix.lower() not in IMAGES
            or number is None
            or PurePosixPath(name).name.startswith(".")
        ):
            continue
        if number > MAX_NUMBER:
            raise InputError(
                f"{source}: {name} has no frame number below {MAX_NUMBER}; number the pictures 1, 2, 3 ..."
            )
        if number in found:
            raise InputError(
                f"{source}: {found[number]} and {name} are both frame {number}; keep one variant per folder"
            )
        found[number] = name
    if not found:
        raise InputError(f"{source}: no frame in it (pictures {', '.join(sorted(IMAGES))} with a number in their name)")
    numbers = tuple(sorted(found))
    return tuple(found[number] for number in numbers), numbers


def _check_size(width: float, height: float, where: str) -> None:
    if width * height > MAX_PIXELS:
        raise InputError(f"{where}: {int(width)}x{int(height)} pixels, more than the limit of {MAX_PIXELS}; refused")


def _decode(data: bytes, where: str, tiff: bool = False) -> np.ndarray:
    """Decode one picture to RGB, its size read from the header first; a TIFF only where it is named so."""
    formats = ("JPEG", "PNG", "BMP", *(("TIFF",) if tiff else ()))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=UserWarning, module="PIL.TiffImagePlugin")  # the error says it
            with Image.open(io.BytesIO(data), formats=formats) as header:
                (width, height), kind = header.size, header.format
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(f"{where}: more than the limit of {MAX_PIXELS} pixels; refused ({error})") from error
    except UnidentifiedImageError as error:
        raise InputError(
            f"{where}: not a readable picture (its {len(data)} bytes are no {'/'.join(formats)})"
        ) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise InputError(f"{where}: not a readable picture ({error})") from error
    _check_size(width, height, where)
    # Some releases of OpenCV fill the missing part of a cut JPEG with grey and only warn. Neither marker can occur
    # inside the compressed data, so a whole picture has an end marker after its last start of scan.
    if kind in ("JPEG", "MPO") and data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda"):
        raise InputError(f"{where}: the picture is cut off; copy it again")
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise InputError(f"{where}: the picture does not decode; copy it again")
    return image


def _count_video(path: Path) -> int:
    """Count the frames of a video by stepping through it (containers often state a wrong number)."""
    capture = cv2.VideoCapture(str(path))
    try:
        if not capture.isOpened():
            raise InputError(f"{path}: the video does not open; is it damaged or a codec that OpenCV lacks?")
        _check_size(capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT), str(path))
        count = 0
        while capture.grab():
            count += 1
    finally:
        capture.release()
    if not count:
        raise InputError(f"{path}: no frame of the video decodes")
    return count
