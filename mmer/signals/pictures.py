"""PictureClock: the time of day in the names of pictures, and the marker behind it (MMME)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath

from mmer.signals.alignment import Unaligned
from mmer.types.errors import listing
from mmer.types.frames import IMAGES, Frames

# year-month-day-hour-minute-second-millisecond-NUMBER-marker
_NAME = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})-(\d{1,2})-(\d{1,2})-(\d{1,2})-(\d{1,3})-(\d+)-(\d+)", re.ASCII)


@dataclass(frozen=True)
class PictureClock:
    """When each picture of a folder was taken.

    Parameters
    ----------
    source : str
        The folder, for messages.
    times : dict of int to float
        Frame number -> seconds since 1970 of the video's wall clock, taken as if it were UTC; to a millisecond.
    markers : dict of int to int
        Frame number -> marker of the stimulus.
    """

    source: str
    times: dict[int, float]
    markers: dict[int, int]

    @classmethod
    def of(cls, source: str, names: Iterable[str]) -> "PictureClock":
        """Read the names of pictures.

        Raises
        ------
        Unaligned
            A name is a date that does not exist, or no name tells the time.
        """
        times, markers = {}, {}
        for name in names:
            path = PurePosixPath(name)
            if path.suffix.lower() not in IMAGES or not (found := _NAME.fullmatch(path.stem)):
                continue
            *date, millisecond, number, marker = map(int, found.groups())
            try:
                moment = datetime(*date, tzinfo=UTC).timestamp()
            except ValueError as error:
                raise Unaligned(f"{source}: {name} tells a time that does not exist ({error})") from error
            times[number], markers[number] = moment + millisecond / 1000, marker
        if not times:
            raise Unaligned(
                f"{source}: no picture is named year-month-day-hour-minute-second-millisecond-number-marker; "
                "use `video: frames` where pictures are only numbered"
            )
        return cls(source, times, markers)

    def zero(self, frame_number: int) -> float:
        """Return when the first picture with this frame's marker was taken, seconds since 1970."""
        return self.zero_of(self.marker(frame_number))

    def zero_of(self, marker: int) -> float:
        """Return when the first picture with a marker was taken, seconds since 1970."""
        found = [time for number, time in self.times.items() if self.markers[number] == marker]
        if not found:
            have = listing(sorted(set(self.markers.values())))
            raise Unaligned(f"{self.source}: no picture has the marker {marker}; there are {have}")
        return min(found)

    def marker(self, frame_number: int) -> int:
        """Return the marker of a frame."""
        if frame_number not in self.markers:
            have = f"{min(self.times)}..{max(self.times)}"
            raise Unaligned(f"{self.source}: no picture {frame_number} that tells the time; there are {have}")
        return self.markers[frame_number]

    def seconds(self, frame_number: int) -> float:
        """Return the seconds from the first picture with this frame's marker to this frame."""
        zero = self.zero(frame_number)
        return self.times[frame_number] - zero


@lru_cache(maxsize=64)
def picture_clock(source: str) -> PictureClock:
    """Read the clock of a folder of pictures, or of a folder in an archive; the last few are kept.

    Raises
    ------
    Unaligned
        As ``PictureClock.of``, or there is a video instead of pictures.
    InputError
        There is no such folder.
    """
    frames = Frames.open(Path(source))
    if not frames.names:
        raise Unaligned(f"{source}: a video has no picture names that tell the time; use `video: frames`")
    return PictureClock.of(source, frames.names)


def marker_of(clock: PictureClock, frame_number: int, expected: int) -> int:
    """Return a frame's marker after checking that it is the one that the clip is called after.

    Raises
    ------
    Unaligned
        It is another one.
    """
    found = clock.marker(frame_number)
    if found != expected:
        others = listing(sorted(set(clock.markers.values())))
        raise Unaligned(
            f"{clock.source}: picture {frame_number} has the marker {found}, the clip {expected} (markers: {others}); "
            "is the clip's name or its folder wrong?"
        )
    return found
