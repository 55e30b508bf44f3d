"""A signal as samples: one stream of every clip of a dataset, with a mask for those that lack it."""

from collections.abc import Mapping, Sequence

import numpy as np

from mmer.types.errors import InputError, listing
from mmer.types.samples import Samples
from mmer.types.signal_window import SignalLayout


def as_samples(name: str, values: Mapping[str, np.ndarray], layout: SignalLayout, clips: Sequence[str]) -> Samples:
    """Put the signal of all clips into one stream.

    Parameters
    ----------
    name : str
        Of the stream.
    values : mapping of str to ndarray of shape (C, S) or (C, F)
        By clip id, of the clips that have it.
    layout : SignalLayout
    clips : sequence of n str
        All clips of the dataset.

    Returns
    -------
    Samples
        With zeros where a clip lacks the signal. Where all do, and it is one over time, the stream has no length.

    Raises
    ------
    InputError
        Windows differ in length.
    """
    shapes = sorted({array.shape for array in values.values()})
    if len(shapes) > 1:
        raise InputError(f"signal {name}: its windows differ in shape: {listing(shapes)}; set one `sfreq` for all")
    shape = shapes[0] if shapes else (len(layout.channels), len(layout.features))
    clips = tuple(sorted(clips))
    stream = np.zeros((len(clips), *shape), np.float32)
    for row, clip in enumerate(clips):
        if clip in values:
            stream[row] = values[clip]
    present = np.array([clip in values for clip in clips], bool)
    return Samples(clips, {name: stream}, {name: present}, signals={name: layout})
