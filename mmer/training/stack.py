"""Stack: K trainings as one model whose parameters and buffers carry a leading dimension.

A member is one training: a fold under a seed, with its own clips, scaler, edge weights, loss and initial weights.
Nothing of one member enters another; what they share is the optimiser's arithmetic, which works on each number alone.

The forward pass of a stack takes one of three ways:

``plain``   K = 1: the model as it is.
``folded``  the model's own layers take stacked weights (its class says ``folded = True``, see ``mmer.models.folded``).
``vmap``    every other model, by ``torch.func.vmap``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from mmer.models.unit_detection import unit_columns, unit_loss
from mmer.training.augment.raw import Raw
from mmer.training.precision import forward_cast
from mmer.training.recipe import Recipe
from mmer.training.seeds import Key
from mmer.training.together import stacked
from mmer.types.targets import FACS

IMAGES = ("flow",)  # streams (n, C, H, W)


@dataclass
class Batch:
    """Clips of one member, or (K, ...) of all members of a stack.

    Parameters
    ----------
    streams : dict of str to Tensor (n, ...)
        Scaled; where clips are augmented, not yet.
    answer : Tensor of shape (n,) or (n, A)
        See ``mmer.types.targets.Targets.answer``.
    weight : Tensor of shape (n,)
        0 for padding.
    units : Tensor of shape (n, A)
        Annotated action units, for a loss that asks for them.
    siblings : dict of str to Tensor (n, M, ...)
        Variants of the clips that may be shown in their place (``mmer.training.augment``).
    partner : Batch or None
        Without streams: what the clips are also, with (1 - ``share``) of their loss, after mixup.
    share : Tensor of shape (K,) or None
    """

    streams: dict[str, Tensor]
    answer: Tensor
    weight: Tensor
    units: Tensor
    siblings: dict[str, Tensor] = field(default_factory=dict)
    partner: "Batch | None" = None
    share: Tensor | None = None

    def __len__(self) -> int:
        return len(self.answer)

    def map(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        """Apply a function to every tensor of clips that are not mixed up."""
        streams, siblings = (
            {name: change(values) for name, values in part.items()} for part in (self.streams, self.siblings)
        )
        return Batch(streams, change(self.answer), change(self.weight), change(self.units), siblings)


@dataclass
class Member:
    """One training, ready to start.

    Parameters
    ----------
    key : Key
        Its names; the batch order derives from them.
    model : nn.Module
        With its initial weights, on its device; ``Stack.give_back`` puts the trained ones there.
    loss : nn.Module
    clips : Batch
        What it is trained on.
    edges : Tensor of shape (E,)
        Edge weights.
    detection : bool
        Whether a logit stands for an action unit.
    validation : Batch or None
        Clips of held-out training subjects, which decide when to stop. Scaled, and never augmented.
    chances : Tensor of shape (n,), float64, or None
        Probability of each clip in each draw of an epoch; None: every clip once (``mmer.training.sampling``).
    raw : Raw or None
        How the clips are changed and scaled whenever they are shown; None: they are scaled, and shown as they are.
    recipe : Recipe or None
        Its own, where members differ in numbers of it (``mmer.training.recipe.Recipe.frame``).
    """

    key: Key
    model: nn.Module
    loss: nn.Module
    clips: Batch
    edges: Tensor
    detection: bool = False
    validation: Batch | None = None
    chances: Tensor | None = None
    raw: Raw | None = None
    recipe: Recipe | None = None


class Clips:
    """The clips of K members, padded to the longest: what batches are taken from.

    Parameters
    ----------
    parts : sequence of Batch
        Of every member.

    Attributes
    ----------
    sizes : list of K int
        Clips of every member.
    pad : int
        A row that is of zeros, and of weight 0, in every member.
    whole : Batch
        (K, pad + 1, ...).
    """

    def __init__(self, parts: Sequence[Batch]) -> None:
        self.sizes = [len(part) for part in parts]
        self.pad = max(self.sizes)
        streams, siblings = (
            {name: self._padded([getattr(part, kind)[name] for part in parts]) for name in getattr(parts[0], kind)}
            for kind in ("streams", "siblings")
        )
        others = ([getattr(part, name) for part in parts] for name in ("answer", "weight", "units"))
        self.whole = Batch(streams, *(self._padded(values) for values in others), siblings)

    def _padded(self, parts: list[Tensor]) -> Tensor:
        """Return (K, pad + 1, ...)."""
        whole = parts[0].new_zeros((len(parts), self.pad + 1, *parts[0].shape[1:]))
        for row, part in zip(whole, parts, strict=True):
            row[: len(part)] = part
        return whole

    def take(self, rows: Tensor) -> Batch:
        """Return the clips ``rows`` (K, B) as a batch (K, B, ...)."""
        starts = torch.arange(len(rows), device=rows.device)[:, None] * (self.pad + 1)
        flat = (rows + starts).flatten()
        return self.whole.map(lambda values: values.flatten(0, 1).index_select(0, flat).unflatten(0, rows.shape))

    def keep(self, places: list[int]) -> None:
        """Go on with these members only."""
        self.sizes = [self.sizes[place] for place in places]
        self.whole = self.whole.map(lambda values: values[places])


class Stack:
    """The models and losses of K members as one.

    Parameters
    ----------
    members : sequence of Member
        Of one architecture, see ``mmer.training.together.signature``.
    way : str or None
        ``plain``, ``folded`` or ``vmap``; None: as the module says.
    precision : str
        Of the forward pass, see ``mmer.training.precision``.

    Attributes
    ----------
    model, loss : nn.Module
        Of the first member, but every parameter and buffer has a leading dimension K. ``mmer.models.dropout.set_step``
        and its like work on them.
    way : str
    lifted : frozenset of str
        Buffers of the model that are numbers of the members' own models (``mmer.training.together``).
    """

    def __init__(self, members: Sequence[Member], way: str | None = None, precision: str = "float32") -> None:
        self.members, self.precision = list(members), precision
        folded = getattr(type(members[0].model), "folded", False)
        self.way = way or ("plain" if len(members) == 1 else "folded" if folded else "vmap")
        # A model alone is not copied: what it keeps of itself beside parameters and buffers stays its own.
        self.model, self.lifted = stacked([member.model for member in members], copied=len(members) > 1)
        self.loss, _ = stacked([member.loss for member in members], copied=True)
        self.edges = torch.stack([member.edges for member in members])

    @property
    def parameters(self) -> dict[str, nn.Parameter]:
        """Every parameter, (K, ...)."""
        return dict(self.model.named_parameters())

    def logits(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return logits (K, B, C), and what the loss needs from inside the model.

        ``features`` (K, B, D): what the logits were made of, if the loss asks for them. ``unit_logits`` (K, B, A): of
        the action units that the model detects beside the class (``mmer.models.unit_detection``).
        """
        streams = batch.streams
        if self.way == "plain":
            streams = {name: _pixels_last(v) if name in IMAGES else v for name, v in streams.items()}
        inputs, state = (streams, self.edges), _state(self.model)
        seen: dict[str, Tensor] = {}
        hooks = []
        if "features" in getattr(self.loss, "needs", ()):
            hook = self.model.classifier.register_forward_pre_hook(lambda _, given: seen.update(features=given[0]))
            hooks.append(hook)
        if getattr(self.model, "unit_weight", 0) > 0:
            hook = self.model.unit_head.register_forward_hook(lambda _, given, found: seen.update(unit_logits=found))
            hooks.append(hook)

        def one(own: dict[str, Tensor], *items: Tensor | dict[str, Tensor]) -> tuple[Tensor, ...]:
            seen.clear()
            return functional_call(self.model, own, items), *seen.values()

        try:
            with forward_cast(self.edges.device, self.precision):
                if self.way == "plain":
                    found = _alone(one, state, *inputs)
                else:
                    found = (one if self.way == "folded" else vmap(one))(state, *inputs)
        finally:
            for hook in hooks:
                hook.remove()
        logits, *inside = found if self.precision != "bf16" else (value.float() for value in found)
        return logits, dict(zip(seen, inside, strict=True))

    def losses(self, logits: Tensor, inside: dict[str, Tensor], batch: Batch) -> Tensor:
        """Return the loss of every member, (K,); of mixed clips that of both answers, each by its share.

        ``inside`` is what ``logits`` returned beside the logits.
        """
        if batch.partner is not None:
            own, other = (self.losses(logits, inside, one) for one in (replace(batch, partner=None), batch.partner))
            return batch.share * own + (1 - batch.share) * other
        extras = inside | {"units": batch.units}
        inputs = (logits, batch.answer, batch.weight, *(extras[name] for name in getattr(self.loss, "needs", ())))
        columns = unit_columns(self.model.unit_names, FACS) if "unit_logits" in inside else ()

        def one(own: dict[str, Tensor], *items: Tensor) -> tuple[Tensor]:
            return (functional_call(self.loss, own, items),)

        def of_units(units: Tensor, *items: Tensor) -> tuple[Tensor]:
            return (unit_loss(units, items[0], columns, items[1]),)

        lifted = _alone if len(logits) == 1 else lambda function, *items: vmap(function)(*items)
        (losses,) = lifted(one, _state(self.loss), *inputs)
        if columns:
            (found,) = lifted(of_units, inside["unit_logits"], batch.units, batch.weight)
            losses = losses + self.model.unit_weight * found
        return losses

    def give_back(self, place: int, model: nn.Module, values: dict[str, Tensor] | None = None) -> None:
        """Put the weights of one member into a model of its own, from ``values`` (see ``values``) where given."""
        for name, whole in (values or self.values()).items():
            module, _, leaf = name.rpartition(".")
            owner, own = model.get_submodule(module), whole[place].detach().clone()
            if leaf in owner._parameters:
                owner._parameters[leaf] = nn.Parameter(own, requires_grad=whole.requires_grad)
            else:
                owner._buffers[leaf] = own

    def values(self) -> dict[str, Tensor]:
        """Return every parameter and buffer of the model by its name, (K, ...); ``lifted`` numbers are none of them."""
        return {name: value for name, value in _state(self.model).items() if name not in self.lifted}

    def keep(self, places: list[int]) -> None:
        """Go on with these members only; what an optimiser holds of the parameters is its owner's to follow."""
        self.members = [self.members[place] for place in places]
        self.edges = self.edges[places]
        for module in (self.model, self.loss):
            for part in module.modules():
                for value in part._parameters.values():
                    if value is not None:
                        value.data = value.data[places]
                        value.grad = None
                for leaf, value in part._buffers.items():
                    if value is not None:
                        part._buffers[leaf] = value[places]


def _pixels_last(values: Tensor) -> Tensor:
    """Lay images (1, B, C, H, W) out with the channels of a pixel side by side: convolutions are faster that way."""
    return values.squeeze(0).contiguous(memory_format=torch.channels_last).unsqueeze(0)


def _state(module: nn.Module) -> dict[str, Tensor]:
    """Return every parameter and buffer by its name."""
    return dict(module.named_parameters()) | dict(module.named_buffers())


def _alone(function: Callable[..., tuple[Tensor, ...]], *inputs: Tensor | dict[str, Tensor]) -> tuple[Tensor, ...]:
    """Call a function of one member on the inputs of a stack of one; all are views, so buffers change in place."""
    one = (
        {name: value.squeeze(0) for name, value in item.items()} if isinstance(item, dict) else item.squeeze(0)
        for item in inputs
    )
    return tuple(value.unsqueeze(0) for value in function(*one))
