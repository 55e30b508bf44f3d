"""Augmentation of one epoch: what ``Augment`` asks for, done to the batches of a whole stack."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from mmer.training.augment.affine import Affine, move
from mmer.training.augment.amplify import amplify, drawn_factor
from mmer.training.augment.flip import flip
from mmer.training.augment.mixup import drawn_share, mix
from mmer.training.augment.neighbours import chosen
from mmer.training.seeds import Key
from mmer.training.stack import Batch, Member

# What a clip draws, in this order; always all of it, so that one rule does not change the numbers of another.
DRAWS = ("neighbour", "flip", "rotate", "scale", "right", "down", "amplify")


class Augmentation:
    """Changes the batches of one epoch.

    Parameters
    ----------
    members : sequence of K Member
        All with ``raw``, under the same rules.
    lengths : sequence of K int
        Clips that each shows in the epoch.
    steps : int
        Into how many batches these are cut (as by ``Tensor.tensor_split``).
    epoch : int
    """

    def __init__(self, members: Sequence[Member], lengths: Sequence[int], steps: int, epoch: int) -> None:
        raws, self.device = [member.raw for member in members], members[0].edges.device
        self.rules, self.layouts = raws[0].rules, raws[0].layouts
        self.mean, self.deviation = (
            {name: torch.stack([getattr(raw, part)[name] for raw in raws]).unsqueeze(1) for name in raws[0].mean}
            for part in ("mean", "deviation")
        )
        own = [_drawn(member.key, epoch, length, steps) for member, length in zip(members, lengths, strict=True)]
        self.of_clips = [clips.tensor_split(steps) for clips, _ in own]
        self.of_steps = torch.stack([of_steps for _, of_steps in own])  # (K, steps, 2)

    @staticmethod
    def of(members: Sequence[Member], lengths: Sequence[int], steps: int, epoch: int) -> "Augmentation | None":
        """Return the augmentation of an epoch, or None where clips are shown as they are."""
        return None if members[0].raw is None else Augmentation(members, lengths, steps, epoch)

    def __call__(self, batch: Batch, step: int) -> Batch:
        """Change and scale the clips of a step (from 0): real rows first, (K, B, ...) raw streams."""
        parts = [split[step] for split in self.of_clips]
        draws = torch.nn.utils.rnn.pad_sequence(parts, batch_first=True).to(self.device)
        draw = dict(zip(DRAWS, draws.unbind(-1), strict=True))
        affine = Affine.drawn(draws[..., 2:6], self.rules.rotate, self.rules.scale, self.rules.translate)
        factor = drawn_factor(draw["amplify"], *self.rules.amplify)
        streams = {}
        for name, values in batch.streams.items():
            if name not in self.mean:  # who has a stream
                streams[name] = values
                continue
            if name in batch.siblings:
                values = chosen(values, batch.siblings[name], draw["neighbour"])
            if (layout := self.layouts.get(name)) is not None:
                if self.rules.flip:
                    values = flip(values, layout.order, layout.sign, draw["flip"] < self.rules.flip)
                if self.rules.moves:
                    values = move(values, layout, affine)
                if self.rules.amplifies:
                    values = amplify(values, layout, factor)
            streams[name] = (values - self.mean[name]) / self.deviation[name]
        batch = replace(batch, streams=streams, siblings={})
        if not self.rules.mixup:
            return batch
        share = drawn_share(self.of_steps[:, step, 0], self.rules.mixup)
        sizes = torch.tensor([len(part) for part in parts])
        return mix(batch, *(item.to(self.device) for item in (share, self.of_steps[:, step, 1], sizes)))


def _drawn(key: Key, epoch: int, length: int, steps: int) -> tuple[Tensor, Tensor]:
    """Draw numbers evenly from 0..1 for the clips (length, 7) and the steps (steps, 2) of a training's epoch."""
    generator = torch.Generator().manual_seed(key.derive("augment", epoch))
    shapes = ((length, len(DRAWS)), (steps, 2))
    clips, of_steps = (torch.rand(shape, generator=generator, dtype=torch.float64) for shape in shapes)
    return clips, of_steps
