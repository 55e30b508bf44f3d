"""A layer whose weight obeys a rule, e.g. a greatest norm of every filter, written out.

torch's parametrisations, which libraries use for this, cannot be pickled. The rule is a module from the parameters as
they are learned to the weight as it is used; its gradient flows through it.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from mmer.types.errors import InputError

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


class Norms(nn.Module):
    """Shrink every filter that is longer than ``most`` to this length; those below stay as they are.

    The same as ``Tensor.renorm``, which has no rule for ``torch.func.vmap``.

    Parameters
    ----------
    most : float
        Greatest Euclidean norm of a filter, ``weight[i]``.
    """

    def __init__(self, most: float) -> None:
        super().__init__()
        self.most = float(most)

    def forward(self, weight: Tensor) -> Tensor:
        """Return ``weight`` (D, ...) with no filter longer than ``most``."""
        length = torch.linalg.vector_norm(weight.flatten(1), dim=1).clamp_min(1e-12)
        factor = (self.most / length).clamp_max(1)
        return weight * factor.view(-1, *[1] * (weight.ndim - 1))

    def extra_repr(self) -> str:
        """Show the norm when the model is printed."""
        return f"most={self.most}"


class Directions(nn.Module):
    """Weight normalisation: a length for every filter, and its direction (Salimans & Kingma, 2016, NeurIPS).

    The same as torch's, whose operation has no rule for ``torch.func.vmap``.
    """

    def forward(self, length: Tensor, direction: Tensor) -> Tensor:
        """Return filters of these lengths (D, 1, ...) and directions (D, ...)."""
        norm = torch.linalg.vector_norm(direction.flatten(1), dim=1).view_as(length)
        return direction * (length / norm)


class Constrained(nn.Module):
    """A linear layer or a convolution with such a weight.

    Parameters
    ----------
    layer : nn.Linear, nn.Conv1d, nn.Conv2d or nn.Conv3d
        Its weight becomes ``rule(*parts)``; it keeps its bias.
    rule : nn.Module
    parts : list of Parameter
        What is learned; none: the layer's weight.

    Raises
    ------
    InputError
        It is another layer.
    """

    def __init__(self, layer: nn.Module, rule: nn.Module, parts: list[nn.Parameter] | None = None) -> None:
        super().__init__()
        self.linear = isinstance(layer, nn.Linear)
        kinds = (nn.Linear,) if self.linear else CONVOLUTIONS
        if type(layer).forward not in {kind.forward for kind in kinds}:
            raise InputError(f"{type(layer).__name__} computes unlike torch's layers, so no rule can be put on it")
        self.parts = nn.ParameterList(parts or [layer.weight])
        del layer.weight
        self.layer, self.rule = layer, rule

    @property
    def weight(self) -> Tensor:
        """The weight as it is used."""
        return self.rule(*self.parts)

    def forward(self, x: Tensor) -> Tensor:
        """Return what the layer returns."""
        if self.linear:
            return F.linear(x, self.weight, self.layer.bias)
        return self.layer._conv_forward(x, self.weight, self.layer.bias)


def written_out(layer: nn.Module) -> Constrained:
    """Return a layer with a parametrised weight as one of ours, with the same numbers."""
    rules = layer.parametrizations.weight
    given = [value for name, value in rules.named_parameters(recurse=False) if name.startswith("original")]
    parts = [nn.Parameter(value.detach().clone()) for value in given]
    steps = [_rule(rule) for rule in rules]
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
    layer._load_state_dict_pre_hooks.clear()  # torch's weight_norm leaves one that cannot be pickled
    return Constrained(layer, steps[0] if len(steps) == 1 else nn.Sequential(*steps), parts)


def _rule(rule: nn.Module) -> nn.Module:
    """Return a rule that vmap knows."""
    kind = type(rule).__name__
    if kind == "MaxNormParametrize":
        return Norms(rule.max_norm)
    return Directions() if kind == "_WeightNorm" and rule.dim == 0 else rule
