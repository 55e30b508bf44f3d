"""Fit one model on training clips; predict other clips. ``fit`` sees no test clip and ``predict`` no label.

``prepare`` makes everything that a training needs of its own clips, ``mmer.training.train`` trains one or many of what
it makes, ``finish`` turns each into a ``Fitted``. ``fit`` is all three for a training alone.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from mmer.models.dropout import seed_dropout
from mmer.training.augment.augment import Augment
from mmer.training.augment.nodes import Nodes
from mmer.training.augment.raw import Raw
from mmer.training.device import reproducible
from mmer.training.fitted_signals import FitSignal, FittedSignals
from mmer.training.precision import forward_cast, tensor_cores
from mmer.training.presence import presence
from mmer.training.recipe import Recipe
from mmer.training.scaler import Scaler
from mmer.training.seeds import Key
from mmer.training.stack import Batch, Member, Stack
from mmer.training.task_kind import probabilities
from mmer.training.train import Report, train
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
    decide : callable or None
        Logits -> logits: what the loss does before the softmax when clips are predicted.
    precision : str
        In which it predicts, see ``mmer.training.precision``.
    signals : FittedSignals
    """

    model: nn.Module
    scaler: Scaler
    edge_weight: np.ndarray
    curve: pd.DataFrame
    device: torch.device
    detection: bool = False
    seen: dict[str, tuple[str, ...]] = field(default_factory=dict)
    decide: Callable[[Tensor], Tensor] | None = None
    precision: str = "float32"
    signals: FittedSignals = field(default_factory=FittedSignals)

    def streams(self, samples: Samples) -> dict[str, np.ndarray]:
        """Return what the model is given of any clips: scaled streams, and where it asks, who has them."""
        return self.scaler.transform(self.signals.apply(samples)) | presence(self.model, samples)


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
    held_out: tuple[str, ...] = (),
    chances: Mapping[str, float] | None = None,
    augment: Augment | None = None,
    nodes: Nodes | None = None,
    fit_signals: Mapping[str, FitSignal] | None = None,
) -> Fitted:
    """Train a model on these clips and nothing else: a stack of one.

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
    held_out : tuple of str
        The clips among these that are not trained on, but decide when to stop (``patience`` of the recipe).
    chances : mapping of str to float, optional
        With which probability each draw of an epoch shows each clip that is trained on; without them every clip is
        shown once per epoch. See ``mmer.training.sampling``.
    augment : Augment, optional
        How clips are changed when they are trained on; clips that decide when to stop never are.
    nodes : Nodes, optional
        Of the stream ``graph``, where ``augment`` changes it.
    fit_signals : mapping of str to callable, optional
        Stream -> what fits it on the clips that are trained on, see ``mmer.training.fitted_signals``.

    Returns
    -------
    Fitted

    Raises
    ------
    InputError
        Samples and targets are not of the same clips, edge weights do not fit the edges, or the loss is not finite;
        the last names fold and epoch.
    """
    with reproducible(device):
        own = (held_out, chances, augment, nodes, fit_signals)
        ready = prepare(samples, targets, make_model, make_loss, edge_weight, recipe, key, device, *own)
        watch = None
        if after_epoch is not None:

            def watch(epoch: int, stack: Stack, report: Report) -> None:
                copied = copy.deepcopy(ready.member.model)
                stack.give_back(0, copied)
                after_epoch(epoch, finish(replace(ready, member=replace(ready.member, model=copied)), report))

        with tensor_cores(recipe.precision):
            (report,) = train([ready.member], recipe, watch=watch)
    if report.error is not None:
        raise report.error
    return finish(ready, report)


@dataclass(frozen=True)
class Prepared:
    """A training ready to start, and what else was fitted on its clips.

    Parameters
    ----------
    member : Member
    scaler : Scaler
    edge_weight : ndarray of shape (E,), float32
    clip_ids : tuple of str
        The clips it is trained on.
    held_out : tuple of str
        The clips that decide when to stop.
    precision : str
        Of its arithmetic.
    signals : FittedSignals
    """

    member: Member
    scaler: Scaler
    edge_weight: np.ndarray
    clip_ids: tuple[str, ...]
    held_out: tuple[str, ...]
    precision: str = "float32"
    signals: FittedSignals = field(default_factory=FittedSignals)


