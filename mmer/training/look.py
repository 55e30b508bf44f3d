"""What a trained model saw of its test clips: its attention, its adjacency, and what its answer hangs on.

Only the model and the clips' input are read, no label. It is a pass of its own, after the predictions are made, so that
not a bit of them depends on whether anybody looks.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from mmer.models.probe import Probe
from mmer.training.device import reproducible
from mmer.training.fit import Fitted
from mmer.types.samples import Samples
from mmer.types.saw import Saw, View, mean_over_clips

PICTURES = ("flow", "video")  # streams that end in (H, W)
Found = dict[tuple[str, str, str, tuple[str, ...]], list[np.ndarray]]  # what a view is -> a part per batch


def look(fitted: Fitted, samples: Samples, run: tuple[int, int, str], batch_size: int) -> Saw:
    """Show a fold's test clips to its model again and note what it looks at.

    =====================  =========  ====================================================================
    kind                   over       value, of the clip's largest logit y: of its predicted class, or of the most
                                      probable action unit
    =====================  =========  ====================================================================
    ``gradient``           ``nodes``  sum over moments and features of ``|dy / dx|``
    ``input x gradient``   ``nodes``  sum over moments and features of ``x dy / dx``, with its sign
    ``gradient``           ``face``   sum over channels or moments of ``|dy / dx|``, of motion and video
    a probe's              a probe's  what passed it (``mmer.models.probe``); called again, it is a layer ``NAME#2``
    =====================  =========  ====================================================================

    ``x`` is what the model is given, so a value counts in standard deviations of the feature (unless the recipe says
    ``standardise: none``) and 0 is the mean of the training clips. An input that the logits do not hang on has no view,
    and neither have signals: they are not of the face.

    Parameters
    ----------
    fitted : Fitted
        Its parameters are as before when this returns.
    samples : Samples
        The test clips.
    run : (int, int, str)
        Seed, repeat and fold.
    batch_size : int
        Clips at a time: bounds memory, has no part in the result.

    Returns
    -------
    Saw
    """
    values, present = fitted.streams(samples), samples.present
    edges = torch.from_numpy(fitted.edge_weight.astype(np.float32)).to(fitted.device)
    found: Found = {}
    with reproducible(fitted.device), _constant(fitted.model), _watched(fitted.model, samples.node_names) as seen:
        for start in range(0, len(samples.clip_ids), batch_size):
            rows = slice(start, start + batch_size)
            batch = {name: torch.from_numpy(part[rows]).to(fitted.device) for name, part in values.items()}
            there = {name: present[name][rows] for name in fitted.scaler.mean}
            for outline, part in _gradients(fitted, batch, edges, samples.node_names, there):
                found.setdefault(outline, []).append(part)
            for outline, part in seen.items():
                known = _known(fitted.model, outline[1], there, len(part))
                found.setdefault(outline, []).append(_blank(_of_every_clip(part, len(known)), known))
            seen.clear()
    views = []
    for outline, parts in found.items():
        whole = np.concatenate(parts).astype(np.float32)
        views.append(View(*outline, whole, mean_over_clips(whole)[None]))
    weights = fitted.edge_weight.astype(np.float32)[None]
    return Saw(samples.clip_ids, (run,), samples.node_names, samples.edge_index, weights, tuple(views))


def _gradients(
    fitted: Fitted, batch: dict[str, Tensor], edges: Tensor, names: tuple[str, ...], there: dict[str, np.ndarray]
) -> Iterator[tuple[tuple[str, str, str, tuple[str, ...]], np.ndarray]]:
    """Yield the gradients of one batch; NaN where a clip lacks the stream."""
    for name in there:
        batch[name].requires_grad_()
    logits = fitted.model(batch, edges)
    if fitted.decide is not None:
        logits = fitted.decide(logits)
    if not logits.requires_grad:
        return
    streams = {name: batch[name] for name in there}
    given = torch.autograd.grad(logits.max(1).values.sum(), list(streams.values()), allow_unused=True)
    for (stream, x), gradient in zip(streams.items(), given, strict=True):
        if gradient is None:
            continue
        parts = {}
        if stream == "graph":  # (B, T, N, F)
            parts["gradient", stream, "nodes", names] = gradient.abs().sum((1, 3))
            parts["input x gradient", stream, "nodes", names] = (x * gradient).sum((1, 3))
        elif stream in PICTURES:
            parts["gradient", stream, "face", ()] = gradient.abs().flatten(1, -3).sum(1)
        for outline, part in parts.items():
            yield outline, _blank(part.detach().cpu().numpy(), there[stream])


@contextmanager
def _constant(model: nn.Module) -> Iterator[None]:
    """Take no gradient of the parameters, inside."""
    wanted = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in wanted:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in wanted:
            parameter.requires_grad_(True)


@contextmanager
def _watched(model: nn.Module, names: tuple[str, ...]) -> Iterator[dict]:
    """Hand out a dict that the probes of a model fill when it is called."""
    seen: dict[tuple[str, str, str, tuple[str, ...]], np.ndarray] = {}

    def watch(layer: str, probe: Probe) -> torch.utils.hooks.RemovableHandle:
        def note(_module: nn.Module, _given: tuple, out: Tensor) -> None:
            own = () if probe.over == "edges" else probe.names or names
            outline, times = (probe.kind, layer, probe.over, own), 1
            while outline in seen:
                times += 1
                outline = (probe.kind, f"{layer}#{times}", probe.over, own)
            seen[outline] = out.detach().cpu().numpy()

        return probe.register_forward_hook(note)

    hooks = [watch(layer, part) for layer, part in model.named_modules() if isinstance(part, Probe)]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _known(model: nn.Module, layer: str, there: dict[str, np.ndarray], clips: int) -> np.ndarray:
    """Say which clips have what a layer looks at: the graph; in a model of several branches, what its branch reads."""
    branch = layer.split(".")[1] if layer.startswith("branches.") else ""
    if branch in getattr(model, "modalities", {}):
        return np.logical_and.reduce([there[name] for name in model.modalities[branch]])
    return there["graph"] if "graph" in there else np.ones(clips, bool)


def _of_every_clip(values: np.ndarray, clips: int) -> np.ndarray:
    """Return one row per clip: what is the same for all clips may have been shown once."""
    return values if len(values) == clips else np.broadcast_to(values, (clips, *values.shape[1:]))


def _blank(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return values (B, ...) as float32, NaN for clips that lack the input."""
    out = np.array(values, np.float32)
    out[~known] = np.nan
    return out
