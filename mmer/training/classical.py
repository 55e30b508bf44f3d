"""Fit a classical recogniser on training clips: in one go, by a solver of its own, where a network takes many steps."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from mmer.training.fit import Fitted
from mmer.training.fold_result import CURVE
from mmer.training.recipe import Recipe
from mmer.training.scaler import Scaler
from mmer.training.seeds import Key
from mmer.types.errors import InputError
from mmer.types.samples import Samples, Sizes
from mmer.types.targets import Targets

CPU = torch.device("cpu")


class Solved(nn.Module):
    """A fitted classical model in the form of a network, so that it is predicted, audited and kept as one.

    Parameters
    ----------
    model : object
        See ``mmer.models``; fitted. Its arrays are buffers here.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        for name, values in model.state().items():
            self.register_buffer(name, torch.from_numpy(np.array(values)))

    def forward(self, batch: dict[str, Tensor], edge_weight: Tensor) -> Tensor:
        """Return the logarithms of the probabilities (B, K), float64: their softmax are the probabilities."""
        with threadpool_limits(1):  # the number of threads decides the order of sums, and with it the last bits
            p = self.model.probabilities({name: values.numpy() for name, values in batch.items()})
        return torch.from_numpy(p).log()


def fit_classical(
    samples: Samples,
    targets: Targets,
    make_model: Callable[[Sizes], Any],
    recipe: Recipe,
    key: Key,
    after_epoch: Callable[[int, Fitted], None] | None = None,
) -> Fitted:
    """Fit a classical model on these clips and nothing else.

    Parameters
    ----------
    samples, targets
        Of the training clips, in any order.
    make_model : callable
        Sizes -> classical model; see ``mmer.models``.
    recipe : Recipe
        Only ``standardise`` is read.
    key : Key
    after_epoch : callable, optional
        Called once, as after a network's first and last epoch.

    Returns
    -------
    Fitted
        Its curve has one row: the mean of -log P(true class), and the accuracy, of the training clips after the fit.

    Raises
    ------
    InputError
        Samples and targets are not of the same clips, or action units are asked for.
    """
    if set(samples.clip_ids) != set(targets.clip_ids):
        odd = sorted(set(samples.clip_ids) ^ set(targets.clip_ids))
        raise InputError(f"fold {key.fold!r}: samples and targets are of different clips, e.g. {odd[0]}")
    if targets.units:
        raise InputError(f"fold {key.fold!r}: {refusal(make_model(samples.sizes(targets.n_outputs)))}")
    clip_ids = sorted(samples.clip_ids)
    samples, targets = samples.subset(clip_ids), targets.subset(tuple(clip_ids))
    model = make_model(samples.sizes(targets.n_outputs))
    scaler = Scaler.fit(samples, model.streams, recipe.standardise)
    streams = scaler.transform(samples)
    seed = key.derive("weights") % 2**32  # scikit-learn takes 32 bits
    with threadpool_limits(1):
        model.fit(streams, targets.index, targets.weight, seed)
        p = model.probabilities(streams)
    right = p[np.arange(len(p)), targets.index]
    loss = float(-np.log(np.maximum(right, np.finfo(np.float64).tiny)).mean())
    curve = pd.DataFrame([(1, loss, float((p.argmax(1) == targets.index).mean()))], columns=list(CURVE))
    used = tuple(clip for clip, weight in zip(samples.clip_ids, targets.weight, strict=True) if weight > 0)
    fitted = Fitted(
        model=Solved(model).eval(),
        scaler=scaler,
        edge_weight=np.ones(samples.edge_index.shape[1], np.float32),
        curve=curve,
        device=CPU,
        seen={"scaler": scaler.clip_ids, "loss": targets.clip_ids, "weights": used},
    )
    if after_epoch is not None:
        after_epoch(1, fitted)
    return fitted


def refusal(model: Any) -> str:
    """Say why a classical model cannot detect action units."""
    return (
        f"{type(model).__name__} names one class per clip and detects no action units; choose a network for this label "
        "scheme, or a scheme of classes for this model"
    )
