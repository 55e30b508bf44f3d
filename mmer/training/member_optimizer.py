"""An optimiser whose learning rate, weight decay and momentum are each member's own.

torch's optimisers know one learning rate for a tensor, and in a stack a tensor is that of all members. The steps are
those of torch's Adam, AdamW and SGD (Kingma & Ba, 2015, ICLR; Loshchilov & Hutter, 2019, ICLR).
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from mmer.models.kernels.compiled_steps import adam_step, sgd_step
from mmer.models.kernels.dropout import fits
from mmer.training.recipe import Recipe

BETAS, EPS = (0.9, 0.999), 1e-8  # torch's defaults


class MemberOptimizer(torch.optim.Optimizer):
    """Adam, AdamW or SGD with the numbers of every member.

    Parameters
    ----------
    parameters : iterable of Parameter of shape (K, ...)
    recipes : sequence of K Recipe
        Of one ``optimizer``.

    Attributes
    ----------
    param_groups : list of dict
        Of the one group, ``lr``, ``weight_decay`` and ``momentum`` are tensors (K,), float64, and ``step`` is one of
        (): filled in place, so that a GPU may replay a step.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], recipes: Sequence[Recipe]) -> None:
        trained = list(parameters)
        self.kind, device = recipes[0].optimizer, trained[0].device
        columns = {
            name: torch.tensor([getattr(recipe, name) for recipe in recipes], dtype=torch.float64, device=device)
            for name in ("lr", "weight_decay", "momentum")
        }
        super().__init__(trained, columns | {"step": torch.zeros((), dtype=torch.float64, device=device)})

    @torch.no_grad()
    def step(self, closure: Callable | None = None) -> None:
        """Change the parameters that have a gradient."""
        (group,) = self.param_groups
        group["step"] += 1
        trained = [parameter for parameter in group["params"] if parameter.grad is not None]
        for parameter in trained:
            names = ("speed",) if self.kind == "sgd" else ("mean", "square")
            if not self.state[parameter]:
                self.state[parameter] = {name: torch.zeros_like(parameter) for name in names}
        take = self._sgd if self.kind == "sgd" else self._adam
        take(group, trained)

    def _adam(self, group: dict, trained: list[Tensor]) -> None:
        rate, decay = group["lr"], group["weight_decay"]
        rests = tuple(1 - beta ** group["step"] for beta in BETAS)
        rate, root, none = rate / rests[0], rests[1].sqrt(), torch.zeros_like(decay)
        penalty, shrink = (none, 1 - group["lr"] * decay) if self.kind == "adamw" else (decay, none + 1)
        for values in trained:
            gradient, mean, square = values.grad, *self.state[values].values()
            if all(map(fits, (values, gradient))):
                numbers = (number.numpy() for number in (rate, penalty, shrink))
                adam_step(*map(_rows, (values, gradient, mean, square)), *numbers, BETAS, float(root), EPS)
                continue
            own_rate, own_penalty, own_shrink = (_wide(number, values) for number in (rate, penalty, shrink))
            gradient = gradient + own_penalty * values
            mean.lerp_(gradient, 1 - BETAS[0])
            square.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
            change = own_rate * mean / (square.sqrt() / root.to(values.dtype) + EPS)
            values.mul_(own_shrink).sub_(change)

    def _sgd(self, group: dict, trained: list[Tensor]) -> None:
        numbers = (group["lr"], group["weight_decay"], group["momentum"])
        for values in trained:
            gradient, (speed,) = values.grad, self.state[values].values()
            if all(map(fits, (values, gradient))):
                sgd_step(*map(_rows, (values, gradient, speed)), *(number.numpy() for number in numbers))
                continue
            rate, decay, momentum = (_wide(number, values) for number in numbers)
            speed.mul_(momentum).add_(gradient + decay * values)
            values.sub_(rate * speed)


def _rows(values: Tensor) -> np.ndarray:
    """See a tensor as (K, n)."""
    return values.detach().numpy().reshape(len(values), -1)


def _wide(numbers: Tensor, values: Tensor) -> Tensor:
    """Return numbers (K,) so that they multiply (K, ...), in its type."""
    return numbers.to(values.dtype).view(-1, *[1] * (values.ndim - 1))
