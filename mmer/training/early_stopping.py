"""Early stopping on subjects held out of a fold's own training subjects. The tested subject has no part in it."""

import torch
from torch import Tensor

from mmer.training.recipe import Recipe
from mmer.training.seeds import Key
from mmer.training.stack import Clips, Stack
from mmer.training.task import Task
from mmer.types.errors import InputError
from mmer.types.split import Split


def held_out_clips(task: Task, split: Split, seed: int) -> tuple[str, ...]:
    """Choose the training clips of a fold that are not trained on, but decide when to stop.

    They are all clips of ``validation_subjects`` of the fold's training subjects. Which, derives from the names of
    experiment, seed and fold; a subject without whom a class (or a unit's presence or absence) would be lacking among
    the clips that are trained on is passed over.

    Returns
    -------
    tuple of str
        Empty without ``patience``.

    Raises
    ------
    InputError
        The subjects are not known, or there are too few.
    """
    recipe = task.recipe
    if recipe.patience is None:
        return ()
    if task.subjects is None:
        raise InputError(f"experiment {task.experiment!r}: patience needs to know the subject of every clip")
    key = Key(task.experiment, seed, split.fold)
    by_subject: dict[str, list[str]] = {}
    for clip in sorted(split.train):
        by_subject.setdefault(task.subjects[clip], []).append(clip)
    order = sorted(by_subject, key=lambda subject: key.derive(f"held out {subject}"))
    counts = {name: task.targets.subset(tuple(clips)).class_counts for name, clips in by_subject.items()}
    left, chosen = sum(counts.values()), []
    for subject in order:
        if len(chosen) < recipe.validation_subjects and (left - counts[subject] > 0).all():
            left = left - counts[subject]
            chosen.append(subject)
    if len(chosen) < recipe.validation_subjects:
        raise InputError(
            f"experiment {task.experiment!r}, fold {split.fold!r}: of {len(by_subject)} training subjects only "
            f"{len(chosen)} can be held out, or a class would have no training clip; lower `validation_subjects` "
            f"(now {recipe.validation_subjects}), or set `patience: null` and train a fixed number of epochs"
        )
    return tuple(clip for subject in chosen for clip in by_subject[subject])


class Patience:
    """Keeps the best weights of every member, and says who has not got better for a while.

    With ``patience`` null in the recipe it keeps nothing and nobody stops: the last weights count.

    Parameters
    ----------
    stack : Stack
        Its members have ``validation`` clips.
    recipe : Recipe
    """

    def __init__(self, stack: Stack, recipe: Recipe) -> None:
        self.best: dict[str, Tensor] | None = None
        if recipe.patience is not None:
            k, device = len(stack.members), stack.edges.device
            self.most = torch.tensor([member.recipe.patience for member in stack.members], device=device)
            self.clips = Clips([member.validation for member in stack.members])
            self.lowest = torch.full((k,), torch.inf, device=device)
            self.bad = torch.zeros(k, dtype=torch.int64, device=device)
            self.best = {name: value.detach().clone() for name, value in stack.values().items()}

    @torch.no_grad()
    def finished(self, stack: Stack) -> set[int]:
        """Look at the held-out clips after an epoch; return the places of the members that are to stop."""
        if self.best is None:
            return set()
        stack.model.eval()
        logits, inside = stack.logits(self.clips.whole)
        loss = stack.losses(logits, inside, self.clips.whole)
        stack.model.train()
        better = loss < self.lowest  # never where the loss is not a number
        self.lowest = torch.where(better, loss, self.lowest)
        self.bad = torch.where(better, 0, self.bad + 1)
        for name, value in stack.values().items():
            self.best[name] = torch.where(better.view(-1, *[1] * (value.ndim - 1)), value.detach(), self.best[name])
        return set(torch.nonzero(self.bad >= self.most).flatten().tolist())

    def give_back(self, stack: Stack, places: set[int]) -> None:
        """Put the weights that count into the members' own models."""
        for place in places:
            stack.give_back(place, stack.members[place].model, self.best)

    def keep(self, places: list[int]) -> None:
        """Go on with these members only."""
        if self.best is not None:
            self.clips.keep(places)
            self.lowest, self.bad, self.most = self.lowest[places], self.bad[places], self.most[places]
            self.best = {name: value[places] for name, value in self.best.items()}
