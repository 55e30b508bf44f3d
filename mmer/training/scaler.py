"""Scaler: mean and standard deviation of each feature, fitted on the training clips of one fold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmer.types.errors import InputError
from mmer.types.samples import Samples


@dataclass(frozen=True)
class Scaler:
    """What was fitted on the training clips, per stream.

    Parameters
    ----------
    mean, deviation : dict of str to ndarray, float64
        In the shape of one clip, with 1 for the axes that were averaged over.
    clip_ids : tuple of str
        The clips it was fitted on.
    """

    mean: dict[str, np.ndarray]
    deviation: dict[str, np.ndarray]
    clip_ids: tuple[str, ...] = ()

    @classmethod
    def fit(cls, samples: Samples, streams: Sequence[str], how: str) -> "Scaler":
        """Fit on the clips that have the stream; zeros that stand for an absent stream are not data.

        Parameters
        ----------
        samples : Samples
            The training clips.
        streams : sequence of str
            The streams the model needs.
        how : str
            ``feature``, ``node`` or ``none``, see ``mmer.training.recipe.Recipe``. It does not concern signals, which
            are always standardised: each feature of each channel, or each channel over its samples in time. Volts are
            of no use to a network that is told to take streams as they are.

        Raises
        ------
        InputError
            No training clip has the stream.
        """
        mean, deviation = {}, {}
        for name in streams:
            values = np.ascontiguousarray(samples.streams[name][samples.present[name]], np.float64)
            if not len(values):
                raise InputError(f"no training clip has the stream {name!r}")
            layout = samples.signals.get(name)
            if how == "none" and layout is None:
                shape = (1,) * (values.ndim - 1)
                mean[name], deviation[name] = np.zeros(shape), np.ones(shape)
                continue
            axes = (0,) if layout is not None and layout.features else _averaged(name, values.ndim, how)
            mean[name] = values.mean(axes, keepdims=True)[0]
            spread = values.std(axes, keepdims=True)[0]
            # A constant feature becomes 0; rounding must not blow it up.
            constant = spread <= 1e-12 * np.maximum(np.abs(mean[name]), 1e-12)
            deviation[name] = np.where(constant, 1.0, spread)
        return cls(mean, deviation, samples.clip_ids)

    def transform(self, samples: Samples) -> dict[str, np.ndarray]:
        """Return the standardised streams, float32; absent ones are 0."""
        scaled = {}
        for name, mean in self.mean.items():
            values = ((samples.streams[name] - mean) / self.deviation[name]).astype(np.float32)
            values[~samples.present[name]] = 0
            scaled[name] = values
        return scaled


def _averaged(stream: str, dimensions: int, how: str) -> tuple[int, ...]:
    """Name the axes to average over: clips and all that is not a feature."""
    if stream == "graph":  # (n, T, N, F)
        return (0, 1) if how == "node" else (0, 1, 2)
    return (0, *range(2, dimensions))  # (n, channels, ...)
