"""Piece: the channels of an open recording that a signal wants; a stretch of them is read with its padding."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmer.signals.alignment import Unaligned
from mmer.types.signal_window import SignalWindow

if TYPE_CHECKING:
    from mmer.signals.recording import Recording


class Outside(Unaligned):
    """A window leaves its recording."""


@dataclass(frozen=True)
class Piece:
    """Some channels of an open recording.

    Parameters
    ----------
    recording : Recording
        Open.
    channels, kinds, units : tuple of C str
    positions : tuple of C triples of float
        Empty: unknown.
    breaks : tuple of float
        Seconds at which the recording was paused, or something was cut out of it.
    """

    recording: "Recording"
    channels: tuple[str, ...]
    kinds: tuple[str, ...]
    units: tuple[str, ...]
    positions: tuple[tuple[float, float, float], ...]
    breaks: tuple[float, ...] = ()


def cut_piece(piece: Piece, anchor: float, start: float, stop: float, padding: float) -> SignalWindow:
    """Read a stretch of a recording, with as much beside it as is wanted and there.

    Parameters
    ----------
    piece : Piece
    anchor : float
        Second of the recording at which the clip's onset or apex is; it may lie between two samples.
    start, stop : float
        Seconds from there.
    padding : float
        Seconds wanted on both sides.

    Raises
    ------
    Outside
        The stretch leaves the recording.
    Unaligned
        The recording was interrupted within it.
    """
    recording = piece.recording
    sfreq, length = recording.sfreq, recording.n_samples
    first = round((anchor + start) * sfreq)
    last = first + max(1, round((stop - start) * sfreq))
    if last - first > length:
        raise Outside(
            f"{recording.path}: {length / sfreq:.3f} s long, shorter than the window of {stop - start:g} s; make "
            "`start` and `stop` nearer to each other"
        )
    if first < 0 or last > length:
        raise Outside(
            f"{recording.path}: the window leaves it: {first / sfreq:.3f} to {last / sfreq:.3f} s, it has 0 to "
            f"{length / sfreq:.3f} s"
        )
    if inside := [second for second in piece.breaks if first < second * sfreq < last]:
        raise Unaligned(f"{recording.path}: it was interrupted at {inside[0]:.3f} s, within the window")
    beside = int(np.ceil(padding * sfreq))
    begin, end = max(0, first - beside), min(length, last + beside)
    return SignalWindow(
        values=recording.read(begin, end, piece.channels),
        channels=piece.channels,
        kinds=piece.kinds,
        sfreq=sfreq,
        start=begin / sfreq - anchor,
        units=piece.units,
        positions=piece.positions,
        bad=tuple(name for name in piece.channels if name in recording.bad),
    )
