"""Contents: what a reader finds in the file of a recording, in the file's own words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from mmer.signals.channels import NOWHERE, Place


@dataclass(frozen=True)
class Event:
    """Something that the file marks.

    Parameters
    ----------
    seconds : float
        From the first sample of the recording.
    text : str
        What is written there, e.g. ``Stimulus/S  5``.
    """

    seconds: float
    text: str


def no_events() -> tuple[Event, ...]:
    """Return no events."""
    return ()


def nothing() -> None:
    """Close what is not open."""


@dataclass(frozen=True)
class Contents:
    """What a reader finds in a file.

    Parameters
    ----------
    names : tuple of C str
    units : tuple of C str
        As the file writes them, ``""`` where it says nothing.
    sfreq : float
        Hertz.
    n_samples : int
    read : callable
        Rows of channels, first sample and the one after the last -> ndarray (rows, samples): the numbers of the file
        times ``applied``.
    kinds : tuple of C str
        In MNE's words, ``""`` or ``misc`` where unknown; empty: all unknown.
    certain : bool
        Whether ``kinds`` are what the file says; False: its reader guesses ``eeg`` or ``misc``.
    applied : tuple of C float
        What the reader multiplies the file's numbers by; empty: 1.
    voltage : str
        Unit of voltages where ``units`` says nothing, by the format's custom.
    places : tuple of C triples of float
        Metres in MNE's head frame, NaN where unknown; empty: all unknown.
    started : datetime or None
        Wall clock of the first sample, as the file says, without a time zone.
    events : callable
        Returns what the file marks; called at most once, since some formats hide it in a channel.
    bad : tuple of str
        Channels that the file calls bad.
    metadata : dict of str to str
    notes : tuple of str
        What a reader should know, one sentence each.
    close : callable
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    sfreq: float
    n_samples: int
    read: Callable[[Sequence[int], int, int], np.ndarray]
    kinds: tuple[str, ...] = ()
    certain: bool = False
    applied: tuple[float, ...] = ()
    voltage: str = ""
    places: tuple[Place, ...] = ()
    started: datetime | None = None
    events: Callable[[], tuple[Event, ...]] = no_events
    bad: tuple[str, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    close: Callable[[], None] = nothing

    def place_of(self, row: int) -> Place:
        """Return where the file says a channel is."""
        return self.places[row] if self.places else NOWHERE


def held(values: np.ndarray) -> Callable[[Sequence[int], int, int], np.ndarray]:
    """Return the ``read`` of a table (C, S) that is in memory."""

    def read(rows: Sequence[int], start: int, stop: int) -> np.ndarray:
        return np.asarray(values[list(rows), start:stop], dtype=np.float64)

    return read
