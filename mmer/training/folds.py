"""Train every fold of an experiment and predict its test clips."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from time import perf_counter

import numpy as np
from torch import Tensor, from_numpy, nn

from mmer.training.classical import fit_classical, refusal
from mmer.training.device import find_device
from mmer.training.fit import Fitted, fit, initial_model, predict
from mmer.training.fold_result import FoldResult
from mmer.training.recipe import Recipe
from mmer.training.seeds import Key
from mmer.types.errors import InputError, listing
from mmer.types.samples import Samples, Sizes
from mmer.types.split import Split
from mmer.types.targets import Targets
from mmer.types.workers import cores, in_processes

# What every worker needs. torch imports its compiler at the first use of an optimiser, which takes seconds.
PRELOAD = (__name__, "torch._dynamo")
# Starting workers means importing torch again: about this many seconds. Where they save less, there are none.
START_SECONDS = 15.0


@dataclass(frozen=True)
class Task:
    """What all folds of one experiment under one seed share. It is sent to every worker, so it must be picklable.

    Parameters
    ----------
    experiment : str
    seed : int
    samples : Samples
        Of all clips.
    targets : Targets
        Of all clips; a fold's ``fit`` gets those of its training clips only.
    make_model : callable
        Sizes -> nn.Module, e.g. ``functools.partial(build, node)``; or -> classical model, see ``classical``.
    make_loss : callable or None
        Class counts, Tensor (K,), or (A, 2) of units -> nn.Module. None: the model is classical and has its own.
    fit_edges : callable or None
        Targets of the training clips -> edge weights (E,); None: all edges weigh 1.
    recipe : Recipe
    device : str
        ``auto``, ``cpu`` or ``cuda``.
    preload : tuple of str
        Modules that workers have in common, e.g. the model's: imported once, before the workers are forked.
    classical : bool
        Whether ``make_model`` makes a model that is fitted by its own solver (``mmer.training.classical``).
    """

    experiment: str
    seed: int
    samples: Samples
    targets: Targets
    make_model: Callable[[Sizes], nn.Module]
    make_loss: Callable[[Tensor], nn.Module] | None
    fit_edges: Callable[[Targets], np.ndarray] | None
    recipe: Recipe
    device: str = "auto"
    preload: tuple[str, ...] = ()
    classical: bool = False


def train_fold(task: Task, split: Split) -> FoldResult:
    """Fit on the training clips of one fold and predict its test clips."""
    fitted = fit_fold(task, split)
    probabilities = predict(fitted, task.samples.subset(split.test))
    return FoldResult(split.fold, task.seed, split.test, probabilities, fitted.curve, split.repeat, fitted.seen)


def fit_fold(task: Task, split: Split, after_epoch: Callable[[int, Fitted], None] | None = None) -> Fitted:
    """Fit all that is fitted in one fold, on its training clips; ``after_epoch`` as in ``fit``."""
    samples, targets = task.samples.subset(split.train), task.targets.subset(split.train)
    key = Key(task.experiment, task.seed, split.fold)
    if task.classical:
        return fit_classical(samples, targets, task.make_model, task.recipe, key, after_epoch)
    edge_weight, seen = np.ones(samples.edge_index.shape[1], np.float32), {}
    if task.fit_edges is not None:
        edge_weight, seen = task.fit_edges(targets), {"edge_weight": targets.clip_ids}
    device = find_device(task.device)
    fitted = fit(samples, targets, task.make_model, task.make_loss, edge_weight, task.recipe, key, device, after_epoch)
    return replace(fitted, seen=seen | fitted.seen)


def run_folds(task: Task, splits: Sequence[Split], processes: int | None = None) -> Iterator[FoldResult]:
    """Check everything, then train fold after fold.

    Parameters
    ----------
    task : Task
    splits : sequence of Split
    processes : int or None
        How many processes, with one thread each. None: one per core, where that is worth their start (the first fold
        is trained here and timed). On a GPU it is always this one. The results do not depend on it.

    Returns
    -------
    iterator of FoldResult
        In the order of ``splits``.

    Raises
    ------
    InputError
        What ``check_folds`` finds, before anything is trained; later, what ``fit`` finds.
    """
    if processes is not None and processes < 1:
        raise InputError(f"processes must be at least 1, got {processes}")
    check_folds(task, splits)
    return _run(task, list(splits), processes)


def _run(task: Task, splits: list[Split], processes: int | None) -> Iterator[FoldResult]:
    """Train here or in workers; see ``run_folds``."""
    if find_device(task.device).type == "cuda" and not task.classical:
        processes = 1
    if processes is None:
        for module in (*PRELOAD, *task.preload):
            import_module(module)  # not to be taken for the time of a fold
        start = perf_counter()
        first = train_fold(task, splits[0])
        splits = splits[1:]
        saved = (perf_counter() - start) * len(splits) * (1 - 1 / cores())
        yield first
        processes = cores() if saved > START_SECONDS else 1
    processes = min(processes, len(splits))
    if processes > 1:
        yield from in_processes(train_fold, task, splits, processes, (*PRELOAD, *task.preload))
    else:
        for split in splits:
            yield train_fold(task, split)


def check_folds(task: Task, splits: Sequence[Split]) -> None:
    """Find what would make a fold fail or mean nothing, before the first is trained.

    Raises
    ------
    InputError
        There is no fold, or two of one name; a clip is tested in two folds of one repeat, has no sample, no target, or
        lacks a stream that the model needs; a class has no training clip in some fold; the loss is not made for what
        is asked.
    """
    if not splits:
        raise InputError(f"experiment {task.experiment!r}: the protocol makes no fold")
    names = [split.fold for split in splits]
    if len(set(names)) < len(names):
        raise InputError(f"experiment {task.experiment!r}: two folds have one name: {listing(names)}")
    _check_tested_once(task, splits)
    find_device(task.device)
    clip_ids = sorted({name for split in splits for name in (*split.train, *split.test)})
    _check_clips(task, clip_ids)
    _check_classes(task, splits)


def _check_tested_once(task: Task, splits: Sequence[Split]) -> None:
    """Refuse folds that test a clip again: it would count twice in every pooled score."""
    first: dict[tuple[int, str], str] = {}
    for split in splits:
        for clip in split.test:
            if (other := first.setdefault((split.repeat, clip), split.fold)) != split.fold:
                raise InputError(
                    f"experiment {task.experiment!r}: clip {clip} is tested in two folds of one repeat, {other!r} and "
                    f"{split.fold!r}; a protocol that tests a clip again numbers its repeats (`Split.repeat`)"
                )


def _check_clips(task: Task, clip_ids: list[str]) -> None:
    """Refuse clips that the model cannot be given."""
    known = set(task.samples.clip_ids)
    if lost := [name for name in clip_ids if name not in known]:
        why = sorted({task.samples.excluded[name] for name in lost if name in task.samples.excluded})
        raise InputError(
            f"experiment {task.experiment!r}: {len(lost)} of {len(clip_ids)} clips have no sample: {listing(lost)}"
            + (f" (left out: {listing(why, 3)})" if why else "")
        )
    task.targets.subset(tuple(clip_ids))
    sizes = task.samples.sizes(task.targets.n_outputs)
    if task.classical:
        model = task.make_model(sizes)
    else:
        model = initial_model(task.make_model, sizes, Key(task.experiment, task.seed, ""))
    name = type(model).__name__
    for stream in model.streams:
        if stream not in task.samples.streams:
            raise InputError(
                f"experiment {task.experiment!r}: {name} needs the stream {stream!r}, "
                f"but the samples have {sorted(task.samples.streams)}"
            )
        there = dict(zip(task.samples.clip_ids, task.samples.present[stream], strict=True))
        if lacking := [clip for clip in clip_ids if not there[clip]]:
            raise InputError(
                f"experiment {task.experiment!r}: {name} needs the stream {stream!r}, and {len(lacking)} of "
                f"{len(clip_ids)} clips lack it: {listing(lacking)}; give these clips face tracks, leave them out with "
                "`exclude` of the dataset, or choose a model that does without"
            )


def _check_classes(task: Task, splits: Sequence[Split]) -> None:
    """Refuse folds in which a class cannot be learned."""
    _check_loss(task)
    if task.targets.units:
        return _check_units(task, splits)
    classes = task.targets.classes
    if len(classes) < 2:
        raise InputError(f"experiment {task.experiment!r}: one class {list(classes)} leaves nothing to tell apart")
    absent = [
        f"fold {split.fold!r} has no training clip of class {classes[index]!r}"
        for split in splits
        for index in np.flatnonzero(task.targets.subset(split.train).class_counts == 0)
    ]
    if absent:
        raise InputError(
            f"experiment {task.experiment!r}: {listing(absent, 3)}; merge or drop the class with another label scheme "
            "(`labels`), add corpora, or choose another protocol"
        )


def _check_loss(task: Task) -> None:
    """Refuse a loss, or a classical model, that is made for the other kind of task."""
    if task.classical:
        if task.targets.units:
            model = task.make_model(task.samples.sizes(task.targets.n_outputs))
            raise InputError(f"experiment {task.experiment!r}: {refusal(model)}")
        return
    loss = task.make_loss(from_numpy(task.targets.class_counts))
    if getattr(loss, "detection", False) != bool(task.targets.units):
        kind, wanted = (
            ("for action unit detection", "the label scheme asks for one class per clip; choose e.g. `cross_entropy`")
            if not task.targets.units
            else ("for one class per clip", "the label scheme asks for action units; choose e.g. `weighted_bce`")
        )
        raise InputError(f"experiment {task.experiment!r}: the loss {type(loss).__name__} is {kind}, but {wanted}")


def _check_units(task: Task, splits: Sequence[Split]) -> None:
    """Refuse folds in which a unit cannot be learned."""
    never = [
        f"fold {split.fold!r} has no training clip {'with' if column else 'without'} {task.targets.units[unit]}"
        for split in splits
        for unit, column in np.argwhere(task.targets.subset(split.train).class_counts == 0)
    ]
    if never:
        raise InputError(
            f"experiment {task.experiment!r}: {listing(never, 3)}; name other units in the label scheme (`units`), or "
            "add corpora"
        )
