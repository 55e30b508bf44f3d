"""A CUDA graph for the CPU: what torch does in a step is written down, with its memory, and done again."""

from typing import ClassVar

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

# What makes a host wait for its device, and what brings a number of the host to it: a graph can do neither.
WAITS = ("_local_scalar_dense", "is_nonzero", "nonzero", "masked_select", "_unique2", "equal", "bincount", "lift_fresh")


class Tape(TorchDispatchMode):
    """Writes down every operation: its numbers as they are, its tensors by where they lie; and takes them back."""

    def __init__(self):
        super().__init__()
        self.lines, self.own, self.before = [], set(), {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        given = {place(item): item for item in tree_leaves((args, kwargs)) if isinstance(item, torch.Tensor)}
        for where in given.keys() - self.own - self.before.keys():
            storage = given[where].untyped_storage()
            self.before[where] = storage, storage.clone()
        out = func(*args, **kwargs)
        self.own |= {place(item) for item in tree_leaves(out) if isinstance(item, torch.Tensor)} - given.keys()
        self.lines.append((func, *tree_map(memory, (args, kwargs, out))))
        return out

    def take_back(self):
        """Let everything be as it was before."""
        for storage, before in self.before.values():
            storage.copy_(before)

    def replay(self):
        """Do everything again; results are put where they lay the first time."""
        for func, args, kwargs, out in self.lines:
            given = {place(item) for item in tree_leaves((args, kwargs)) if isinstance(item, torch.Tensor)}
            for old, new in zip(tree_leaves(out), tree_leaves(func(*args, **kwargs)), strict=True):
                if isinstance(old, torch.Tensor) and place(old) not in given:  # no view, nor changed in place
                    old.copy_(new)

    def waits(self):
        """Name the operations that cannot be recorded on a GPU."""
        return sorted({str(func) for func, *_ in self.lines if func.name().split("::")[1].split(".")[0] in WAITS})


def memory(item):
    """Return a tensor of the same memory that knows nothing of gradients: these were written down too."""
    return item.detach() if isinstance(item, torch.Tensor) else item


def place(tensor):
    return tensor.untyped_storage().data_ptr() if tensor.numel() else id(tensor)


class TapeRecorder:
    """Stands in for ``CudaRecorder``."""

    made: ClassVar[list["TapeRecorder"]] = []

    def __init__(self):
        self.tapes, self.replays, self.warm = [], 0, 0
        TapeRecorder.made.append(self)

    def warm_up(self, work):
        self.warm += 1
        return work()

    def record(self, work):
        with Tape() as tape:
            sums = work()
        tape.take_back()
        self.tapes.append(tape)

        def replay():
            self.replays += 1
            tape.replay()
            return sums

        return replay

    def wait(self):
        pass
