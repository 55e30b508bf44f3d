"""A signal as samples: one stream of every clip of a dataset, with a mask for those that lack it."""

from collections.abc import Sequence

import numpy as np

from mmer.signals.signal import Cut
from mmer.types.errors import InputError, listing
from mmer.types.samples import Samples
from mmer.types.signal_window import SignalLayout


def no_cut(clips: Sequence[str], reason: str) -> Cut:
    """Return what is found in a dataset without any such recording; other corpora of an experiment may have them."""
    return Cut({}, SignalLayout(()), dict.fromkeys(map(str, clips), reason))


def as_samples(name: str, cut: Cut, clips: Sequence[str]) -> Samples:
    """Put the signal of all clips into one stream.

    Parameters
    ----------
    name : str
        Of the stream.
    cut : Cut
        What was found.
    clips : sequence of n str
        All clips of the dataset.

    Returns
    -------
    Samples
        With zeros where a clip lacks the signal. Where all do, the stream has no length.

    Raises
    ------
    InputError
        Windows differ in length.
    """
    shapes = sorted({array.shape for array in cut.values.values()})
    if len(shapes) > 1:
        raise InputError(f"signal {name}: its windows differ in shape: {listing(shapes)}; set one `sfreq` for all")
    if unknown := sorted(set(clips) - set(cut.values) - set(cut.missing)):
        raise InputError(f"signal {name}: {listing(unknown)} neither have it nor a reason to lack it")
    shape = shapes[0] if shapes else (len(cut.layout.channels), len(cut.layout.features))
    clips = tuple(sorted(clips))
    stream = np.zeros((len(clips), *shape), np.float32)
    for row, clip in enumerate(clips):
        if clip in cut.values:
            stream[row] = cut.values[clip]
    present = np.array([clip in cut.values for clip in clips], bool)
    return Samples(clips, {name: stream}, {name: present}, signals={name: cut.layout})