def prepare(
    samples: Samples,
    targets: Targets,
    make_model: Callable[[Sizes], nn.Module],
    make_loss: Callable[[Tensor], nn.Module],
    edge_weight: np.ndarray,
    recipe: Recipe,
    key: Key,
    device: torch.device,
    held_out: tuple[str, ...] = (),
    chances: Mapping[str, float] | None = None,
    augment: Augment | None = None,
    nodes: Nodes | None = None,
    fit_signals: Mapping[str, FitSignal] | None = None,
) -> Prepared:
    """Make the model, its loss and its scaled clips; parameters and errors are those of ``fit``."""
    if set(samples.clip_ids) != set(targets.clip_ids):
        odd = sorted(set(samples.clip_ids) ^ set(targets.clip_ids))
        raise InputError(f"fold {key.fold!r}: samples and targets are of different clips, e.g. {odd[0]}")
    _check_edges(edge_weight, samples, key)
    clip_ids = tuple(sorted(set(samples.clip_ids) - set(held_out)))
    signals = FittedSignals.fit(fit_signals or {}, samples.subset(clip_ids))
    samples = signals.apply(samples)
    train_samples, train_targets = samples.subset(clip_ids), targets.subset(clip_ids)
    model = initial_model(make_model, samples.sizes(targets.n_outputs), key).to(device)
    scaler = Scaler.fit(train_samples, model.streams, recipe.standardise)
    loss = make_loss(torch.from_numpy(train_targets.class_counts)).to(device)
    if hasattr(loss, "fit"):
        loss.fit(train_targets)
    raw = None
    if augment is not None and not augment.off:
        raw = Raw.of(augment, train_samples, nodes, scaler, device)
        if augment.flip and "graph" in raw.layouts:
            nodes.check_edges(samples.edge_index, edge_weight)
    validation = None
    if recipe.patience is not None:
        own = samples.subset(sorted(held_out)), targets.subset(tuple(sorted(held_out)))
        validation = _batch(*own, scaler, device, model)
    member = Member(
        key=key,
        model=model,
        loss=loss,
        clips=_batch(train_samples, train_targets, scaler, device, model, raw),
        edges=torch.from_numpy(edge_weight.astype(np.float32)).to(device),
        detection=bool(targets.units),
        validation=validation,
        chances=None if chances is None else torch.tensor([chances[clip] for clip in clip_ids], dtype=torch.float64),
        raw=raw,
        recipe=recipe,
    )
    return Prepared(member, scaler, edge_weight, clip_ids, tuple(sorted(held_out)), recipe.precision, signals)


def finish(ready: Prepared, report: Report) -> Fitted:
    """Put together what a training leaves behind; its model is in evaluation mode."""
    member = ready.member
    seen = {
        "scaler": ready.scaler.clip_ids,
        "loss": ready.clip_ids,
        "weights": tuple(clip for clip, used in zip(ready.clip_ids, report.used.tolist(), strict=True) if used),
    }
    seen |= ready.signals.seen
    if ready.held_out:
        seen["epochs"] = ready.held_out
    return Fitted(
        model=member.model.eval(),
        scaler=ready.scaler,
        edge_weight=ready.edge_weight,
        curve=report.curve,
        device=member.edges.device,
        detection=member.detection,
        seen=seen,
        decide=getattr(member.loss, "decide", None),
        precision=ready.precision,
        signals=ready.signals,
    )


def _batch(
    samples: Samples,
    targets: Targets,
    scaler: Scaler,
    device: torch.device,
    model: nn.Module,
    raw: Raw | None = None,
) -> Batch:
    """Put clips where they are trained on; scaled, unless they are augmented before."""
    siblings = {}
    if raw is None:
        values = scaler.transform(samples)
    else:
        values = {name: samples.streams[name] for name in scaler.mean}
        siblings = {
            name: samples.siblings[name] for name in scaler.mean if raw.rules.neighbours and name in samples.siblings
        }
    values |= presence(model, samples)
    streams, siblings = (
        {name: torch.from_numpy(values).to(device) for name, values in part.items()} for part in (values, siblings)
    )
    others = (targets.answer, targets.weight.astype(np.float32), targets.action_units)
    return Batch(streams, *(torch.from_numpy(values).to(device) for values in others), siblings)


def initial_model(make_model: Callable[[Sizes], nn.Module], sizes: Sizes, key: Key) -> nn.Module:
    """Make the model with the initial weights of these names; torch's global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(key.derive("weights"))
        model = make_model(sizes)
    seed_dropout(model, key.derive("dropout"))
    return model


def predict(fitted: Fitted, samples: Samples) -> np.ndarray:
    """Return the probabilities of classes (n, K) or units (n, A), float64, in the order of ``samples.clip_ids``."""
    streams = fitted.streams(samples)
    edges = torch.from_numpy(fitted.edge_weight.astype(np.float32)).to(fitted.device)
    parts = []
    with reproducible(fitted.device), tensor_cores(fitted.precision), torch.no_grad():
        for start in range(0, len(samples.clip_ids), PREDICT_BATCH):
            batch = {
                name: torch.from_numpy(values[start : start + PREDICT_BATCH]).to(fitted.device)
                for name, values in streams.items()
            }
            with forward_cast(fitted.device, fitted.precision):
                logits = fitted.model(batch, edges)
            if fitted.decide is not None:
                logits = fitted.decide(logits)
            logits = logits.double()
            parts.append(probabilities(logits, fitted.detection).cpu().numpy())
    return np.concatenate(parts)


def _check_edges(edge_weight: np.ndarray, samples: Samples, key: Key) -> None:
    """Refuse weights that do not fit the edges."""
    if edge_weight.shape != (samples.edge_index.shape[1],):
        raise InputError(
            f"fold {key.fold!r}: {samples.edge_index.shape[1]} edges but weights of shape {edge_weight.shape}"
        )
    if not (np.isfinite(edge_weight).all() and (edge_weight >= 0).all()):
        raise InputError(f"fold {key.fold!r}: an edge weight is negative or not finite")
