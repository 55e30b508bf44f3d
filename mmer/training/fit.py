"""Fit one model on training clips; predict other clips. ``fit`` sees no test clip and ``predict`` no label."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from mmer.models.dropout import seed_dropout, set_step
from mmer.training.device import reproducible
from mmer.training.fold_result import CURVE
from mmer.training.recipe import Recipe
from mmer.training.scaler import Scaler
from mmer.training.seeds import Key
from mmer.training.task_kind import probabilities, right
from mmer.types.errors import InputError
from mmer.types.samples import Samples, Sizes
from mmer.types.targets import Targets

PREDICT_BATCH = 256  # bounds memory; has no part in the result


@dataclass(frozen=True)
class Fitted:
    """A trained model and everything else that was fitted on the training clips.

    Parameters
    ----------
    model : nn.Module
        In evaluation mode, on ``device``.
    scaler : Scaler
    edge_weight : ndarray of shape (E,), float32
    curve : DataFrame
        ``epoch`` (from 1), ``loss``, ``accuracy`` (0..1): means over the batches (by their clips) while they were
        trained on, so dropout is on and the weights still move within an epoch.
    device : torch.device
    detection : bool
        Whether a logit stands for an action unit instead of a class.
    seen : dict of str to tuple of str
        What was fitted -> the clips it was fitted on, in the words of ``FoldResult``.
    """

    model: nn.Module
    scaler: Scaler
    edge_weight: np.ndarray
    curve: pd.DataFrame
    device: torch.device
    detection: bool = False
    seen: dict[str, tuple[str, ...]] = field(default_factory=dict)


def fit(
    samples: Samples,
    targets: Targets,
    make_model: Callable[[Sizes], nn.Module],
    make_loss: Callable[[Tensor], nn.Module],
    edge_weight: np.ndarray,
    recipe: Recipe,
    key: Key,
    device: torch.device,
    after_epoch: Callable[[int, Fitted], None] | None = None,
) -> Fitted:
    """Train a model on these clips and nothing else.

    Parameters
    ----------
    samples : Samples
        The training clips, in any order.
    targets : Targets
        Of the same clips, in any order.
    make_model : callable
        Sizes -> nn.Module; see ``mmer.models``.
    make_loss : callable
        Class counts (K,) of the training clips -> nn.Module; see ``mmer.losses``.
    edge_weight : ndarray of shape (E,), float32
        Weights of the edges, fitted on the same clips.
    recipe : Recipe
    key : Key
        Names from which initial weights, batch order and dropout masks derive.
    device : torch.device
    after_epoch : callable, optional
        Called with the epoch (from 1) and the model as it stands. Only the audit uses it, to show what choosing an
        epoch by its test score would have pretended; what it does cannot reach the training.

    Returns
    -------
    Fitted

    Raises
    ------
    InputError
        Samples and targets are not of the same clips, edge weights do not fit the edges, or the loss is not finite;
        the last names fold and epoch.
    """
    if set(samples.clip_ids) != set(targets.clip_ids):
        odd = sorted(set(samples.clip_ids) ^ set(targets.clip_ids))
        raise InputError(f"fold {key.fold!r}: samples and targets are of different clips, e.g. {odd[0]}")
    _check_edges(edge_weight, samples, key)
    clip_ids = sorted(samples.clip_ids)
    samples, targets = samples.subset(clip_ids), targets.subset(tuple(clip_ids))
    with reproducible(device):
        model = initial_model(make_model, samples.sizes(targets.n_outputs), key).to(device)
        scaler = Scaler.fit(samples, model.streams, recipe.standardise)
        streams = {name: torch.from_numpy(values).to(device) for name, values in scaler.transform(samples).items()}
        loss = make_loss(torch.from_numpy(targets.class_counts)).to(device)
        edges = torch.from_numpy(edge_weight.astype(np.float32)).to(device)
        detection = bool(targets.units)
        watch = None
        if after_epoch is not None:

            def watch(epoch: int, curve: pd.DataFrame) -> None:
                copied = copy.deepcopy(model).eval()
                after_epoch(epoch, Fitted(copied, scaler, edge_weight, curve, device, detection))

        curve, used = _train(model, loss, streams, targets, edges, recipe, key, watch)
    seen = {
        "scaler": scaler.clip_ids,
        "loss": targets.clip_ids,
        "weights": tuple(samples.clip_ids[row] for row in np.flatnonzero(used)),
    }
    return Fitted(model.eval(), scaler, edge_weight, curve, device, detection, seen)


def initial_model(make_model: Callable[[Sizes], nn.Module], sizes: Sizes, key: Key) -> nn.Module:
    """Make the model with the initial weights of these names; torch's global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(key.derive("weights"))
        model = make_model(sizes)
    seed_dropout(model, key.derive("dropout"))
    return model


