"""The optimiser of a stack: torch's own, on stacked tensors, and what has to be done per member beside it.

Adam, AdamW and SGD work on each number alone, so a stacked tensor is trained exactly as its members alone would be.
A norm does not, so gradients are clipped here per member.
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from mmer.training.recipe import Recipe


def make_optimizer(parameters: Iterable[nn.Parameter], recipe: Recipe, recorded: bool = False) -> torch.optim.Optimizer:
    """Make the optimiser of a recipe; where its steps may be ``recorded``, its learning rate is a tensor to refill."""
    trained = [parameter for parameter in parameters if parameter.requires_grad]
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


def set_learning_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Set the learning rate of all parameters."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(lr)
        else:
            group["lr"] = lr


def clip_gradients(parameters: Iterable[nn.Parameter], most: float) -> Tensor:
    """Scale the gradients of each member down to a Euclidean norm of ``most``, over all its parameters.

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
