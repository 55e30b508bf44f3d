"""Signal: what an experiment wants of recordings, as one stream of samples."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from mmer.signals.recordings import Recordings
from mmer.types.samples import Samples
from mmer.types.signal_window import SignalLayout

Fitted = Callable[[np.ndarray], np.ndarray]  # values (n, C, S) of any clips -> values of the final stream


@dataclass(frozen=True)
class Cut:
    """What a signal found for the clips of one dataset.

    Parameters
    ----------
    values : dict of str to ndarray of shape (C, S) or (C, F), float32
        By clip id, for the clips that have the stream.
    layout : SignalLayout
        Of all of them.
    missing : dict of str to str
        Clip id -> why it lacks the stream. Every clip is either here or in ``values``.
    notes : tuple of str
        What a reader should know of the recordings: drift and residual of clocks, bad channels, windows that were cut
        short; one sentence each.
    """

    values: dict[str, np.ndarray]
    layout: SignalLayout
    missing: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@runtime_checkable
class Signal(Protocol):
    """A frozen dataclass, one file here and one yaml in conf/signal.

    Attributes
    ----------
    name : str
        Of the stream; also the stem of its yaml.
    encoder : str
        Stem of the file in conf/model that reads the stream where it is fused with others.
    reads : tuple of str
        Which annotations of a clip it reads: ``onset``, ``apex``, ``offset``. A class attribute or a property.
    fits : bool
        Whether ``fit`` must be called in every fold (a class attribute or a property).
    """

    name: str
    encoder: str
    reads: tuple[str, ...]
    fits: bool

    def cut(self, clips: pd.DataFrame, recordings: Recordings, tracks: Mapping[str, Path]) -> Cut:
        """Find the signal of every clip.

        Parameters
        ----------
        clips : DataFrame
            Clips table with the annotations in ``reads`` and no label.
        recordings : Recordings
            Of the dataset.
        tracks : mapping of str to Path
            Clip id -> the file of its face track, for signals that the face itself gives (gaze).

        Raises
        ------
        InputError
            The configuration cannot be met by any clip, e.g. a channel that no recording has.
        """

    def fit(self, samples: Samples) -> tuple[Fitted, SignalLayout]:
        """Fit on the training clips of one fold (of a fold's ``Samples``, those with ``present[name]``).

        Returns
        -------
        transform : callable
            Values (n, C, S) as ``cut`` made them -> values of the final stream.
        layout : SignalLayout
            Of what ``transform`` returns.
        """
