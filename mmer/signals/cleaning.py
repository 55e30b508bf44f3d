"""Cleaning of a window: muscle channels, bad channels, filters, reference, resampling."""

import re
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from mmer.signals.bad_channels import SCALP, interpolated, stuck, unlike
from mmer.signals.filters import CROSSINGS, filtered, kernel, resampled
from mmer.signals.unusable import Unusable
from mmer.types.errors import InputError, listing, nearest
from mmer.types.signal_window import SignalWindow

POLICIES = ("interpolate", "keep", "miss")
MUSCLE_LIMIT = 20.0  # Hz; above, scalp EEG is mostly muscle (Whitham et al., Clinical Neurophysiology 118, 2007)
# Over the frontalis and temporalis muscles, in the 10-20 system and its extensions: Fp, AFp, AF, AFF, F, FFT, FT, FTT,
# T, TTP, TP, TPP, and P7..P10 (P7 and P8 are T5 and T6 in the older names).
MUSCLE = re.compile(r"(Fp|AFp|AF|AFF|F|FFT|FT|FTT|T|TTP|TP|TPP)(z|\d+h?)|P(7|8|9|10)", re.IGNORECASE)


@dataclass(frozen=True)
class Cleaning:
    """What is done to every window before anything is computed of it, in this order.

    1. ``drop_muscle``: scalp channels over facial and temporal muscles are left out.
    2. Flat and clipped channels are found in the samples as recorded; others the recording itself may call bad (FIF,
       BIDS).
    3. Band-pass and notch: one FIR filter without phase shift, so that nothing moves in time. A window is short against
       the filter, so it is read with ``padding`` on both sides: its samples are then those of the filtered recording.
       An IIR filter would need less but moves waves against each other. Where the recording begins or ends too near,
       it is mirrored there, and the window's notes say so.
    4. Scalp channels with deviating amplitude, or unlike their neighbours, are found in the filtered samples.
    5. ``bad`` says what happens to bad channels.
    6. Re-reference, cut, resample with anti-alias.

    Nothing here is fitted over clips and no label is seen: all of it comes from the few seconds of the same recording
    around the clip, so nothing passes between subjects.

    Parameters
    ----------
    low, high : float or None, hertz
        Pass band.
    notch : float or None, hertz
        Mains, taken out with its harmonics.
    sfreq : float or None, hertz
        After cutting. None: as recorded.
    reference : str
        Of scalp channels: ``average``, the name of a channel (which is then left out), or empty: as recorded.
    bad : str
        ``interpolate``: by spherical splines where positions are known, else kept and noted; a bad channel that is not
        on the scalp makes the clip lack the signal. ``keep``: only noted. ``miss``: one bad channel, and the clip lacks
        the signal.
    most_bad : float, 0..1
        More bad scalp channels than this fraction, and the clip lacks the signal (unless ``keep``).
    least_correlation : float, 0..1
        With one of its six nearest neighbours, below which a scalp channel is bad. 0: no such rule.
    drop_muscle : bool
        Leaves out channels over facial and temporal muscles, and what lies above 20 Hz: to see how much of an EEG
        result is facial EMG.

    Raises
    ------
    InputError
        A field has a value that cannot be.
    """

    low: float | None = None
    high: float | None = None
    notch: float | None = None
    sfreq: float | None = None
    reference: str = ""
    bad: str = "keep"
    most_bad: float = 0.25
    least_correlation: float = 0.3
    drop_muscle: bool = False

    def __post_init__(self) -> None:
        for key in ("low", "high", "notch", "sfreq"):
            if (value := getattr(self, key)) is not None and not 0 < value < float("inf"):
                raise InputError(f"`{key}` must be a number of hertz above 0, or null; got {value}")
        if self.low is not None and self.band[1] is not None and not self.low < self.band[1]:
            raise InputError(f"`low: {self.low:g}` is not below `high: {self.band[1]:g}` Hz")
        if self.sfreq is not None and self.band[1] is not None and not self.band[1] < self.sfreq / 2:
            raise InputError(
                f"`high: {self.band[1]:g}` Hz cannot be kept at `sfreq: {self.sfreq:g}`, which holds less than "
                f"{self.sfreq / 2:g} Hz; lower `high` or raise `sfreq`"
            )
        if self.bad not in POLICIES:
            raise InputError(f"`bad: {self.bad}`; {nearest(self.bad, POLICIES)}")
        for key in ("most_bad", "least_correlation"):
            if not 0 <= getattr(self, key) <= 1:
                raise InputError(f"`{key}` must lie in 0..1, got {getattr(self, key)}")

    @property
    def band(self) -> tuple[float | None, float | None]:
        """The pass band, with the limit that ``drop_muscle`` sets."""
        if not self.drop_muscle:
            return self.low, self.high
        return self.low, MUSCLE_LIMIT if self.high is None else min(self.high, MUSCLE_LIMIT)

    def padding(self, sfreq: float) -> float:
        """Return how many seconds before and after a window must be read of a recording at ``sfreq`` hertz."""
        samples = len(kernel(sfreq, *self.band, self.notch)) // 2
        if self.sfreq is not None and self.sfreq != sfreq:
            samples += int(CROSSINGS * max(1.0, sfreq / self.sfreq)) + 1
        return (samples + 1) / sfreq

    def keeps(self, channels: tuple[str, ...], kinds: tuple[str, ...]) -> tuple[str, ...]:
        """Return the channels that ``drop_muscle`` leaves."""
        if not self.drop_muscle:
            return channels
        return tuple(
            name for name, kind in zip(channels, kinds, strict=True) if kind != SCALP or not MUSCLE.fullmatch(name)
        )

    def clean(self, window: SignalWindow, start: float, stop: float) -> SignalWindow:
        """Clean a window that was read with padding, and cut it.

        Parameters
        ----------
        window : SignalWindow
            From ``padding`` before ``start`` to ``padding`` after ``stop``, or as far as the recording goes.
        start, stop : float
            Seconds from the anchor, as in ``window.start``.

        Returns
        -------
        SignalWindow
            Of ``round((stop - start) * sfreq)`` samples. Its notes name bad channels and what was done.

        Raises
        ------
        Unusable
            Too many channels are bad.
        InputError
            Nothing of a configuration is there: no channel left, no such reference, a filter above the recording's
            rate.
        """
        window = _only(window, self.keeps(window.channels, window.kinds))
        if not window.channels:
            raise InputError("`drop_muscle` leaves no channel; pick channels over the centre of the head too")
        target = self.sfreq or window.sfreq
        count = round((stop - start) * target)
        exact = (start - window.start) * window.sfreq
        first = round(exact)
        length = round((stop - start) * window.sfreq)
        if first < 0 or first + length > window.values.shape[1] + 1:
            raise ValueError(f"window {start:g}..{stop:g} s leaves what was read from {window.start:g} s")
        suspects = stuck(window.values, window.kinds)
        suspects |= {row: "the recording says so" for row, name in enumerate(window.channels) if name in window.bad}
        taps = kernel(window.sfreq, *self.band, self.notch)
        values, mirrored = filtered(window.values, taps, first, window.values.shape[1] - first - length)
        notes = list(window.notes)
        if mirrored:
            notes.append(f"filtered with {mirrored / window.sfreq:.2f} s mirrored at the end of the recording")
        values, bad = self._treated(window, values, suspects, notes)
        layout = self._referenced(window, values, bad)
        values = resampled(layout.values, exact, window.sfreq, target, count)
        return replace(layout, values=values, sfreq=float(target), start=float(start), notes=tuple(notes), bad=())

    def _treated(
        self, window: SignalWindow, values: np.ndarray, suspects: dict[int, str], notes: list[str]
    ) -> tuple[np.ndarray, set[int]]:
        """Deal with bad channels; return the values, and which channels stay bad. Adds to ``notes``."""
        scalp = [row for row, kind in enumerate(window.kinds) if kind == SCALP]
        places = [window.positions[row] for row in scalp] if window.positions else []
        places = places if np.isfinite(np.asarray(places, float)).all() else []
        found = dict(suspects)
        others = unlike(
            values[scalp], places, self.least_correlation, [scalp.index(row) for row in suspects if row in scalp]
        )
        # A reference electrode lies apart (ear, mastoid), so being unlike the others is no fault of it.
        found |= {
            scalp[row]: why
            for row, why in others.items()
            if window.channels[scalp[row]].casefold() != self.reference.casefold()
        }
        if not found:
            return values, set()
        named = [f"{window.channels[row]} ({found[row]})" for row in sorted(found)]
        on_scalp = [row for row in sorted(found) if row in scalp]
        if self.bad == "miss":
            raise Unusable(f"bad channel(s) {listing(named)}")
        if self.bad == "interpolate" and len(on_scalp) < len(found):
            raise Unusable(f"bad channel(s) that nothing can replace: {listing(named)}")
        if self.bad == "interpolate" and len(on_scalp) > self.most_bad * len(scalp):
            raise Unusable(f"{len(on_scalp)} of {len(scalp)} channels are bad: {listing(named)}")
        done = "kept"
        if self.bad == "interpolate" and places:
            names = [window.channels[row] for row in scalp]
            values[scalp] = interpolated(
                values[scalp], names, places, [scalp.index(row) for row in on_scalp], window.sfreq
            )
            found, done = {}, "interpolated"
        elif self.bad == "interpolate":
            done = "kept (positions unknown)"
        notes += [f"bad channel {name} {done}" for name in named]
        return values, set(found)

    def _referenced(self, window: SignalWindow, values: np.ndarray, bad: set[int]) -> SignalWindow:
        """Re-reference scalp channels. Channels that are bad and kept are no part of an average."""
        window = replace(window, values=values)
        scalp = np.array([kind == SCALP for kind in window.kinds])
        if not self.reference or not scalp.any():
            return window
        if self.reference == "average":
            good = [row for row in np.flatnonzero(scalp) if row not in bad] or np.flatnonzero(scalp)
            values[scalp] -= values[good].mean(0)
            return window
        names = [name.lower() for name in window.channels]
        if self.reference.lower() not in names:
            raise InputError(
                f"`reference: {self.reference}` is no channel of the window; "
                f"{nearest(self.reference, [*window.channels, 'average'])}"
            )
        row = names.index(self.reference.lower())
        if row in bad:
            raise Unusable(f"the reference {window.channels[row]} is a bad channel")
        values[scalp] -= values[row].copy()
        return _only(window, tuple(name for place, name in enumerate(window.channels) if place != row))


class _Parts(NamedTuple):
    """What a window has one of per channel."""

    channels: tuple
    kinds: tuple
    units: tuple
    positions: tuple


def _only(window: SignalWindow, channels: tuple[str, ...]) -> SignalWindow:
    """Return a window with these of its channels."""
    if channels == window.channels:
        return window
    rows = [window.channels.index(name) for name in channels]
    parts = _Parts(
        *(tuple(every[row] for row in rows) if every else () for every in (getattr(window, n) for n in _Parts._fields))
    )
    return replace(window, values=window.values[rows], **parts._asdict())
