"""Stacking: one layout for the clips of a dataset, whose recordings need not have the same channels."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from mmer.signals.remarks import Remarks
from mmer.signals.signal import Cut
from mmer.types.errors import InputError, listing
from mmer.types.signal_window import SignalLayout


@dataclass(frozen=True)
class Described:
    """What is kept of one clip, with the meaning of its axes.

    Parameters
    ----------
    values : ndarray of shape (C, S) or (C, F), float32
    channels : tuple of C str
    features : tuple of F str
        Empty where the last axis is time.
    sfreq : float
        Hertz; 0 where the last axis is features.
    positions : tuple of C triples of float
        NaN where an electrode's is unknown, the origin for what is no electrode; empty: none is known.
    """

    values: np.ndarray
    channels: tuple[str, ...]
    features: tuple[str, ...]
    sfreq: float
    positions: tuple[tuple[float, float, float], ...]


def stacked(
    name: str,
    clip_ids: tuple[str, ...],
    found: dict[str, Described],
    missing: dict[str, str],
    start: float,
    remarks: Remarks,
) -> Cut:
    """Bring all clips to one layout.

    The stream has the channels that at least half of the clips have. A clip that lacks one of them lacks the stream;
    channels that only some have are left out, and a note says so. The last axis is what most clips have.

    Raises
    ------
    InputError
        No clip has the signal.
    """
    missing = dict(missing)
    if not found:
        raise InputError(_nothing(name, len(clip_ids), missing))
    axes = Counter((one.features, one.sfreq, one.values.shape[1]) for one in found.values())
    axis = max(axes, key=lambda key: (axes[key], key))
    for clip_id, one in found.items():
        if (own := (one.features, one.sfreq, one.values.shape[1])) != axis:
            missing[clip_id] = (
                f"{clip_id}: {own[2]} {'features' if own[0] else f'samples at {own[1]:g} Hz'}, most clips have "
                f"{axis[2]}{'' if own[0] else f' at {axis[1]:g} Hz'}; state `sfreq` of the signal"
            )
    found = {clip_id: one for clip_id, one in found.items() if clip_id not in missing}
    counts = Counter(channel for one in found.values() for channel in one.channels)
    wanted = {channel for channel, count in counts.items() if 2 * count >= len(found)}
    if not wanted:
        raise InputError(
            f"signal {name}: no channel is in at least half of the recordings ({listing(sorted(counts), 12)}); bring "
            "their names together with `rename` of the datasets' recordings"
        )
    for clip_id, one in found.items():
        if lacking := sorted(wanted - set(one.channels)):
            missing[clip_id] = (
                f"{clip_id}: its recording lacks {listing(lacking)}, which most have; rename its channels "
                "(`rename` of the recordings), or `pick` only those that all have"
            )
    if extra := sorted(set(counts) - wanted):
        remarks.say(f"channels that less than half of the clips have are left out: {listing(extra, 12)}")
    found = {clip_id: one for clip_id, one in found.items() if clip_id not in missing}
    if not found:
        raise InputError(_nothing(name, len(clip_ids), missing))
    first = found[next(clip_id for clip_id in clip_ids if clip_id in found)]
    channels = tuple(channel for channel in first.channels if channel in wanted)
    values = {}
    for clip_id in (own for own in clip_ids if own in found):
        one = found[clip_id]
        rows = [one.channels.index(channel) for channel in channels]
        values[clip_id] = one.values if rows == list(range(len(one.channels))) else one.values[rows]
    if missing:
        remarks.say(f"{len(missing)} of {len(clip_ids)} clips lack {name}")
    layout = SignalLayout(
        channels=channels,
        features=first.features,
        sfreq=first.sfreq,
        start=start,
        positions=_positions(channels, found, clip_ids),
    )
    return Cut(values, layout, {key: missing[key] for key in clip_ids if key in missing}, remarks.sentences())


def _positions(
    channels: tuple[str, ...], found: dict[str, Described], clip_ids: tuple[str, ...]
) -> tuple[tuple[float, float, float], ...]:
    """Return the places that the first clip knows that knows them all; a montage gives all people the same."""
    for one in (found[clip_id] for clip_id in clip_ids if clip_id in found):
        if one.positions:
            places = tuple(one.positions[one.channels.index(channel)] for channel in channels)
            if np.isfinite(places).all():
                return places
    return ()


def _nothing(name: str, n_clips: int, missing: dict[str, str]) -> str:
    """Say why no clip has a signal."""
    reasons = Counter(reason for reason in missing.values())
    said = "; ".join(f"{reason} ({count} clips)" for reason, count in reasons.most_common(3))
    more = f"; and {len(reasons) - 3} other reasons" if len(reasons) > 3 else ""
    return f"signal {name}: none of {n_clips} clips has it: {said}{more}"
