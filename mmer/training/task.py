"""Task: what all folds of one experiment share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor, nn

from mmer.training.augment.augment import Augment
from mmer.training.augment.nodes import Nodes
from mmer.training.fitted_signals import FitSignal
from mmer.training.recipe import Recipe
from mmer.training.sampling.natural import Natural
from mmer.training.sampling.sampler import Sampler
from mmer.types.samples import Samples, Sizes
from mmer.types.targets import Targets


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
    subjects : mapping of str to str, or None
        Clip -> subject; needed where ``patience`` of the recipe holds training subjects out, and for a sampling other
        than ``Natural``.
    sampling : Sampler
        Which training clips an epoch shows.
    augment : Augment
        How training clips are changed when they are shown.
    nodes : Nodes or None
        Of the stream ``graph``; needed where it is changed.
    fit_signals : mapping of str to callable
        Stream -> what fits it on a fold's training clips (``Signal.fit``), for signals that are fitted over clips.
    saw : bool
        Whether results say what the models looked at (``mmer.training.look``); classical models never do.
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
    subjects: Mapping[str, str] | None = None
    sampling: Sampler = field(default_factory=Natural)
    augment: Augment = field(default_factory=Augment)
    nodes: Nodes | None = None
    fit_signals: Mapping[str, FitSignal] = field(default_factory=dict)
    saw: bool = False


Tasks = Task | Mapping[str, Task]  # of all folds, or fold -> its own, where a search chose each fold's settings


def task_of(tasks: Tasks, fold: str) -> Task:
    """Return the task of one fold."""
    return tasks if isinstance(tasks, Task) else tasks[fold]


def each_task(tasks: Tasks) -> tuple[Task, ...]:
    """Return all tasks; they share experiment, seed, targets and device."""
    return (tasks,) if isinstance(tasks, Task) else tuple(tasks.values())
