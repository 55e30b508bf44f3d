"""SignalWindow: the piece of a recording that belongs to one clip; SignalLayout: what the axes of such pieces mean."""

from dataclasses import dataclass, field

import numpy as np

from mmer.types.errors import InputError, listing


@dataclass(frozen=True)
class SignalLayout:
    """What the axes of a stream of signals mean. All clips of a stream share it.

    Parameters
    ----------
    channels : tuple of C str
        In the order of the second axis of the stream.
    features : tuple of F str
        Names along the last axis; empty: the last axis is time.
    sfreq : float
        Samples per second where the last axis is time; 0 where it is features.
    start : float
        Seconds from the anchor of the window (onset or apex) to its first sample.
    positions : tuple of C triples of float
        Where the channels lie on the head, metres in MNE's head frame; empty: unknown.

    Raises
    ------
    InputError
        A channel is named twice, or positions do not fit the channels.
    """

    channels: tuple[str, ...]
    features: tuple[str, ...] = ()
    sfreq: float = 0.0
    start: float = 0.0
    positions: tuple[tuple[float, float, float], ...] = ()

    def __post_init__(self) -> None:
        if twice := sorted({name for name in self.channels if self.channels.count(name) > 1}):
            raise InputError(f"a stream of signals names the channel(s) {listing(twice)} twice")
        if self.positions and len(self.positions) != len(self.channels):
            raise InputError(f"{len(self.channels)} channels, but {len(self.positions)} positions")

    @classmethod
    def of(cls, about: dict) -> "SignalLayout":
        """Return what ``dataclasses.asdict`` made a dict of, with json's lists as tuples again."""
        places = tuple(tuple(float(value) for value in place) for place in about["positions"])
        names = {name: tuple(about[name]) for name in ("channels", "features")}
        return cls(sfreq=float(about["sfreq"]), start=float(about["start"]), positions=places, **names)


@dataclass(frozen=True)
class SignalWindow:
    """A piece of a recording.

    Parameters
    ----------
    values : ndarray of shape (C, S), float64
        Volts, or the unit of a channel that measures no voltage (``units``).
    channels : tuple of C str
    kinds : tuple of C str
        In MNE's words: ``eeg``, ``eog``, ``ecg``, ``emg``, ``gsr``, ``resp``, ``bio``, ``temperature``, ``stim``,
        ``misc``.
    sfreq : float
        Hertz.
    start : float
        Seconds from the anchor (onset or apex) to the first sample.
    units : tuple of C str
        ``V``, ``S`` (siemens), ``C`` (degrees Celsius), ``n/a``; empty: volts.
    positions : tuple of C triples of float
        Metres in MNE's head frame; empty: unknown.
    notes : tuple of str
        What was done to this window that a reader should know, e.g. ``bad channel T7 interpolated``.
    bad : tuple of str
        Channels that the recording itself calls bad.

    Raises
    ------
    InputError
        Shapes and names do not fit, or a value is not finite.
    """

    values: np.ndarray
    channels: tuple[str, ...]
    kinds: tuple[str, ...]
    sfreq: float
    start: float
    units: tuple[str, ...] = ()
    positions: tuple[tuple[float, float, float], ...] = ()
    notes: tuple[str, ...] = field(default=())
    bad: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or len(self.values) != len(self.channels) or len(self.kinds) != len(self.channels):
            raise InputError(
                f"a window of signals has values of shape {self.values.shape}, {len(self.channels)} channels and "
                f"{len(self.kinds)} kinds; they must agree"
            )
        if not self.sfreq > 0:
            raise InputError(f"a window of signals needs a sampling rate above 0, got {self.sfreq}")
        bad = ~np.isfinite(self.values).all(1)
        if bad.any():
            raise InputError(f"a window of signals is not finite in {listing(np.array(self.channels)[bad])}")

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.values.shape[1] / self.sfreq
