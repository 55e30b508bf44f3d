"""Picking: which channels of a recording a signal wants."""

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mmer.signals.alignment import Unaligned
from mmer.signals.piece import Piece
from mmer.types.errors import listing, nearest

if TYPE_CHECKING:
    from mmer.signals.recording import Recording

# How EEGLAB, BrainVision and MNE mark that samples on both sides were not recorded one after the other.
BREAK = re.compile(r"boundary|new segment|(bad|edge)[ _](boundary|acq_skip)", re.IGNORECASE)


def picked(recording: "Recording", pick: tuple[str, ...], drop: tuple[str, ...], reference: str = "") -> Piece:
    """Choose the channels of an open recording, in the order in which it has them.

    Parameters
    ----------
    recording : Recording
    pick : tuple of str
        Kinds, names, or patterns with ``*``; without regard to case.
    drop : tuple of str
        Names or patterns to leave out.
    reference : str
        A channel that is read in any case, because the others are referred to it.

    Raises
    ------
    Unaligned
        A name is not there, or nothing is left.
    """
    kinds = {kind.casefold() for kind in recording.kinds}
    names = [name.casefold() for name in recording.channels]
    for wish in pick:
        plain = wish.casefold()
        if "*" not in wish and plain not in kinds and plain not in names:
            have = sorted(set(recording.kinds) | set(recording.channels))
            raise Unaligned(
                f"{recording.path}: no channel and no kind {wish!r}; {nearest(wish, have)}. Where the file calls it "
                "otherwise, say so under `rename` or `kinds` of the dataset's recordings"
            )
    wishes = {wish.casefold() for wish in pick}
    rows = []
    for row, (name, kind) in enumerate(zip(names, recording.kinds, strict=True)):
        wanted = (_fits(name, pick) or kind.casefold() in wishes) and not _fits(name, drop)
        if wanted or name == reference.casefold():
            rows.append(row)
    if not rows:
        raise Unaligned(
            f"{recording.path}: `pick: [{', '.join(pick)}]` without `drop: [{', '.join(drop)}]` leaves no channel of "
            f"{listing(recording.channels, 12)}"
        )
    positions = tuple(recording.positions[row] for row in rows) if recording.positions else ()
    return Piece(
        recording,
        channels=tuple(recording.channels[row] for row in rows),
        kinds=tuple(recording.kinds[row] for row in rows),
        units=tuple(recording.units[row] for row in rows),
        # A place that is not known is NaN; where none is known there are none.
        positions=positions if any(place[0] == place[0] for place in positions) else (),
        breaks=tuple(event.seconds for event in recording.events if BREAK.match(event.text) and event.seconds > 0),
    )


def _fits(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern.casefold()) for pattern in patterns)
