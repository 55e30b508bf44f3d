"""Recording: an open file of signals, with one name, kind and unit per channel, read piece by piece."""

import functools
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import numpy as np

from mmer.signals.channels import UNKNOWN, VOLTAGES, ChannelNames, Place, montage_places
from mmer.signals.contents import Contents, Event
from mmer.signals.readers.choice import contents_of
from mmer.types.errors import InputError, listing, nearest

__all__ = ["Event", "Recording", "open_recording"]

T = TypeVar("T")
MAX_CHANNELS = 2048  # more than any amplifier has; a header may claim anything
MAX_BYTES = 4 * 2**30  # of one piece


class Recording:
    """An open file of signals; a context manager. Only its header is read until ``read`` or ``events`` are asked for.

    (Formats that cannot be read in pieces, such as text and Matlab files, are read whole when they are opened, under a
    limit on their size.)

    Parameters
    ----------
    path : str or Path
        As the Clips table names it, with ``#trial`` where the file holds several.
    contents : Contents
        What its reader found.
    how : ChannelNames
        Names, kinds and units.

    Attributes
    ----------
    path : Path
    channels : tuple of C str
    kinds : tuple of C str
        In MNE's words, as in ``SignalWindow``.
    units : tuple of C str
        ``V``, ``S``, ``C`` or ``n/a``, of what ``read`` returns.
    sfreq : float
        Hertz.
    n_samples : int
    started : datetime or None
        Wall clock of the first sample, as the file says, without a time zone.
    positions : tuple of C triples of float
        Metres in MNE's head frame, NaN where a channel has none (an ECG, an unknown electrode); empty: none is known.
    bad : tuple of str
        Channels that the file itself calls bad.
    metadata : dict of str to str
        What else the file says of its clock and its person's session.
    notes : tuple of str
        What a reader should know of the file, one sentence each, e.g. that its end is missing.

    Raises
    ------
    InputError
        The file has no channel or no sample, an impossible sampling rate or number of channels, or two channels of one
        name.
    """

    def __init__(self, path: str | Path, contents: Contents, how: ChannelNames) -> None:
        self.path = Path(path)
        self._contents = contents
        try:
            self._settle(how)
        except InputError as error:
            contents.close()
            raise InputError(f"{self.path}: {error}") from error

    def _settle(self, how: ChannelNames) -> None:
        """Give every channel its name, kind, unit and place."""
        found = self._contents
        if not 0 < len(found.names) <= MAX_CHANNELS:
            raise InputError(f"the header states {len(found.names)} channels; 1 to {MAX_CHANNELS} are read")
        if not (0 < found.sfreq < 1e6) or found.n_samples < 1:
            raise InputError(f"the header states {found.n_samples} samples at {found.sfreq} Hz; the file is damaged")
        rows = [row for row, name in enumerate(found.names) if not how.dropped(name, name)]
        names = how.names([found.names[row] for row in rows])
        kept = [(row, name) for row, name in zip(rows, names, strict=True) if not how.dropped(name, found.names[row])]
        if not kept:
            raise InputError(f"`drop` leaves none of its {len(found.names)} channels")
        electrodes = montage_places(how.montage)
        kinds, units, factors = [], [], []
        for row, name in kept:
            stated = found.kinds[row] if found.kinds else ""
            told = stated if found.certain or stated not in ("eeg", "misc") else ""
            kind = how.kind(name, found.names[row], told) or ("eeg" if name in electrodes else stated) or "misc"
            custom = found.voltage if kind in VOLTAGES else ""
            unit, factor = how.unit(name, found.names[row], found.units[row] or custom)
            kinds.append(kind)
            units.append(UNKNOWN if kind == "stim" else unit)
            applied = found.applied[row] if found.applied else 1.0
            # The numbers of a trigger channel are codes; what MNE took for volts is taken back.
            factors.append((1.0 if kind == "stim" else factor) / applied)
        self._unitless = frozenset(
            name
            for (row, name), kind, unit in zip(kept, kinds, units, strict=True)
            if kind in VOLTAGES and unit != "V" and not how.states_unit(name, found.names[row])
        )
        self._rows = [row for row, _ in kept]
        self._factors = np.array(factors)
        self.channels: tuple[str, ...] = tuple(name for _, name in kept)
        self.kinds: tuple[str, ...] = tuple(kinds)
        self.units: tuple[str, ...] = tuple(units)
        own = [found.place_of(row) for row in self._rows]
        self.positions: tuple[Place, ...] = how.places(self.channels, kinds, own)
        self.sfreq: float = float(found.sfreq)
        self.n_samples: int = int(found.n_samples)
        self.started: datetime | None = found.started
        renamed = {found.names[row]: name for row, name in kept}
        self.bad: tuple[str, ...] = tuple(renamed[name] for name in found.bad if name in renamed)
        self.metadata: dict[str, str] = dict(found.metadata)
        self.notes: tuple[str, ...] = found.notes

    @functools.cached_property
    def events(self) -> tuple[Event, ...]:
        """What the file marks, in the order of time."""
        found = self._asked(self._contents.events, "its events")
        return tuple(sorted(found, key=lambda event: (event.seconds, event.text)))

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.n_samples / self.sfreq

    def read(self, start: int, stop: int, channels: Sequence[str] | None = None) -> np.ndarray:
        """Read a piece.

        Parameters
        ----------
        start, stop : int
            Samples, ``stop`` not included.
        channels : sequence of C str, optional
            In the order wanted; None: all.

        Returns
        -------
        ndarray of shape (C, S), float64
            In ``units``.

        Raises
        ------
        InputError
            There is no such channel or sample, a voltage has no stated unit, the piece is larger than memory should
            hold, or the file ends before its header says.
        """
        wanted = self.channels if channels is None else tuple(channels)
        place = {name: row for row, name in enumerate(self.channels)}
        if strange := [name for name in wanted if name not in place]:
            raise InputError(
                f"{self.path}: no channel {listing(strange)}; {nearest(strange[0], self.channels)}. Where the file "
                "spells it otherwise, say so under `rename` of the recordings"
            )
        if unclear := [name for name in wanted if name in self._unitless]:
            raise InputError(
                f"{self.path}: the file does not say in which unit {listing(unclear)} is; write it under `units` "
                f"of the recordings, e.g. `units: {{{unclear[0]}: uV}}`, or n/a"
            )
        if not 0 <= start <= stop <= self.n_samples:
            raise InputError(
                f"{self.path}: samples {start} to {stop} are asked for; the recording has {self.n_samples} "
                f"({self.seconds:g} s)"
            )
        if len(wanted) * (stop - start) * 8 > MAX_BYTES:
            raise InputError(
                f"{self.path}: {len(wanted)} channels of {stop - start} samples are over {MAX_BYTES // 2**30} GiB; "
                "read them in pieces"
            )
        rows = [place[name] for name in wanted]
        values = self._asked(
            lambda: self._contents.read([self._rows[row] for row in rows], start, stop), f"samples {start} to {stop}"
        )
        if values.shape != (len(rows), stop - start):
            raise InputError(
                f"{self.path}: samples {start} to {stop} cannot be read; the file ends before its header says"
            )
        factors = self._factors[rows]
        return values if (factors == 1.0).all() else values * factors[:, None]

    def _asked(self, call: Callable[[], T], what: str) -> T:
        """Ask the reader; its errors become messages."""
        try:
            return call()
        except InputError:
            raise
        # MNE's readers raise almost anything where a file is shorter than its header says.
        except Exception as error:
            raise InputError(
                f"{self.path}: {what} cannot be read ({type(error).__name__}: {error}); the file is damaged or its end "
                "is missing"
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._contents.close()

    def __enter__(self) -> "Recording":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_recording(path: str | Path, how: ChannelNames) -> Recording:
    """Open a file of signals.

    Parameters
    ----------
    path : str or Path
        A file of any format that MNE reads, chosen by its suffix and its first bytes; a BIDS file or the folder of one
        BIDS recording; Curry's ``.cdt`` or ``.dat``; a BIOPAC ``.mat``; ``Data_Preprocessed_P01.mat#3`` (trial 3 of
        AMIGOS), ``DREAMER.mat#23/18/eeg`` (subject, film, ``eeg`` or ``ecg``), ``s01.dat#7`` (trial 7 of DEAP); a
        ``.csv``, ``.tsv`` or ``.txt`` of columns with a column of time.
    how : ChannelNames
        Names, kinds and units.

    Raises
    ------
    InputError
        There is no such file, its format is not known, or it is damaged; the message names the file, what is wrong
        and the way out.
    """
    return Recording(path, contents_of(str(path)), how)
