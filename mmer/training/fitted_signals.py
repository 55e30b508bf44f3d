"""What signals fit over clips (``ica``): in every fold, on the clips that it trains on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from mmer.types.errors import InputError
from mmer.types.samples import Samples
from mmer.types.signal_window import SignalLayout

Transform = Callable[[np.ndarray], np.ndarray]  # values (n, C, S) of any clips -> values of the final stream
FitSignal = Callable[[Samples], tuple[Transform, SignalLayout]]


@dataclass(frozen=True)
class FittedSignals:
    """What was fitted, per stream.

    Parameters
    ----------
    transforms : dict of str to callable
    layouts : dict of str to SignalLayout
        Of what the transforms return.
    shapes : dict of str to tuple of int
        Of one clip of it.
    clip_ids : dict of str to tuple of str
        The clips each was fitted on.
    """

    transforms: dict[str, Transform] = field(default_factory=dict)
    layouts: dict[str, SignalLayout] = field(default_factory=dict)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    clip_ids: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def fit(cls, fit_signals: Mapping[str, FitSignal], samples: Samples) -> "FittedSignals":
        """Fit every signal on the clips that have it.

        Parameters
        ----------
        fit_signals : mapping of str to callable
            By stream.
        samples : Samples
            The training clips of one fold, without those that decide when to stop.

        Raises
        ------
        InputError
            No clip has the signal.
        """
        transforms, layouts, shapes, clip_ids = {}, {}, {}, {}
        for name, fit_one in sorted(fit_signals.items()):
            there = tuple(clip for clip, has in zip(samples.clip_ids, samples.present[name], strict=True) if has)
            if not there:
                raise InputError(f"no training clip has the stream {name!r}")
            own = samples.subset(there)
            transforms[name], layouts[name] = fit_one(own)
            shapes[name] = np.shape(transforms[name](own.streams[name][:1]))[1:]
            clip_ids[name] = there
        return cls(transforms, layouts, shapes, clip_ids)

    def apply(self, samples: Samples) -> Samples:
        """Transform the signals of any clips; absent ones stay zeros."""
        if not self.transforms:
            return samples
        streams = dict(samples.streams)
        for name, transform in self.transforms.items():
            there, given = samples.present[name], streams[name]
            streams[name] = np.zeros((len(given), *self.shapes[name]), np.float32)
            if there.any():
                streams[name][there] = transform(given[there])
        return replace(samples, streams=streams, signals=samples.signals | self.layouts)

    @property
    def seen(self) -> dict[str, tuple[str, ...]]:
        """Return the ledger: ``signal NAME`` -> clips."""
        return {f"signal {name}": clips for name, clips in self.clip_ids.items()}
