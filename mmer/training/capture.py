"""Training steps that are recorded once and then replayed: CUDA graphs.

A small network leaves a GPU waiting for Python, which launches some hundred operations per step, one after the other.
A graph is the whole list of them, launched at once: what was recorded is done again, on the same memory, whatever
Python says by then. So a step that is replayed (``_step`` in ``mmer.training.train``)

- reads its clips by rows, from a tensor of its own that is filled before each replay; parameters, buffers, the
  optimiser's state and the clips stay where they are until a member leaves the stack, and then everything is recorded
  anew (``forget``);
- gets every number that changes from a tensor that is filled in place: learning rate, ``progress`` of a loss, step
  of the dropout layers;
- never asks the device for a number.

There is a recording for each number of rows and each kind of padding, of which an epoch has a few. The steps before a
recording are ordinary ones that count; they also bring the libraries and the optimiser to where they allocate nothing
more of their own. Recording carries nothing out. What cannot be recorded is carried out as ever: no choice changes the
numbers of a training.

Source: "CUDA Graphs" and "Whole-network capture" in the notes on CUDA semantics of torch's documentation.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Protocol

import torch
from torch import Tensor

from mmer.training.stack import Batch
from mmer.types.errors import InputError

WARM = 3  # ordinary steps before a recording
TIMED = 5  # replayed steps that are timed, and as many ordinary ones
Sums = tuple[Tensor, Tensor]  # per member, (K,): the summed loss of a step, and how many clips were right
# Rows (K, B), whether some of them are padding, and how the clips are changed first -> sums.
Body = Callable[[Tensor, bool, Callable[[Batch], Batch] | None], Sums]
log = logging.getLogger("mmer")


class Recorder(Protocol):
    """Records work on a kind of device."""

    def warm_up(self, work: Callable[[], Sums]) -> Sums:
        """Do the work in the way in which it will be recorded."""

    def record(self, work: Callable[[], Sums]) -> Callable[[], Sums]:
        """Record the work without doing it; what is returned does it, and returns the same tensors every time."""

    def wait(self) -> None:
        """Wait until the device has done everything."""


class CudaRecorder:
    """Records on a GPU.

    All recordings share their memory: they are replayed one at a time, and none needs what another left behind. One
    side stream serves warming up and recording, because libraries keep memory of their own for each stream.
    """

    def __init__(self) -> None:
        self.stream, self.pool = torch.cuda.Stream(), torch.cuda.graph_pool_handle()

    def warm_up(self, work: Callable[[], Sums]) -> Sums:
        """Do the work on the side stream, after everything before and before everything after."""
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            sums = work()
        torch.cuda.current_stream().wait_stream(self.stream)
        return sums

    def record(self, work: Callable[[], Sums]) -> Callable[[], Sums]:
        """Capture the work as a graph."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self.pool, stream=self.stream):
            sums = work()

        def replay() -> Sums:
            graph.replay()
            return sums

        return replay

    def wait(self) -> None:
        """Wait for the GPU."""
        torch.cuda.synchronize()


RECORDERS: dict[str, Callable[[], Recorder]] = {"cuda": CudaRecorder}


def can_record(device: torch.device) -> bool:
    """Say whether steps on a device can be recorded."""
    return device.type in RECORDERS


def check_choice(choice: str, device: torch.device) -> None:
    """Check ``cuda_graph`` of the recipe.

    Raises
    ------
    InputError
        Steps are to be replayed on a device that cannot.
    """
    if choice == "on" and not can_record(device):
        raise InputError(
            f"recipe: cuda_graph is 'on', but training runs on the {device.type}, which has no CUDA graphs; use "
            "cuda_graph: auto or off, or device: cuda"
        )


class Eager:
    """Steps as they are written.

    Attributes
    ----------
    settled : int
        So many steps come before those that tell how long a step takes.
    """

    settled = 1

    def __init__(self, body: Body) -> None:
        self.body = body

    def __call__(self, rows: Tensor, padded: bool, change: Callable[[Batch], Batch] | None = None) -> Sums:
        """Take a step."""
        return self.body(rows, padded, change)

    def forget(self) -> None:
        """Members have left the stack."""


