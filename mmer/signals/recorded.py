"""Recorded: base of all signals that come from a file; windows are cut by streaming, one recording open at a time."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from mmer.signals.alignment import Alignment, Unaligned
from mmer.signals.bad_channels import SCALP
from mmer.signals.cleaning import Cleaning
from mmer.signals.picking import picked
from mmer.signals.piece import Outside, Piece, cut_piece
from mmer.signals.recordings import Recordings
from mmer.signals.remarks import Remarks
from mmer.signals.signal import Cut
from mmer.signals.stacking import Described, stacked
from mmer.signals.window import Window
from mmer.types.errors import InputError, listing
from mmer.types.samples import Samples
from mmer.types.signal_window import SignalLayout, SignalWindow

COLUMNS = ("eeg", "ecg")

log = logging.getLogger("mmer")


@dataclass(frozen=True)
class Recorded(Window, Cleaning):
    """A window around onset or apex of every clip, cut out of its recording, cleaned, and described.

    Its keys are those of ``Window`` and of ``Cleaning``, and:

    Parameters
    ----------
    name : str
        Of the stream and of its yaml.
    encoder : str
        Stem of the file in conf/model that reads it.
    recording : str
        ``eeg`` or ``ecg``: the column of the Clips table that names the file.
    pick : tuple of str
        Channels: kinds (``eeg``, ``ecg``, ``gsr`` ...), names, or patterns with ``*``.
    drop : tuple of str
        Names or patterns of channels that are left out of these.
    """

    name: str = ""
    encoder: str = ""
    recording: str = "eeg"
    pick: tuple[str, ...] = ("eeg",)
    drop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        Window.__post_init__(self)
        Cleaning.__post_init__(self)
        if self.recording not in COLUMNS:
            raise InputError(
                f"signal {self.name}: recording is {self.recording!r}; it may be {' or '.join(COLUMNS)}, the "
                "columns of the clips that name recordings"
            )
        if not self.pick:
            raise InputError(f"signal {self.name}: pick names no channel; give a kind, a name or a pattern")

    @property
    def fits(self) -> bool:
        """Whether ``fit`` must be called in every fold."""
        return False

    def describe(self, window: SignalWindow, baseline: SignalWindow | None) -> tuple[np.ndarray, tuple[str, ...]]:
        """Say what is kept of one clip; every signal has its own.

        Parameters
        ----------
        window : SignalWindow
            Cleaned and resampled, exactly from ``start`` to ``stop``.
        baseline : SignalWindow or None
            The same of the baseline.

        Returns
        -------
        values : ndarray of shape (C', F), or (C, S) where the last axis is time
            Row c belongs to ``self.channels(window)[c]``.
        features : tuple of F str
            Empty where the last axis is time.

        Raises
        ------
        InputError
            This clip has nothing to describe, e.g. no heart beat was found; it is kept without the stream.
        """
        raise NotImplementedError

    def channels(self, window: SignalWindow) -> tuple[str, ...]:
        """Name the rows that ``describe`` returns; the window's own channels unless a signal makes fewer of them."""
        return window.channels

    def cut(self, clips: pd.DataFrame, recordings: Recordings, tracks: Mapping[str, Path]) -> Cut:
        """Cut, clean and describe the window of every clip; see ``mmer.signals.signal.Signal``.

        Recordings are opened one after the other, and of each only the windows are read, with what the filter needs
        beside them.
        """
        found: dict[str, Described] = {}
        missing: dict[str, str] = {}
        remarks = Remarks()
        column = clips[self.recording]
        for clip_id in clips["clip_id"][column.isna()]:
            missing[clip_id] = f"no recording: the column {self.recording} of the clips is empty"
        if len(missing):
            remarks.say(f"{len(missing)} of {len(clips)} clips have no recording ({self.recording})")
        for path, group in clips[column.notna()].groupby(self.recording, sort=True):
            try:
                self._cut_recording(str(path), group, recordings, found, missing, remarks)
            except InputError as reason:  # of the whole recording: it does not open, or lacks the channels
                missing |= {clip_id: str(reason) for clip_id in group["clip_id"] if clip_id not in found}
        name = f"{self.name} of {listing(sorted(set(clips['dataset'])))}"
        return stacked(name, tuple(clips["clip_id"]), found, missing, self.start, remarks)

    def fit(self, samples: Samples) -> tuple[Callable[[np.ndarray], np.ndarray], SignalLayout]:
        """Return the values as they are: nothing is fitted (``fits`` is false)."""
        return np.asarray, samples.signals[self.name]

    def _cut_recording(
        self,
        path: str,
        clips: pd.DataFrame,
        recordings: Recordings,
        found: dict[str, Described],
        missing: dict[str, str],
        remarks: Remarks,
    ) -> None:
        """Cut the windows of the clips of one recording; adds to ``found``, ``missing`` and ``remarks``."""
        with recordings.open(path) as recording:
            recordings.check_rate(recording, self.recording)
            piece = picked(recording, self.pick, self.drop, self.reference)
            if piece.breaks:
                where = listing(f"{second:.1f} s" for second in piece.breaks)
                remarks.say(f"{path}: interrupted at {where}; an offset or a wall clock is wrong behind it")
            alignments = recordings.align_all(clips, recording, self.recording)
            for clip_id, alignment in alignments.items():
                if isinstance(alignment, Unaligned):
                    missing[clip_id] = str(alignment)
                else:
                    remarks.align(path, alignment)
            for warned in remarks.drifting(path):
                log.warning("signal %s: %s", self.name, warned)
            for _, clip in clips.iterrows():
                clip_id = clip["clip_id"]
                if clip_id in missing:
                    continue
                try:
                    anchor = self._anchor(clip, alignments[clip_id], recordings)
                    windows = self._windows(piece, anchor)
                    values, features = self.describe(*windows)
                except InputError as reason:
                    missing[clip_id] = str(reason)
                    remarks.outside += isinstance(reason, Outside)
                    continue
                remarks.window(path, windows)
                window = windows[0]
                found[clip_id] = Described(
                    values=np.asarray(values, np.float32),
                    channels=self.channels(window),
                    features=features,
                    sfreq=0.0 if features else window.sfreq,
                    positions=_places(window) if self.channels(window) == window.channels else (),
                )
            remarks.say_all(recording.notes)
            if bad := sorted(set(recording.bad) & set(piece.channels)):
                remarks.say(
                    f"{path}: the file itself calls {listing(bad)} bad; `drop` them, or see `bad` of the signal"
                )

    def _anchor(self, clip: pd.Series, alignment: Alignment, recordings: Recordings) -> float:
        """Return the second of the recording at which the clip's onset or apex is."""
        frame = clip[self.anchor]
        if pd.isna(frame):
            other = "; use `anchor: onset`" if self.anchor == "apex" else ""
            raise Unaligned(f"{clip['clip_id']}: its {self.anchor} is not annotated{other}")
        try:
            return alignment(recordings.video_seconds(clip, int(frame)))
        except Unaligned:
            raise
        except InputError as reason:  # its pictures cannot be listed
            raise Unaligned(str(reason)) from reason

    def _windows(self, piece: Piece, anchor: float) -> tuple[SignalWindow, SignalWindow | None]:
        """Cut and clean the window and its baseline, in one go where they lie near each other."""
        sfreq = piece.recording.sfreq
        padding = self.padding(sfreq)
        if self.baseline is None:
            return self._clean(piece, anchor, self.start, self.stop, padding), None
        first, last = min(self.start, self.baseline[0]), max(self.stop, self.baseline[1])
        apart = max(self.baseline[0] - self.stop, self.start - self.baseline[1])
        if apart > padding:
            return (
                self._clean(piece, anchor, self.start, self.stop, padding),
                self._clean(piece, anchor, *self.baseline, padding),
            )
        whole = self._clean(piece, anchor, first, last, padding)
        return _within(whole, self.start, self.stop), _within(whole, *self.baseline)

    def _clean(self, piece: Piece, anchor: float, start: float, stop: float, padding: float) -> SignalWindow:
        """Read a stretch with its padding, and clean it."""
        return self.clean(cut_piece(piece, anchor, start, stop, padding), start, stop)


def _within(whole: SignalWindow, start: float, stop: float) -> SignalWindow:
    """Return a part of a window."""
    first, count = round((start - whole.start) * whole.sfreq), round((stop - start) * whole.sfreq)
    first = min(first, whole.values.shape[1] - count)
    return replace(whole, values=whole.values[:, first : first + count], start=start)


def _places(window: SignalWindow) -> tuple[tuple[float, float, float], ...]:
    """Return where the channels are; what is no electrode of the scalp is at the origin, as in MNE's files."""
    return tuple(
        (0.0, 0.0, 0.0) if kind != SCALP and place[0] != place[0] else place
        for kind, place in zip(window.kinds, window.positions, strict=bool(window.positions))
    )
