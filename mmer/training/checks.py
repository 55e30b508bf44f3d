"""What would make a fold fail, or mean nothing, found before the first is trained."""

import logging
from collections.abc import Sequence

import numpy as np
from torch import from_numpy

from mmer.training.augment.raw import layouts_of
from mmer.training.capture import check_choice
from mmer.training.classical import CPU, refusal
from mmer.training.device import find_device
from mmer.training.early_stopping import held_out_clips
from mmer.training.fit import initial_model
from mmer.training.fitted_signals import FittedSignals
from mmer.training.presence import lacking, reads_presence
from mmer.training.sampling.natural import Natural
from mmer.training.seeds import Key
from mmer.training.task import Task
from mmer.types.errors import InputError, listing
from mmer.types.samples import Sizes
from mmer.types.split import Split

log = logging.getLogger("mmer")


def check_folds(task: Task, splits: Sequence[Split]) -> None:
    """Find what would make a fold fail or mean nothing, before the first is trained.

    Raises
    ------
    InputError
        There is no fold, or two of one name; a clip is tested in two folds of one repeat, has no sample, no target, or
        lacks a stream that the model cannot do without; a stream or a class has no training clip in some fold; the
        loss or the fusion is not made for what is asked; clips are to be sampled or changed in a way that these do not
        allow; there is no such device, or it has no CUDA graphs but is to replay some.
    """
    if not splits:
        raise InputError(f"experiment {task.experiment!r}: the protocol makes no fold")
    names = [split.fold for split in splits]
    if len(set(names)) < len(names):
        raise InputError(f"experiment {task.experiment!r}: two folds have one name: {listing(names)}")
    _check_tested_once(task, splits)
    check_choice(task.recipe.cuda_graph, find_device(task.device))
    clip_ids = sorted({name for split in splits for name in (*split.train, *split.test)})
    known = set(task.samples.clip_ids)
    sizes = model_sizes(task, [clip for clip in splits[0].train if clip in known])
    _check_clips(task, clip_ids, splits, sizes)
    _check_classes(task, splits)
    _check_sampling(task)
    _check_augment(task, sizes)
    for split in splits:
        held_out_clips(task, split, task.seed)


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


def model_sizes(task: Task, clip_ids: Sequence[str]) -> Sizes:
    """Return what models of this task are made for: signals that are fitted in the fold may get another shape by it.

    ``clip_ids`` are training clips of any fold.
    """
    samples = task.samples
    if task.fit_signals:
        samples = FittedSignals.fit(task.fit_signals, samples.subset(clip_ids)).apply(samples.subset(clip_ids))
    return samples.sizes(task.targets.n_outputs)


def _check_clips(task: Task, clip_ids: list[str], splits: Sequence[Split], sizes: Sizes) -> None:
    """Refuse clips that the model cannot be given."""
    known = set(task.samples.clip_ids)
    if lost := [name for name in clip_ids if name not in known]:
        why = sorted({task.samples.excluded[name] for name in lost if name in task.samples.excluded})
        raise InputError(
            f"experiment {task.experiment!r}: {len(lost)} of {len(clip_ids)} clips have no sample: {listing(lost)}"
            + (f" (left out: {listing(why, 3)})" if why else "")
        )
    task.targets.subset(tuple(clip_ids))
    if task.classical:
        model = task.make_model(sizes)
    else:
        model = initial_model(task.make_model, sizes, Key(task.experiment, task.seed, ""))
    if task.targets.units and getattr(model, "classes_only", False):
        raise InputError(
            f"experiment {task.experiment!r}: the fusion averages probabilities of classes, but the label scheme asks "
            "for action units; set `fusion.over: logits` and `fusion.weights: equal`, or choose another"
        )
    name = type(model).__name__
    for stream in model.streams:
        if stream not in task.samples.streams:
            raise InputError(
                f"experiment {task.experiment!r}: {name} needs the stream {stream!r}, "
                f"but the samples have {sorted(task.samples.streams)}"
            )
    if reads_presence(model):
        return _check_presence(task, clip_ids, splits, model.modalities)
    for stream in model.streams:
        there = dict(zip(task.samples.clip_ids, task.samples.present[stream], strict=True))
        if bare := [clip for clip in clip_ids if not there[clip]]:
            way_out = "give these clips face tracks, leave them out with `exclude` of the dataset, or choose a model"
            if stream in task.samples.signals:
                way_out = "leave them out with `exclude` of the dataset, or choose a `fusion`: it fuses one stream too,"
            raise InputError(
                f"experiment {task.experiment!r}: {name} needs the stream {stream!r}, and {len(bare)} of "
                f"{len(clip_ids)} clips lack it: {listing(bare)}; {way_out} that does without"
            )


def _check_presence(
    task: Task, clip_ids: list[str], splits: Sequence[Split], modalities: dict[str, tuple[str, ...]]
) -> None:
    """Refuse folds in which a stream cannot be learned; say which clips have nothing of what is fused."""
    lack = lacking(modalities, task.samples.subset(clip_ids))
    if nothing := [clip for clip, *bare in zip(clip_ids, *lack.values(), strict=True) if all(bare)]:
        log.warning(
            "%s: %d of %d clips have none of the streams %s, so they are predicted from nothing: %s",
            *(task.experiment, len(nothing), len(clip_ids), listing(modalities), listing(nothing)),
        )
    has = {name: {clip for clip, bare in zip(clip_ids, lack[name], strict=True) if not bare} for name in modalities}
    for split in splits:
        train = set(split.train) - set(held_out_clips(task, split, task.seed))
        if never := [name for name in modalities if not train & has[name]]:
            raise InputError(
                f"experiment {task.experiment!r}, fold {split.fold!r}: no training clip has the stream {never[0]!r}; "
                "take it out of `signals`, add corpora that have it, or choose another protocol"
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


def _check_sampling(task: Task) -> None:
    """Refuse a sampling that cannot be had; say where it and the loss correct for the same."""
    if isinstance(task.sampling, Natural):
        return
    name = task.sampling.name
    if task.classical:
        raise InputError(
            f"experiment {task.experiment!r}: sampling {name!r} is for networks, which are trained epoch by epoch; "
            f"{_classical(task)} is fitted to all training clips at once; choose `sampling: natural`"
        )
    if task.subjects is None:
        raise InputError(f"experiment {task.experiment!r}: sampling {name!r} needs to know the subject of every clip")
    loss = task.make_loss(from_numpy(task.targets.class_counts))
    if getattr(loss, "reweights", False):
        log.warning(
            "%s: the loss %s and the sampling %s both correct for rare classes, so these are corrected for twice; "
            "choose a loss that does not weigh classes, or `sampling: natural`",
            *(task.experiment, type(loss).__name__, name),
        )


def _check_augment(task: Task, sizes: Sizes) -> None:
    """Refuse changes of clips that are not known, or cannot be had."""
    if task.augment.off:
        return
    if task.classical:
        raise InputError(
            f"experiment {task.experiment!r}: augment {task.augment.name!r} is for networks, which see their clips "
            f"many times; {_classical(task)} is fitted to all training clips at once; choose `augment: none`"
        )
    model = initial_model(task.make_model, sizes, Key(task.experiment, 0, ""))
    try:
        layouts_of(task.augment, task.samples, model.streams, task.nodes, CPU)
    except InputError as error:
        raise InputError(f"experiment {task.experiment!r}: {error}") from error


def _classical(task: Task) -> str:
    return type(task.make_model(task.samples.sizes(task.targets.n_outputs))).__name__
