"""The training of a stack: its epochs, its steps, who stops when. One fold alone is a stack of one.

All members take the same number of steps per epoch, so that one optimiser serves all: members are put together that
way (``mmer.training.plan``). A batch is a member's own: its clips in an order that derives from its own names. Batches
of a step differ in size by a few clips; shorter ones are padded with rows of weight 0.

Which clips an epoch shows is ``mmer.training.sampling``'s matter; how they are changed, ``mmer.training.augment``'s.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter

import pandas as pd
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from mmer.losses.progress import set_progress
from mmer.models.batch_norm import set_mask
from mmer.models.dropout import set_step
from mmer.training.augment.augmentation import Augmentation
from mmer.training.capture import Eager, can_record, make_steps
from mmer.training.early_stopping import Patience
from mmer.training.fold_result import CURVE
from mmer.training.optimizer import clip_gradients, keep_members, longest_gradients, make_optimizer, set_learning_rates
from mmer.training.recipe import Recipe
from mmer.training.sampling.order import draw_order
from mmer.training.seeds import Key
from mmer.training.stack import Batch, Clips, Member, Stack
from mmer.training.task_kind import right
from mmer.types.errors import InputError

# Called after every epoch with its number, the stack as it stands and the report of its first member.
Watch = Callable[[int, Stack, "Report"], None]


@dataclass
class Report:
    """How the training of a member went.

    Parameters
    ----------
    key : Key
    rows : list of (int, float, float)
        Epoch, loss and accuracy; see ``curve``.
    used : Tensor of shape (n,), bool
        Which clips were trained on.
    error : InputError or None
        Why it stopped, if it failed.
    """

    key: Key
    used: Tensor
    rows: list[tuple[int, float, float]] = field(default_factory=list)
    error: InputError | None = None

    @property
    def curve(self) -> pd.DataFrame:
        """Return epoch, loss and accuracy (0..1): means over the clips while they were trained on."""
        return pd.DataFrame(self.rows, columns=list(CURVE))


def steps_per_epoch(n: int, recipe: Recipe) -> int:
    """Return the number of batches that n clips make."""
    return math.ceil(n / recipe.batch_size)


def train(
    members: Sequence[Member], recipe: Recipe, way: str | None = None, watch: Watch | None = None
) -> list[Report]:
    """Train members together; their models hold the trained weights after it.

    Parameters
    ----------
    members : sequence of Member
        With equal ``steps_per_epoch``.
    recipe : Recipe
        Of all members that have no ``recipe`` of their own; those of members have one ``Recipe.frame``.
    way : str, optional
        See ``Stack``.
    watch : callable, optional
        Called after every epoch.

    Returns
    -------
    list of Report
        One per member, in their order. A member whose loss is not finite stops with an error; the others go on.
    """
    members = [replace(member, recipe=member.recipe or recipe) for member in members]
    steps, *others = {steps_per_epoch(len(member.clips), member.recipe) for member in members}
    if others:
        raise ValueError("members of a stack must take the same number of steps per epoch")
    reports = [Report(member.key, torch.zeros(len(member.clips), dtype=torch.bool)) for member in members]
    running = list(reports)
    clips = Clips([member.clips for member in members])
    stack = Stack(members, way, recipe.precision)
    optimizer, take = _start(stack, clips, recipe)
    patience = Patience(stack, recipe)
    stack.model.train()
    for epoch in range(1, recipe.epochs + 1):
        set_learning_rates(optimizer, [member.recipe for member in stack.members], epoch)
        set_progress(stack.loss, (epoch - 1) / recipe.epochs)
        orders = [draw_order(member.key, len(member.clips), epoch, member.chances) for member in stack.members]
        loss, correct = _epoch(stack, clips, orders, steps, epoch, take)
        for report, member, size, order, *sums in zip(
            running, stack.members, clips.sizes, orders, loss, correct, strict=True
        ):
            report.used[order] = True
            report.rows.append((epoch, *(value / size for value in sums)))
            if not math.isfinite(sums[0]):
                report.error = _diverged(report, member.recipe)
        finished = patience.finished(stack) | {
            place for place, report in enumerate(running) if report.error is not None
        }
        if watch is not None:
            watch(epoch, stack, running[0])
        if finished and epoch < recipe.epochs:
            rest = [place for place in range(len(running)) if place not in finished]
            patience.give_back(stack, finished)
            if not rest:
                return reports
            stack.keep(rest)
            clips.keep(rest)
            patience.keep(rest)
            keep_members(optimizer, rest)
            take.forget()
            running = [running[place] for place in rest]
    patience.give_back(stack, set(range(len(running))))
    return reports


def time_steps(members: Sequence[Member], recipe: Recipe, way: str | None = None, steps: int = 4) -> float:
    """Return the seconds that a step takes per member; the members are of no use after it."""
    members = [replace(member, recipe=member.recipe or recipe) for member in members]
    stack, clips = Stack(members, way, recipe.precision), Clips([member.clips for member in members])
    _, take = _start(stack, clips, recipe)
    stack.model.train()
    seconds = math.inf
    for epoch, number in ((1, take.settled), (2, steps), (3, steps)):  # the first only warms up
        orders = [draw_order(member.key, len(member.clips), 1).repeat(number) for member in members]
        orders = [order[: number * recipe.batch_size] for order in orders]
        start = perf_counter()
        _epoch(stack, clips, orders, number, epoch, take)
        if epoch > 1:
            seconds = min(seconds, (perf_counter() - start) / number)
    return seconds / len(members)


def _start(stack: Stack, clips: Clips, recipe: Recipe) -> tuple[torch.optim.Optimizer, Eager]:
    """Make the optimiser, and what takes a step: ``_step`` itself, or something that replays it on a GPU."""
    device, first = stack.edges.device, stack.members[0].key
    own = [member.recipe for member in stack.members]
    optimizer = make_optimizer(stack.parameters.values(), own, recorded=can_record(device))
    name = f"{first.experiment}, stack of {len(stack.members)} from seed {first.seed}, fold {first.fold}"
    body = partial(_step, stack, clips, optimizer)
    return optimizer, make_steps(body, optimizer, device, recipe.cuda_graph, name)


def _epoch(
    stack: Stack, clips: Clips, orders: list[Tensor], steps: int, epoch: int, take: Eager
) -> tuple[list[float], list[float]]:
    """Take the steps of an epoch; return per member the summed loss and how many clips were right."""
    device = stack.edges.device
    total = correct = torch.zeros(len(orders), device=device)  # on the device: reading a number waits for it
    augment = Augmentation.of(stack.members, [len(order) for order in orders], steps, epoch)
    batches = zip(*(order.tensor_split(steps) for order in orders), strict=True)
    for number, parts in enumerate(batches):
        rows = pad_sequence(list(parts), batch_first=True, padding_value=clips.pad)
        padded = min(len(part) for part in parts) < rows.shape[1]
        set_step(stack.model, (epoch - 1) * steps + number)
        change = None if augment is None else partial(augment, step=number)
        loss, right_ones = take(rows.to(device, non_blocking=True), padded, change)
        total, correct = total + loss, correct + right_ones
    set_mask(stack.model, torch.ones(len(orders), device=device))
    return total.tolist(), correct.tolist()


def _step(
    stack: Stack,
    clips: Clips,
    optimizer: torch.optim.Optimizer,
    rows: Tensor,
    padded: bool,
    change: Callable[[Batch], Batch] | None,
) -> tuple[Tensor, Tensor]:
    """Take one step on the clips ``rows`` (K, B); return per member, (K,), the summed loss and how many were right.

    Nothing in it waits for the device or hands it a number that changes from step to step, so that a GPU can replay it
    (``mmer.training.capture``).
    """
    batch, real = clips.take(rows), rows < clips.pad
    if change is not None:  # clips as they are have been scaled before
        batch = change(batch)
    set_mask(stack.model, real if padded else real[:, 0])  # (K,): nobody has padding
    logits, inside = stack.logits(batch)
    losses = stack.losses(logits, inside, batch)
    optimizer.zero_grad(set_to_none=True)
    losses.sum().backward()  # members share no number, so the gradient of the sum is that of each
    if (most := longest_gradients(optimizer)) is not None:
        clip_gradients(stack.parameters.values(), most)
    optimizer.step()
    hits = right(logits.detach(), batch.answer, stack.members[0].detection)
    return losses.detach() * real.sum(1), (hits * real).sum(1)


def _diverged(report: Report, recipe: Recipe) -> InputError:
    """Say which training failed, and when."""
    epoch, loss, _ = report.rows[-1]
    key = report.key
    return InputError(
        f"experiment {key.experiment!r}, seed {key.seed}, fold {key.fold!r}: the training loss is {loss} in epoch "
        f"{epoch}; a lower lr than {recipe.lr} usually helps"
    )