class Replayed(Eager):
    """Steps that are replayed where that can be done; and, if they are compared, where it is faster.

    Parameters
    ----------
    body : callable
        The step; it must keep to what this file's beginning says.
    optimizer : Optimizer
        Its learning rate is a tensor.
    make_recorder : callable
    compared : bool
        Whether a few ordinary and a few replayed steps are timed first, and the faster way is taken from then on.
    name : str
        Of the training, for the log.
    """

    def __init__(
        self,
        body: Body,
        optimizer: torch.optim.Optimizer,
        make_recorder: Callable[[], Recorder],
        compared: bool,
        name: str,
    ) -> None:
        super().__init__(body)
        self.optimizer, self.make_recorder, self.name = optimizer, make_recorder, name
        self.replays, self.compared, self.level = True, compared, logging.INFO if compared else logging.WARNING
        self.settled = WARM + 1 + (2 * TIMED if compared else 0)
        self.forget()

    def forget(self) -> None:
        """Begin new recordings, since what the old ones worked on is no more."""
        self.recorder = self.make_recorder()
        self.recordings: dict[tuple, tuple[Tensor, Callable[[], Sums]]] = {}
        self.taken: Counter[tuple] = Counter()
        self.first: tuple | None = None
        self.seconds: dict[bool, list[float]] = {False: [], True: []}  # of steps that were replayed, or not

    def __call__(self, rows: Tensor, padded: bool, change: Callable[[Batch], Batch] | None = None) -> Sums:
        """Take a step, as it is written or by replaying one of the same shape."""
        if change is not None and self.replays:
            self._give_up("augmentation draws its numbers outside the GPU")
        key = (*rows.shape, padded)
        if self.replays and key not in self.recordings and self.taken[key] >= self._warm(key):
            self._record(key, rows)
        if not self.replays:
            return self.body(rows, padded, change)
        self.taken[key] += 1
        if not self.compared or key != self.first:
            return self._take(key, rows)
        self.recorder.wait()
        start, replayed = perf_counter(), key in self.recordings
        sums = self._take(key, rows)
        self.recorder.wait()
        self.seconds[replayed].append(perf_counter() - start)
        if len(self.seconds[True]) == TIMED:
            self._compare()
        return sums

    def _warm(self, key: tuple) -> int:
        """Return how many ordinary steps of a shape come first; where ways are compared, the first shape has more."""
        self.first = self.first or key
        return WARM + (TIMED if self.compared and key == self.first else 0)

    def _take(self, key: tuple, rows: Tensor) -> Sums:
        if key in self.recordings:
            own, replay = self.recordings[key]
            own.copy_(rows)
            return replay()
        return self.recorder.warm_up(lambda: self.body(rows, key[-1], None))

    def _record(self, key: tuple, rows: Tensor) -> None:
        """Record the step of a shape; if that fails, from then on all steps are taken as they are written."""
        own = rows.clone()
        try:
            with _marked(self.optimizer):
                self.recordings[key] = own, self.recorder.record(lambda: self.body(own, key[-1], None))
        except RuntimeError as error:  # a wait for the device, an operation that cannot be recorded, no memory for it
            self._give_up(f"one could not be recorded ({str(error.__context__ or error).partition(chr(10))[0]})")
            self.optimizer.zero_grad(set_to_none=True)  # gradients of what was not carried out

    def _compare(self) -> None:
        """Choose the faster way."""
        self.compared = False
        eager, replayed = (1000 * min(self.seconds[way]) for way in (False, True))
        if eager <= replayed:
            self._give_up(f"a step takes {eager:.2f} ms, replayed {replayed:.2f} ms")
        else:
            log.info("%s: steps are replayed: one takes %.2f ms, else %.2f ms", self.name, replayed, eager)

    def _give_up(self, why: str) -> None:
        self.recorder.wait()  # recordings are thrown away only when they are not at work
        self.replays, self.compared = False, False
        self.forget()
        log.log(self.level, "%s: steps are not replayed: %s", self.name, why)


def make_steps(
    body: Body, optimizer: torch.optim.Optimizer, device: torch.device, choice: str, name: str
) -> Eager | Replayed:
    """Choose how steps are taken.

    Parameters
    ----------
    body, optimizer, name
        See ``Replayed``.
    device : torch.device
    choice : str
        ``cuda_graph`` of the recipe.
    """
    check_choice(choice, device)
    if choice == "off" or not can_record(device):
        return Eager(body)
    return Replayed(body, optimizer, RECORDERS[device.type], choice == "auto", name)


@contextmanager
def _marked(optimizer: torch.optim.Optimizer) -> Iterator[None]:
    """Say that the optimiser may be recorded, inside; torch warns where one so marked also runs outside a graph."""
    groups = [group for group in optimizer.param_groups if "capturable" in group]
    for group in groups:
        group["capturable"] = True
    try:
        yield
    finally:
        for group in groups:
            group["capturable"] = False
