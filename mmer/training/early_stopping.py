"""Early stopping on subjects held out of a fold's own training subjects. The tested subject has no part in it."""

import torch
from torch import Tensor

from mmer.training.recipe import Recipe
from mmer.training.stack import Clips, Stack


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
        self.most = recipe.patience
        self.best: dict[str, Tensor] | None = None
        if self.most is not None:
            k, device = len(stack.members), stack.edges.device
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
        logits, features = stack.logits(self.clips.whole)
        loss = stack.losses(logits, features, self.clips.whole)
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
            self.lowest, self.bad = self.lowest[places], self.bad[places]
            self.best = {name: value[places] for name, value in self.best.items()}
