"""Fit one model on training clips; predict other clips. ``fit`` sees no test clip and ``predict`` no label."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from mmer.models.dropout import seed_dropout, set_step
from mmer.training.device import reproducible
from mmer.training.recipe import Recipe
from mmer.training.scaler import Scaler
from mmer.training.seeds import Key
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
    """

    model: nn.Module
    scaler: Scaler
    edge_weight: np.ndarray
    curve: pd.DataFrame
    device: torch.device


def fit(
    samples: Samples,
    targets: Targets,
    make_model: Callable[[Sizes], nn.Module],
    make_loss: Callable[[Tensor], nn.Module],
    edge_weight: np.ndarray,
    recipe: Recipe,
    key: Key,
    device: torch.device,
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
        model = initial_model(make_model, samples.sizes(len(targets.classes)), key).to(device)
        scaler = Scaler.fit(samples, model.streams, recipe.standardise)
        streams = {name: torch.from_numpy(values).to(device) for name, values in scaler.transform(samples).items()}
        loss = make_loss(torch.from_numpy(targets.class_counts)).to(device)
        edges = torch.from_numpy(edge_weight.astype(np.float32)).to(device)
        curve = _train(model, loss, streams, targets, edges, recipe, key)
    return Fitted(model.eval(), scaler, edge_weight, curve, device)


def initial_model(make_model: Callable[[Sizes], nn.Module], sizes: Sizes, key: Key) -> nn.Module:
    """Make the model with the initial weights of these names; torch's global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(key.derive("weights"))
        model = make_model(sizes)
    seed_dropout(model, key.derive("dropout"))
    return model


def predict(fitted: Fitted, samples: Samples) -> np.ndarray:
    """Return class probabilities (n, K), float64, in the order of ``samples.clip_ids``."""
    streams = fitted.scaler.transform(samples)
    edges = torch.from_numpy(fitted.edge_weight.astype(np.float32)).to(fitted.device)
    parts = []
    with reproducible(fitted.device), torch.no_grad():
        for start in range(0, len(samples.clip_ids), PREDICT_BATCH):
            batch = {
                name: torch.from_numpy(values[start : start + PREDICT_BATCH]).to(fitted.device)
                for name, values in streams.items()
            }
            parts.append(torch.softmax(fitted.model(batch, edges).double(), 1).cpu().numpy())
    return np.concatenate(parts)


def _train(
    model: nn.Module,
    loss: nn.Module,
    streams: dict[str, Tensor],
    targets: Targets,
    edges: Tensor,
    recipe: Recipe,
    key: Key,
) -> pd.DataFrame:
    """Train in place and return the curve."""
    truth = torch.from_numpy(targets.index).to(edges.device)
    weight = torch.from_numpy(targets.weight.astype(np.float32)).to(edges.device)
    optimizer = _optimizer(model, recipe)
    model.train()
    n, step, rows = len(truth), 0, []
    for epoch in range(1, recipe.epochs + 1):
        generator = torch.Generator().manual_seed(key.derive("batches", epoch))
        order = torch.randperm(n, generator=generator).to(edges.device)
        total = correct = torch.zeros((), device=edges.device)  # summed on the device: reading a number waits for it
        for batch in order.tensor_split(math.ceil(n / recipe.batch_size)):
            set_step(model, step)
            logits = model({name: values[batch] for name, values in streams.items()}, edges)
            value = loss(logits, truth[batch], weight[batch])
            optimizer.zero_grad(set_to_none=True)
            value.backward()
            optimizer.step()
            total = total + value.detach() * len(batch)
            correct = correct + (logits.detach().argmax(1) == truth[batch]).sum()
            step += 1
        if not torch.isfinite(total):
            raise InputError(
                f"experiment {key.experiment!r}, fold {key.fold!r}: the training loss is {float(total)} in epoch "
                f"{epoch}; a lower lr than {recipe.lr} usually helps"
            )
        rows.append((epoch, float(total) / n, float(correct) / n))
    return pd.DataFrame(rows, columns=["epoch", "loss", "accuracy"])


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
