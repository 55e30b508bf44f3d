"""Stack: K trainings as one model whose parameters and buffers carry a leading dimension.

A member is one training: a fold under a seed, with its own clips, scaler, edge weights, loss and initial weights.
Nothing of one member enters another; what they share is the optimiser's arithmetic, which works on each number alone.

The forward pass of a stack takes one of three ways:

``plain``   K = 1: the model as it is.
``folded``  the model's own layers take stacked weights (its class says ``folded = True``, see ``mmer.models.folded``).
``vmap``    every other model, by ``torch.func.vmap``.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from mmer.training.seeds import Key

WAYS = ("plain", "folded", "vmap")


@dataclass
class Member:
    """One training, ready to start.

    Parameters
    ----------
    key : Key
        Its names; the batch order derives from them.
    model : nn.Module
        With its initial weights; ``Stack.give_back`` puts the trained ones there.
    loss : nn.Module
    streams : dict of str to Tensor (n, ...)
        Scaled.
    answer : Tensor of shape (n,) or (n, A)
        See ``mmer.types.targets.Targets.answer``.
    weight : Tensor of shape (n,)
    edges : Tensor of shape (E,)
        Edge weights.
    detection : bool
        Whether a logit stands for an action unit.
    """

    key: Key
    model: nn.Module
    loss: nn.Module
    streams: dict[str, Tensor]
    answer: Tensor
    weight: Tensor
    edges: Tensor
    detection: bool

    def __len__(self) -> int:
        return len(self.answer)


class Clips:
    """The clips of K members, padded to the longest: what a batch is taken from.

    Parameters
    ----------
    parts : sequence of (streams, answer, weight)
        Of every member.

    Attributes
    ----------
    sizes : list of K int
        Clips of every member. Row ``pad`` of every member is of zeros.
    """

    def __init__(self, parts: Sequence[tuple[dict[str, Tensor], Tensor, Tensor]]) -> None:
        self.sizes = [len(answer) for _, answer, _ in parts]
        self.pad = max(self.sizes)
        self.streams = {name: self._padded([streams[name] for streams, _, _ in parts]) for name in parts[0][0]}
        self.answer = self._padded([answer for _, answer, _ in parts])
        self.weight = self._padded([weight for _, _, weight in parts])

    def _padded(self, parts: list[Tensor]) -> Tensor:
        """Return (K, pad + 1, ...)."""
        whole = parts[0].new_zeros((len(parts), self.pad + 1, *parts[0].shape[1:]))
        for row, part in zip(whole, parts, strict=True):
            row[: len(part)] = part
        return whole

    def take(self, rows: Tensor) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Return streams, answer and weight (K, B, ...) of the clips ``rows`` (K, B)."""
        flat = (rows + torch.arange(len(rows), device=rows.device)[:, None] * (self.pad + 1)).flatten()

        def pick(values: Tensor) -> Tensor:
            return values.flatten(0, 1).index_select(0, flat).unflatten(0, rows.shape)

        return {name: pick(values) for name, values in self.streams.items()}, pick(self.answer), pick(self.weight)

    def all(self) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Return streams, answer and weight of all clips, (K, pad + 1, ...)."""
        return self.streams, self.answer, self.weight

    def keep(self, places: list[int]) -> None:
        """Go on with these members only."""
        self.sizes = [self.sizes[place] for place in places]
        self.streams = {name: values[places] for name, values in self.streams.items()}
        self.answer, self.weight = self.answer[places], self.weight[places]


class Stack:
    """The models and losses of K members as one.

    Parameters
    ----------
    members : sequence of Member
        Of one architecture.
    way : str or None
        ``plain``, ``folded`` or ``vmap``; None: as the module says.

    Attributes
    ----------
    model, loss : nn.Module
        Of the first member, but every parameter and buffer has a leading dimension K. ``mmer.models.dropout.set_step``
        and its like work on them.
    way : str
    """

    def __init__(self, members: Sequence[Member], way: str | None = None) -> None:
        self.members = list(members)
        folded = getattr(type(members[0].model), "folded", False)
        self.way = way or ("plain" if len(members) == 1 else "folded" if folded else "vmap")
        self.model = _stacked([member.model for member in members])
        self.loss = _stacked([member.loss for member in members])
        self.edges = torch.stack([member.edges for member in members])

    @property
    def parameters(self) -> dict[str, nn.Parameter]:
        """Every parameter, (K, ...)."""
        return dict(self.model.named_parameters())

    def logits(self, streams: dict[str, Tensor]) -> Tensor:
        """Return logits (K, B, C) of batches (K, B, ...)."""
        if self.way == "folded":
            return self.model(streams, self.edges)
        return _call(self.model, self.way, streams, self.edges)

    def losses(self, logits: Tensor, answer: Tensor, weight: Tensor) -> Tensor:
        """Return the loss of every member, (K,)."""
        return _call(self.loss, "plain" if len(logits) == 1 else "vmap", logits, answer, weight)

    def give_back(self, place: int, model: nn.Module, values: dict[str, Tensor] | None = None) -> None:
        """Put the weights of one member into a model of its own, from ``values`` (see ``values``) where given."""
        for name, stacked in (values or self.values()).items():
            module, _, leaf = name.rpartition(".")
            owner, own = model.get_submodule(module), stacked[place].detach().clone()
            if leaf in owner._parameters:
                owner._parameters[leaf] = nn.Parameter(own, requires_grad=stacked.requires_grad)
            else:
                owner._buffers[leaf] = own

    def values(self) -> dict[str, Tensor]:
        """Return every parameter and buffer of the model by its name, (K, ...)."""
        return dict(self.model.named_parameters()) | dict(self.model.named_buffers())

    def keep(self, places: list[int]) -> None:
        """Go on with these members only; what an optimiser holds of the parameters is its owner's to follow."""
        self.members = [self.members[place] for place in places]
        self.edges = self.edges[places]
        for module in (self.model, self.loss):
            for part in module.modules():
                for leaf, value in part._parameters.items():
                    if value is not None:
                        value.data = value.data[places]
                        value.grad = None
                for leaf, value in part._buffers.items():
                    if value is not None:
                        part._buffers[leaf] = value[places]


def _stacked(modules: list[nn.Module]) -> nn.Module:
    """Return a copy of the first module in which every parameter and buffer is that of all modules, (K, ...)."""
    whole = modules[0] if len(modules) == 1 else copy.deepcopy(modules[0])
    for path, part in whole.named_modules():
        others = [module.get_submodule(path) for module in modules]
        for leaf, value in list(part._parameters.items()):
            if value is not None:
                values = torch.stack([other._parameters[leaf].detach() for other in others])
                part._parameters[leaf] = nn.Parameter(values, requires_grad=value.requires_grad)
        for leaf, value in list(part._buffers.items()):
            if value is not None:
                part._buffers[leaf] = torch.stack([other._buffers[leaf] for other in others])
    return whole


def _call(module: nn.Module, way: str, *inputs: Tensor | dict[str, Tensor]) -> Tensor:
    """Call a stacked module on inputs (K, ...)."""
    state = dict(module.named_parameters()) | dict(module.named_buffers())
    if way == "plain":
        one = {name: value.squeeze(0) for name, value in state.items()}
        alone = tuple(
            {name: value.squeeze(0) for name, value in item.items()} if isinstance(item, dict) else item.squeeze(0)
            for item in inputs
        )
        return functional_call(module, one, alone).unsqueeze(0)
    return vmap(lambda own, *items: functional_call(module, own, items))(state, *inputs)
