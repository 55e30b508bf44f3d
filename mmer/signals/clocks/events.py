"""Markers in a recording: codes on a trigger channel, on the bits of digital inputs, or in the file's annotations."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np

from mmer.signals.alignment import Unaligned
from mmer.types.errors import listing, nearest

if TYPE_CHECKING:
    from mmer.signals.recording import Recording

ANNOTATIONS = "annotations"
USUAL = ("trigger", "status", "sti 014", "sti014", "sti101", "sti 101", "stim")  # where there are several, the one
CHUNK = 60.0  # seconds read at a time
MOST = 100_000  # changes on a line; more, and it carries no codes
_BIT = re.compile(r"(?:stp|bit|digital|sti)\D*(\d{1,2})\D*$", re.IGNORECASE)
_NUMBER = re.compile(r"(\d{1,9})\D*$")


@dataclass(frozen=True)
class Markers:
    """Codes and when they began.

    Parameters
    ----------
    where : str
        File and channel, for messages.
    seconds : tuple of n float
        Ascending, from the first sample of the recording.
    codes : tuple of n int
    """

    where: str
    seconds: tuple[float, ...]
    codes: tuple[int, ...]

    def at(self, code: int, repeated: str = "error") -> float:
        """Return when a code began.

        Parameters
        ----------
        code : int
        repeated : str
            What counts where it is there more than once: ``error``, ``first`` or ``last``.

        Raises
        ------
        Unaligned
            It is not there, or there twice.
        """
        found = [second for second, own in zip(self.seconds, self.codes, strict=True) if own == code]
        if not found:
            have = listing(sorted(set(self.codes)), 12) or "none"
            raise Unaligned(f"{self.where}: no marker {code}; there are {have}")
        if len(found) > 1 and repeated == "error":
            raise Unaligned(
                f"{self.where}: marker {code} is there {len(found)} times, at {listing(f'{x:.3f} s' for x in found)}; "
                "say which one counts (`repeated: first` or `last`), or cut the recording"
            )
        return found[-1 if repeated == "last" else 0]


def markers(recording: "Recording", channel: str = "", mask: int = 0, bounce: float = 0.02) -> Markers:
    """Find the markers of a recording.

    Parameters
    ----------
    recording : Recording
        Open. A trigger channel is read from end to end, a minute at a time.
    channel : str
        Name or pattern of the trigger channel; a pattern that fits several (``*STP*``) names the bits of a code, the
        number in each name being its place. ``annotations``: the numbers at the end of the file's annotations. Empty:
        a channel of kind ``stim``, or else the annotations.
    mask : int
        Bits that belong to the code; 0: all.
    bounce : float
        The same code again within so many seconds is the same marker.

    Raises
    ------
    Unaligned
        There is no such channel, several and none is the usual one, or what is on it are no codes.
    """
    lines = _lines(recording, channel)
    if not lines:
        return _debounced(_annotated(recording), bounce)
    where = f"{recording.path}: {' .. '.join(dict.fromkeys((next(iter(lines)), list(lines)[-1])))}"
    starts, codes = _changes(recording, lines, mask, where)
    seconds, kept = _onsets(starts / recording.sfreq, codes, 2 / recording.sfreq)
    return _debounced(Markers(where, seconds, kept), bounce)


def _lines(recording: "Recording", channel: str) -> dict[str, int]:
    """Return the trigger channel, or the bits of one and what each is worth; nothing: read the annotations."""
    stims = [name for name, kind in zip(recording.channels, recording.kinds, strict=True) if kind == "stim"]
    if channel == ANNOTATIONS:
        return {}
    if channel:
        found = [name for name in recording.channels if fnmatchcase(name.casefold(), channel.casefold())]
        if not found:
            raise Unaligned(
                f"{recording.path}: no trigger channel {channel!r}; {nearest(channel, stims or recording.channels)}"
            )
    else:
        found = stims
    if not found and recording.events:
        return {}
    if not found:
        raise Unaligned(
            f"{recording.path}: no trigger channel and no annotations; name the channel (`channel`, or `kinds: "
            "{NAME: stim}`), or use a marker file (`recordings: marker_file`)"
        )
    usual = [name for name in found if name.casefold() in USUAL]
    if len(found) == 1 or (len(usual) == 1 and not channel):
        return {(found if len(found) == 1 else usual)[0]: 1}
    places = {int(bit[1]): name for name in found if (bit := _BIT.search(name))}
    if len(places) < len(found):
        raise Unaligned(
            f"{recording.path}: {len(found)} channels may be the trigger: {listing(found)}; name one (`channel`)"
        )
    lowest = 0 if 0 in places else 1  # some count their bits from 1
    return {places[place]: 1 << (place - lowest) for place in sorted(places)}


def _annotated(recording: "Recording") -> Markers:
    """Return the annotations that end in a number."""
    found = sorted((event.seconds, int(code[1])) for event in recording.events if (code := _NUMBER.search(event.text)))
    if not found:
        have = listing(sorted({repr(event.text) for event in recording.events})) or "no annotations"
        raise Unaligned(f"{recording.path}: no annotation with a number; it has {have}")
    seconds, codes = zip(*found, strict=True)
    return Markers(f"{recording.path}: annotations", seconds, codes)


def _changes(recording: "Recording", lines: dict[str, int], mask: int, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Return where the code changes, and to what: samples and codes, the first of them at sample 0."""
    if len(lines) > 1:
        # A line that is high gives 5 V, 1, or whatever the unit makes of it: half of the highest is the threshold.
        half = np.max([chunk.max(1) for _, chunk in _chunks(recording, lines)], axis=0, keepdims=True).T / 2
        worth = np.array(list(lines.values()))
    starts, codes, last, largest = [], [], None, 0.0
    for begin, chunk in _chunks(recording, lines):
        if len(lines) > 1:
            values = ((chunk > half) & (half > 0)).T @ worth
        else:
            largest = max(largest, float(np.abs(chunk).max()))
            values = np.rint(chunk[0]).astype(np.int64)
        values = np.bitwise_and(values, mask) if mask else values
        places = np.flatnonzero(np.diff(values)) + 1
        if last is None or values[0] != last:
            places = np.r_[0, places]
        starts.append(begin + places)
        codes.append(values[places])
        last = values[-1]
        if sum(map(len, starts)) > MOST:
            raise Unaligned(f"{where}: changes more than {MOST} times; it is no trigger channel (`channel`)")
    starts, codes = np.concatenate(starts), np.concatenate(codes)
    if len(lines) == 1 and 0 < largest < 0.5:
        raise Unaligned(
            f"{where}: its highest value is {largest:g}, and codes are whole numbers; its unit may be wrong, say "
            f"`units: {{{next(iter(lines))}: n/a}}`"
        )
    return starts, codes


