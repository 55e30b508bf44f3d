"""What the members of a stack have in common, though they are of many tasks.

That is the architecture, down to every attribute of every module but its ``numbers`` (``mmer.training.together``), the
kind of recipe, the number of steps, what augmentation does. To know it, a model and a loss are made once for every
distinct maker: the trials of a search over learning rates share one.
"""

import pickle
from dataclasses import dataclass
from typing import Any

import torch

from mmer.training.checks import check_folds, model_sizes
from mmer.training.early_stopping import held_out_clips
from mmer.training.fit import initial_model
from mmer.training.recipe import Recipe
from mmer.training.seeds import Key
from mmer.training.task import Task
from mmer.training.together import signature
from mmer.training.train import steps_per_epoch
from mmer.types.split import Split


@dataclass(frozen=True)
class Frame:
    """What the members of a stack have in common.

    Parameters
    ----------
    model, loss : str
        ``mmer.training.together.signature``; of what cannot be compared, how it was made.
    recipe : Recipe
        Its ``frame``.
    steps : int
        Per epoch.
    shapes : str
        Of clips, answers and edges.
    augment : bytes
        How clips are changed, and what is known of their nodes; empty where they are not.
    device : str
    """

    model: str
    loss: str
    recipe: Recipe
    steps: int
    shapes: str
    augment: bytes
    device: str


class Frames:
    """Finds the frames of trainings; what is the same for tasks of one maker is found once."""

    def __init__(self) -> None:
        self._models: dict[Any, str] = {}
        self._losses: dict[Any, str] = {}
        self._checked: dict[tuple[int, str], None] = {}
        self._tasks: list[Task] = []  # so that no other object gets an id that is known

    def of(self, task: Task, split: Split, checked: bool = False) -> Frame:
        """Return the frame of a training.

        Raises
        ------
        InputError
            What ``check_folds`` finds, unless that is ``checked`` elsewhere.
        """
        self._tasks.append(task)
        if not checked:
            check_folds(task, [split])
        held_out = held_out_clips(task, split, task.seed)
        sizes = model_sizes(task, split.train) if task.fit_signals else task.samples.sizes(task.targets.n_outputs)
        shapes = repr((
            sorted(sizes.streams.items()),
            sizes.edge_index.shape,
            [(name, str(values.dtype)) for name, values in sorted(task.samples.streams.items())],
            sorted((name, values.shape[1:]) for name, values in task.samples.siblings.items()),
            (task.targets.n_outputs, task.targets.action_units.shape[1:], bool(task.targets.units)),
        ))  # fmt: skip
        maker = (_text(task.make_model), id(task.samples), shapes)
        if maker not in self._models:
            model = initial_model(task.make_model, sizes, Key("frame", 0, ""))  # of no training
            self._models[maker] = signature(model) or maker[0]
        measure = (_text(task.make_loss), task.targets.class_counts.shape)
        if measure not in self._losses:
            loss = task.make_loss(torch.from_numpy(task.targets.class_counts))
            self._losses[measure] = signature(loss) or measure[0]
        off = task.augment.off
        return Frame(
            model=self._models[maker],
            loss=self._losses[measure],
            recipe=task.recipe.frame(),
            steps=steps_per_epoch(len(split.train) - len(held_out), task.recipe),
            shapes=shapes,
            augment=b"" if off else pickle.dumps((task.augment, task.nodes, task.samples.node_names)),
            device=task.device,
        )


def _text(maker: Any) -> str:
    """Return what tells makers apart; one that cannot be pickled is like itself only."""
    try:
        return pickle.dumps(maker).hex()
    except (pickle.PicklingError, TypeError, AttributeError):
        return f"{maker!r} at {id(maker)}"
