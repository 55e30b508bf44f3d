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
    clip_ids : dict of str to tuple of str
        The clips each was fitted on.
    """

    transforms: dict[str, Transform] = field(default_factory=dict)
    layouts: dict[str, SignalLayout] = field(default_factory=dict)
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
        transforms, layouts, clip_ids = {}, {}, {}
        for name, fit_one in sorted(fit_signals.items()):
            there = tuple(clip for clip, has in zip(samples.clip_ids, samples.present[name], strict=True) if has)
            if not there:
                raise InputError(f"no training clip has the stream {name!r}")
            transforms[name], layouts[name] = fit_one(samples.subset(there))
            clip_ids[name] = there
        return cls(transforms, layouts, clip_ids)

    def apply(self, samples: Samples) -> Samples:
        """Transform the signals of any clips; absent ones stay zeros."""
        if not self.transforms:
            return samples
        streams = dict(samples.streams)
        for name, transform in self.transforms.items():
            there, layout = samples.present[name], self.layouts[name]
            given = streams[name]
            # Where nobody has it, one row of zeros says which shape it would have.
            found = np.asarray(transform(given[there] if there.any() else np.zeros_like(given[:1])), np.float32)
            values = np.zeros((len(given), *found.shape[1:]), np.float32)
            if there.any():
                values[there] = found
            if values.shape[1] != len(layout.channels):
                raise InputError(f"the signal {name!r} has {len(layout.channels)} channels fitted, but {values.shape}")
            streams[name] = values
        return replace(samples, streams=streams, signals=samples.signals | self.layouts)

    @property
    def seen(self) -> dict[str, tuple[str, ...]]:
        """Return the ledger: ``signal NAME`` -> clips."""
        return {f"signal {name}": clips for name, clips in self.clip_ids.items()}