def _chunks(recording: "Recording", lines: dict[str, int]) -> Iterator[tuple[int, np.ndarray]]:
    """Read some channels from end to end."""
    step = max(1, round(CHUNK * recording.sfreq))
    for begin in range(0, recording.n_samples, step):
        yield begin, recording.read(begin, min(begin + step, recording.n_samples), list(lines))


def _onsets(seconds: np.ndarray, codes: np.ndarray, short: float) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Turn changes into markers.

    The bits of a code do not always switch in the same sample: of codes without a pause between them, those that last
    less than ``short`` seconds belong to the next one. What is there from the first sample on began before it.
    """
    kept: list[tuple[float, int]] = []
    group: list[tuple[float, float, int]] = []
    ends = np.r_[seconds[1:], np.inf]
    for begin, end, code in zip(seconds, ends, codes, strict=True):
        if code:
            group.append((float(begin), float(end), int(code)))
        if group and (not code or end == np.inf):
            kept += _of_group(group, short)
            group = []
    kept = [(second, code) for second, code in kept if second > 0]
    return tuple(second for second, _ in kept), tuple(code for _, code in kept)


def _of_group(group: list[tuple[float, float, int]], short: float) -> list[tuple[float, int]]:
    """Return the markers of codes that follow each other without a pause."""
    lasting = [place for place, (begin, end, _) in enumerate(group) if end - begin >= short]
    if not lasting:  # pulses of one sample
        return [(group[0][0], group[-1][2])]
    found = []
    for before, place in zip([-1, *lasting], lasting, strict=False):
        found.append((group[before + 1][0], group[place][2]))
    return [own for place, own in enumerate(found) if not place or own[1] != found[place - 1][1]]


def _debounced(found: Markers, bounce: float) -> Markers:
    """Leave out a code that follows itself within ``bounce`` seconds."""
    kept, last = [], {}
    for second, code in zip(found.seconds, found.codes, strict=True):
        if second - last.get(code, -np.inf) > bounce:
            kept.append((second, code))
        last[code] = second
    return Markers(found.where, tuple(second for second, _ in kept), tuple(code for _, code in kept))
