"""Look at every frame of every clip: missing, extra, unreadable, of another size, or in an order that misleads."""

import io
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pandas as pd

from mmer.doctor.findings import Finding
from mmer.doctor.picture_file import check_picture
from mmer.types.archives import reader
from mmer.types.errors import InputError, listing
from mmer.types.frames import TIFFS, Frames
from mmer.types.workers import cores, in_processes

Show = Callable[[Iterable, int], Iterable]


@dataclass
class Source:
    """What was seen in one folder, archive folder or video, in which one or more clips lie.

    Parameters
    ----------
    source : str
    clips : list of (clip_id, onset, offset)
    frames : int
        How many there are.
    missing : list of str
        One text per clip with gaps.
    outside : int
        Frames of no clip.
    files : list of str
        Files that are no frames.
    unreadable : list of (text, clip ids)
        The clips are those within whose onset..offset the frame lies.
    sizes : Counter of (width, height)
    unordered : bool
        Names sort into another order than the numbers in them.
    """

    source: str
    clips: list[tuple[str, int, int]]
    frames: int = 0
    missing: list[str] = field(default_factory=list)
    outside: int = 0
    files: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    sizes: Counter = field(default_factory=Counter)
    unordered: bool = False


def check_frames(clips: pd.DataFrame, decode: bool, show: Show, processes: int | None = None) -> list[Source]:
    """Look at the frames of a Clips table.

    Parameters
    ----------
    clips : DataFrame
    decode : bool
        Decode every frame, on all cores, instead of looking at header, size and end marker.
    show : callable
        ``show(iterable, total)`` passes on what the iterable yields, and shows it.
    processes : int, optional
        For ``decode``; one per core when left out.
    """
    by_source: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for clip in clips[clips.frames.notna()].itertuples():
        by_source[clip.frames].append((clip.clip_id, int(clip.onset), int(clip.offset)))
    items = sorted(by_source.items())
    count = min(processes or cores(), len(items))
    if decode and count > 1:
        return list(show(in_processes(look, True, items, count), len(items)))
    return list(show((look(decode, item) for item in items), len(items)))


def look(decode: bool, item: tuple[str, list[tuple[str, int, int]]]) -> Source:
    """Look at one source."""
    found = Source(*item)
    try:
        frames = Frames.open(found.source)
    except InputError as error:
        found.unreadable.append((str(error), tuple(clip_id for clip_id, _, _ in found.clips)))
        return found
    found.frames = len(frames.numbers)
    for clip_id, onset, offset in found.clips:
        if missing := frames.missing(onset, offset):
            found.missing.append(f"{clip_id}: {listing(missing, 10)}")
    found.outside = sum(not _clips_at(found, number) for number in frames.numbers)
    found.unordered = list(frames.names) != sorted(frames.names)
    if not frames.archive and frames.names:
        found.files = sorted(set(os.listdir(found.source)) - set(frames.names))
    if decode or not frames.names:  # of a video there is nothing to look at but its pictures; opening counted them
        _decode(frames if decode else frames.between(1, 0), found)
    else:
        _read_ends(frames, found)
    return found


def _clips_at(found: Source, number: int) -> tuple[str, ...]:
    return tuple(clip_id for clip_id, onset, offset in found.clips if onset <= number <= offset)


def _read_ends(frames: Frames, found: Source) -> None:
    """Read header and end of every picture."""
    with reader(frames.archive) as read:
        for number, name in zip(frames.numbers, frames.names, strict=True):
            path, tiff = Path(found.source) / name, PurePosixPath(name).suffix.lower() in TIFFS
            try:
                if frames.archive:  # a member is read whole; that checks the archive's own sum of it as well
                    _, width, height = check_picture(io.BytesIO(read(name)), tiff)
                else:
                    with path.open("rb", buffering=0) as file:
                        _, width, height = check_picture(file, tiff)
                found.sizes[width, height] += 1
            except (InputError, OSError) as error:
                text = error.strerror if isinstance(error, OSError) else str(error)
                found.unreadable.append((f"{path}: {text}", _clips_at(found, number)))


def _decode(frames: Frames, found: Source) -> None:
    """Decode every frame; after one that does not decode the next ones are still tried."""
    left = frames.numbers
    while left:
        done = 0
        try:
            for _, image in frames.iterate(left):
                found.sizes[image.shape[1], image.shape[0]] += 1
                done += 1
            return
        except InputError as error:
            found.unreadable.append((str(error), _clips_at(found, left[done])))
            # What follows a broken frame of a video cannot be reached.
            left = left[done + 1 :] if frames.names else ()


def frame_findings(sources: list[Source]) -> list[Finding]:
    """Sum up."""
    found: list[Finding] = []

    def add(kind: str, level: str, text: str, items: list[str], clips: Iterable[str] = ()) -> None:
        if items:
            found.append(Finding(kind, level, text.replace("{n}", str(len(items))), tuple(items), tuple(clips)))

    inside = [text for one in sources for text, clips in one.unreadable if clips]
    broken = sorted({clip_id for one in sources for _, clips in one.unreadable for clip_id in clips})
    beside = [text for one in sources for text, clips in one.unreadable if not clips]
    add("frames_unreadable", "error", "{n} picture(s) of clips cannot be read; copy them again", inside, broken)
    add("pictures_unreadable", "warning", "{n} picture(s) outside all clips cannot be read", beside)
    gaps = [text for one in sources for text in one.missing]
    add("frames_missing", "warning", "{n} clip(s) lack frames between onset and offset; motion bridges gaps", gaps)
    sizes = [
        f"{one.source}: " + ", ".join(f"{count} of {width}x{height}" for (width, height), count in one.sizes.items())
        for one in sources
        if len(one.sizes) > 1
    ]
    add("frames_sizes", "warning", "the frames of {n} folder(s) differ in size; are two variants mixed?", sizes)
    files = [f"{one.source}: {listing(one.files)}" for one in sources if one.files]
    add("files_extra", "note", "{n} folder(s) of clips hold files that are no frames; they are not read", files)
    outside = [f"{one.source}: {one.outside} of {one.frames}" for one in sources if one.outside]
    add("frames_extra", "note", "{n} folder(s) hold frames before onset or after offset; they are not used", outside)
    unordered = [one.source for one in sources if one.unordered]
    text = "in {n} folder(s) names sort otherwise than their numbers (img100 before img46); mmer goes by the numbers"
    add("frames_order", "note", text, unordered)
    return found
