"""The optimiser of a stack: torch's own, on stacked tensors, and what has to be done per member beside it.

Adam, AdamW and SGD work on each number alone, so a stacked tensor is trained exactly as its members alone would be,
if all have one learning rate; else ``MemberOptimizer`` does the same. A norm does not, so gradients are clipped here
per member.
"""

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from mmer.training.member_optimizer import MemberOptimizer
from mmer.training.recipe import Recipe

PACE = ("lr", "weight_decay", "momentum", "schedule", "step_epochs", "step_factor")  # numbers of the optimiser


def make_optimizer(
    parameters: Iterable[nn.Parameter], recipes: Sequence[Recipe], recorded: bool = False
) -> torch.optim.Optimizer:
    """Make the optimiser of the members' recipes; if its steps may be ``recorded``, lr is a tensor to refill.

    Its first group knows ``clip_norm`` too, see ``longest_gradients``.
    """
    trained, recipe = [parameter for parameter in parameters if parameter.requires_grad], recipes[0]
    if any(getattr(other, name) != getattr(recipe, name) for other in recipes for name in PACE):
        found = MemberOptimizer(trained, recipes)
    else:
        found = _of_torch(trained, recipe, recorded)
    norms, like = [other.clip_norm for other in recipes], trained[0]
    if len(set(norms)) > 1:  # one without a limit, beside others that have one
        norms = [torch.tensor([norm or math.inf for norm in norms], dtype=like.dtype, device=like.device)]
    found.param_groups[0]["clip_norm"] = norms[0]
    return found


def _of_torch(trained: list[nn.Parameter], recipe: Recipe, recorded: bool) -> torch.optim.Optimizer:
    """Make torch's optimiser."""
    lr: float | Tensor = recipe.lr
    if recorded:  # torch's operations on a GPU read a learning rate of 32 bits only
        kind = torch.float32 if trained[0].is_cuda else torch.float64
        lr = torch.tensor(recipe.lr, dtype=kind, device=trained[0].device)
    shared = {"lr": lr, "weight_decay": recipe.weight_decay, "fused": True}
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(trained, momentum=recipe.momentum, **shared)
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[recipe.optimizer](trained, **shared)


def learning_rate(recipe: Recipe, epoch: int) -> float:
    """Return the learning rate of an epoch (from 1).

    ``cosine`` falls from ``lr`` in the first epoch towards 0 after the last (Loshchilov & Hutter, 2017, ICLR, without
    restarts); ``step`` is multiplied by ``step_factor`` after every ``step_epochs`` epochs.
    """
    if recipe.schedule == "cosine":
        return recipe.lr * (1 + math.cos(math.pi * (epoch - 1) / recipe.epochs)) / 2
    if recipe.schedule == "step":
        return recipe.lr * recipe.step_factor ** ((epoch - 1) // recipe.step_epochs)
    return recipe.lr


def set_learning_rates(optimizer: torch.optim.Optimizer, recipes: Sequence[Recipe], epoch: int) -> None:
    """Set the learning rates of the members (or of all, where they are the same) in an epoch (from 1)."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor) and group["lr"].ndim:
            group["lr"].copy_(torch.tensor([learning_rate(recipe, epoch) for recipe in recipes], dtype=torch.float64))
        elif isinstance(group["lr"], Tensor):
            group["lr"].fill_(learning_rate(recipes[0], epoch))
        else:
            group["lr"] = learning_rate(recipes[0], epoch)


def longest_gradients(optimizer: torch.optim.Optimizer) -> float | Tensor | None:
    """Return ``clip_norm`` of the members: one for all, a tensor (K,), or None."""
    return optimizer.param_groups[0]["clip_norm"]


def clip_gradients(parameters: Iterable[nn.Parameter], most: float | Tensor) -> Tensor:
    """Scale the gradients of each member down to a Euclidean norm of ``most``, over all its parameters.

    Parameters
    ----------
    parameters : iterable of Parameter of shape (K, ...)
    most : float or Tensor of shape (K,)

    Returns
    -------
    Tensor of shape (K,)
        The norms before.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = torch.stack([gradient.flatten(1).square().sum(1) for gradient in gradients]).sum(0).sqrt()
    factor = (most / (norm + 1e-6)).clamp(max=1.0)  # as torch.nn.utils.clip_grad_norm_
    for gradient in gradients:
        gradient.mul_(factor.view(-1, *[1] * (gradient.ndim - 1)))
    return norm


def keep_members(optimizer: torch.optim.Optimizer, places: list[int]) -> None:
    """Keep what the optimiser knows of these members only; the parameters themselves are the stack's to keep."""
    for state in optimizer.state.values():
        for name, value in state.items():
            if isinstance(value, Tensor) and value.ndim:  # the number of steps, shared by all, is a scalar
                state[name] = value[places]
    for group in optimizer.param_groups:
        for name, value in group.items():
            if isinstance(value, Tensor) and value.ndim:  # numbers of the members
                group[name] = value[places]
