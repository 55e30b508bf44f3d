"""Recorded: base of all signals that come from a file; windows are cut by streaming, one recording open at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mmer.signals.recordings import Recordings
from mmer.signals.signal import Cut
from mmer.signals.window import Window
from mmer.types.samples import Samples
from mmer.types.signal_window import SignalLayout, SignalWindow


@dataclass(frozen=True)
class Recorded(Window):
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
        """Cut, clean and describe the window of every clip; see ``mmer.signals.signal.Signal``."""
        raise NotImplementedError

    def fit(self, samples: Samples) -> tuple[Callable[[np.ndarray], np.ndarray], SignalLayout]:
        """Return the values as they are: nothing is fitted (``fits`` is false)."""
        return np.asarray, samples.signals[self.name]