def predict(fitted: Fitted, samples: Samples) -> np.ndarray:
    """Return the probabilities of classes (n, K) or units (n, A), float64, in the order of ``samples.clip_ids``."""
    streams = fitted.scaler.transform(samples)
    edges = torch.from_numpy(fitted.edge_weight.astype(np.float32)).to(fitted.device)
    parts = []
    with reproducible(fitted.device), torch.no_grad():
        for start in range(0, len(samples.clip_ids), PREDICT_BATCH):
            batch = {
                name: torch.from_numpy(values[start : start + PREDICT_BATCH]).to(fitted.device)
                for name, values in streams.items()
            }
            logits = fitted.model(batch, edges).double()
            parts.append(probabilities(logits, fitted.detection).cpu().numpy())
    return np.concatenate(parts)


def _train(
    model: nn.Module,
    loss: nn.Module,
    streams: dict[str, Tensor],
    targets: Targets,
    edges: Tensor,
    recipe: Recipe,
    key: Key,
    watch: Callable[[int, pd.DataFrame], None] | None,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Train in place; return the curve, and which rows took part."""
    answer = torch.from_numpy(targets.answer).to(edges.device)
    weight = torch.from_numpy(targets.weight.astype(np.float32)).to(edges.device)
    optimizer = _optimizer(model, recipe)
    model.train()
    detection = bool(targets.units)
    n, step, rows = len(answer), 0, []
    used = torch.zeros(n, dtype=torch.bool, device=edges.device)
    for epoch in range(1, recipe.epochs + 1):
        generator = torch.Generator().manual_seed(key.derive("batches", epoch))
        order = torch.randperm(n, generator=generator).to(edges.device)
        total = correct = torch.zeros((), device=edges.device)  # summed on the device: reading a number waits for it
        for batch in order.tensor_split(math.ceil(n / recipe.batch_size)):
            set_step(model, step)
            logits = model({name: values[batch] for name, values in streams.items()}, edges)
            value = loss(logits, answer[batch], weight[batch])
            optimizer.zero_grad(set_to_none=True)
            value.backward()
            optimizer.step()
            total = total + value.detach() * len(batch)
            correct = correct + right(logits.detach(), answer[batch], detection).sum()
            used[batch] = True
            step += 1
        if not torch.isfinite(total):
            raise InputError(
                f"experiment {key.experiment!r}, fold {key.fold!r}: the training loss is {float(total)} in epoch "
                f"{epoch}; a lower lr than {recipe.lr} usually helps"
            )
        rows.append((epoch, float(total) / n, float(correct) / n))
        if watch is not None:
            watch(epoch, _curve(rows))
    return _curve(rows), used.cpu().numpy()


def _curve(rows: list[tuple[int, float, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(CURVE))


def _optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Make the optimiser. All are elementwise, so that stacked folds would be trained exactly alike."""
    shared = {"lr": recipe.lr, "weight_decay": recipe.weight_decay, "fused": True}
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(model.parameters(), momentum=recipe.momentum, **shared)
    make = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[recipe.optimizer]
    return make(model.parameters(), **shared)


def _check_edges(edge_weight: np.ndarray, samples: Samples, key: Key) -> None:
    """Refuse weights that do not fit the edges."""
    if edge_weight.shape != (samples.edge_index.shape[1],):
        raise InputError(
            f"fold {key.fold!r}: {samples.edge_index.shape[1]} edges but weights of shape {edge_weight.shape}"
        )
    if not (np.isfinite(edge_weight).all() and (edge_weight >= 0).all()):
        raise InputError(f"fold {key.fold!r}: an edge weight is negative or not finite")
