"""Folds of one or many tasks as one model: what each is given, their training, and what is made of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mmer.training.device import find_device, reproducible
from mmer.training.early_stopping import held_out_clips
from mmer.training.fit import Fitted, Prepared, finish, predict, prepare
from mmer.training.fold_result import FoldResult
from mmer.training.look import look
from mmer.training.precision import tensor_cores
from mmer.training.presence import hide, subsets
from mmer.training.seeds import Key
from mmer.training.task import Task
from mmer.training.train import train
from mmer.types.errors import InputError
from mmer.types.split import Split


def train_together(trainings: Sequence[tuple[Task, Split]], way: str | None = None) -> list[FoldResult | InputError]:
    """Train folds of tasks that may differ in numbers as one model; see ``mmer.training.many``.

    Returns
    -------
    list of FoldResult or InputError
        In the order of ``trainings``; the error of those that failed.
    """
    first, ready = trainings[0][0], prepared(trainings)
    members = [item[0].member for item in ready if not isinstance(item, InputError)]
    with reproducible(find_device(first.device)):
        with tensor_cores(first.recipe.precision):
            reports = iter(train(members, first.recipe, way) if members else ())
        results = []
        for (task, split), item in zip(trainings, ready, strict=True):
            error = item if isinstance(item, InputError) else (report := next(reports)).error
            if error is not None:
                results.append(error)
            else:
                fitted = finish(item[0], report)
                results.append(fold_result(task, split, replace(fitted, seen=item[1] | fitted.seen)))
    return results


def prepared(
    trainings: Sequence[tuple[Task, Split]],
) -> list[tuple[Prepared, dict[str, tuple[str, ...]]] | InputError]:
    """Return what is needed to train, and what was fitted for it on which clips; or why it cannot be trained."""
    found: list[tuple[Prepared, dict[str, tuple[str, ...]]] | InputError] = []
    for task, split in trainings:
        with reproducible(find_device(task.device)):
            try:
                inputs, seen = fold_inputs(task, split)
                found.append((prepare(**inputs), seen))
            except InputError as error:
                found.append(error)
    return found


def fold_inputs(task: Task, split: Split) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    """Return what ``fit`` and ``prepare`` get of one fold, and what was fitted for it on which clips."""
    samples, targets = task.samples.subset(split.train), task.targets.subset(split.train)
    key, held_out = Key(task.experiment, task.seed, split.fold), held_out_clips(task, split, task.seed)
    trained_on = targets.subset(tuple(clip for clip in split.train if clip not in set(held_out)))
    edge_weight, seen = np.ones(samples.edge_index.shape[1], np.float32), {}
    if task.fit_edges is not None:
        edge_weight, seen = task.fit_edges(trained_on), {"edge_weight": trained_on.clip_ids}
    subjects = {clip: task.subjects[clip] for clip in trained_on.clip_ids} if task.subjects is not None else {}
    chances = task.sampling.chances(trained_on, subjects)
    if chances is not None:
        seen["sampling"] = trained_on.clip_ids
    inputs = {
        "samples": samples,
        "targets": targets,
        "make_model": task.make_model,
        "make_loss": task.make_loss,
        "edge_weight": edge_weight,
        "recipe": task.recipe,
        "key": key,
        "device": find_device(task.device),
        "held_out": held_out,
        "chances": chances,
        "augment": task.augment,
        "nodes": task.nodes,
        "fit_signals": task.fit_signals,
    }
    return inputs, seen


def fold_result(task: Task, split: Split, fitted: Fitted) -> FoldResult:
    """Predict the test clips of a fold, also without some streams; then look at what the model saw, if asked."""
    test = task.samples.subset(split.test)
    result = FoldResult(
        split.fold,
        task.seed,
        split.test,
        predict(fitted, test),
        fitted.curve,
        split.repeat,
        fitted.seen,
        subsets={name: predict(fitted, hide(test, hidden)) for name, hidden in subsets(fitted.model).items()},
    )
    if task.saw and not task.classical:
        result = replace(result, saw=look(fitted, test, (task.seed, split.repeat, split.fold), task.recipe.batch_size))
    return result
