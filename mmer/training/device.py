"""Where training runs, and how to make it give the same bits again there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from mmer.types.errors import InputError, nearest

DEVICES = ("auto", "cpu", "cuda")


def find_device(name: str) -> torch.device:
    """Turn ``auto``, ``cpu`` or ``cuda`` into a device; ``auto`` takes a GPU where there is one.

    Raises
    ------
    InputError
        The name is none of these, or there is no GPU.
    """
    if name not in DEVICES:
        raise InputError(f"device is {name!r}; {nearest(name, DEVICES)}")
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("device is 'cuda', but torch finds no GPU; use device: auto or cpu")
    if name == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS may sum in another order
    return torch.device("cuda")


@contextmanager
def reproducible(device: torch.device) -> Iterator[None]:
    """One thread and deterministic algorithms, inside; what was set before, after.

    The number of threads decides the order of sums, and with it the last bits. Two OpenMP threads on a shared machine
    are also slower than one: processes are used instead. On a GPU, operations that have no deterministic form only
    warn.
    """
    threads = torch.get_num_threads()
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    fill = torch.utils.deterministic.fill_uninitialized_memory
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True, warn_only=device.type == "cuda")
    torch.utils.deterministic.fill_uninitialized_memory = False  # a check for bugs that costs time at every allocation
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        torch.utils.deterministic.fill_uninitialized_memory = fill
