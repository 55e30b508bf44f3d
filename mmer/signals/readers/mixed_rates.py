"""EDF and BDF files whose channels have several sampling rates, as sleep laboratories write them.

MNE resamples the slower channels of such a file piece by piece, so that what is read depends on where the piece begins.
Here every rate is opened by itself, and the slower channels are brought to the fastest rate by a filter of known
length, of which each piece gets its share on both sides: pieces are the same as the whole.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import mne
import numpy as np

from mmer.signals.channels import ChannelNames
from mmer.signals.contents import Contents
from mmer.signals.readers import edf_header, mne_file
from mmer.types.errors import InputError, listing

REACH = 12  # slow samples on both sides that a value depends on; scipy's filter has 10


def contents(path: Path, header: edf_header.EdfHeader) -> Contents:
    """Open a file with channels of several rates; its samples stay on disk.

    Raises
    ------
    InputError
        A rate is no whole fraction of the fastest, or two channels have one name.
    """
    labels = [header.labels[row] for row in header.signals]
    rates = header.rates()
    fastest = max(rates)
    ups = {rate: round(fastest / rate) for rate in sorted(set(rates), reverse=True)}
    if len(set(labels)) < len(labels) or any(abs(up * rate / fastest - 1) > 1e-9 for rate, up in ups.items()):
        header.check_rates(path)
    parts = {rate: _part(path, header, rate) for rate in ups}
    first = parts[fastest]
    place = {name: (rate, row) for rate, part in parts.items() for row, name in enumerate(part.names)}
    codes = ChannelNames(montage="")

    def read(rows: Sequence[int], start: int, stop: int) -> np.ndarray:
        values = np.empty((len(rows), stop - start))
        for rate, up in ups.items():
            mine = [(at, *place[labels[row]][1:]) for at, row in enumerate(rows) if place[labels[row]][0] == rate]
            steps = [one for one in mine if codes.kind(parts[rate].names[one[1]], "", "") == "stim"]
            for group, smooth in ((steps, False), ([one for one in mine if one not in steps], True)):
                if group:
                    piece = _piece(parts[rate], [row for _, row in group], start, stop, up, smooth)
                    values[[at for at, _ in group]] = piece
        return values

    slow = [f"{listing(parts[rate].names)}: {rate:g} Hz" for rate in ups if rate != fastest]
    whole = {name: [getattr(parts[place[one][0]], name)[place[one][1]] for one in labels] for name in _PER_CHANNEL}
    return replace(
        first,
        **{name: tuple(values) for name, values in whole.items()},
        sfreq=fastest,
        read=read,
        notes=(*first.notes, f"{path.name}: brought to {fastest:g} Hz: {'; '.join(slow)}"),
        close=lambda: _close(parts.values()),
    )


_PER_CHANNEL = ("names", "units", "kinds", "applied", "places")


def _part(path: Path, header: edf_header.EdfHeader, rate: float) -> Contents:
    """Open the channels of one rate."""
    rows = [row for row, one in zip(header.signals, header.rates(), strict=True) if one == rate]
    names = [header.labels[row] for row in rows]
    reader = mne.io.read_raw_bdf if path.suffix.lower() == ".bdf" else mne.io.read_raw_edf
    options = {"include": names, "stim_channel": None, "preload": False, "verbose": "warning"}
    raw, notes = mne_file.opened(path, lambda: reader(path, **options))
    if list(raw.ch_names) != names or abs(raw.info["sfreq"] / rate - 1) > 1e-9:
        raw.close()
        raise InputError(f"{path}: the channels of {rate:g} Hz cannot be told apart; write one file per rate")
    units = replace(
        header,
        labels=tuple(names),
        dimensions=tuple(header.dimensions[row] for row in rows),
        plain=(False,) * len(names),
    )
    return mne_file.of_raw(raw, path, notes, units)


def _piece(part: Contents, rows: list[int], start: int, stop: int, up: int, smooth: bool) -> np.ndarray:
    """Read a piece of slow channels at ``up`` times their rate; codes are repeated, all else is interpolated."""
    from scipy.signal import resample_poly

    if up == 1 or start == stop:
        return part.read(rows, start, stop)
    begin, end = start // up - REACH, -(-stop // up) + REACH
    there = part.read(rows, max(begin, 0), min(end, part.n_samples))
    # Beyond the ends of the file, its first and last values.
    padded = np.pad(there, ((0, 0), (max(-begin, 0), max(end - part.n_samples, 0))), mode="edge")
    fine = resample_poly(padded, up, 1, axis=1) if smooth else np.repeat(padded, up, axis=1)
    return fine[:, start - begin * up : stop - begin * up]


def _close(parts: Sequence[Contents]) -> None:
    with contextlib.ExitStack() as stack:
        for part in parts:
            stack.callback(part.close)
