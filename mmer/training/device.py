"""Where training runs, and how to make it give the same bits again there."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import scipy.linalg.blas  # noqa: F401  its threads can be limited only once it is there
import torch
from threadpoolctl import threadpool_limits

from mmer.types.errors import InputError, nearest

DEVICES = ("auto", "cpu", "cuda")
# Of glibc's mallopt (malloc.h), and what they are set to.
MALLOC = {"M_MMAP_MAX": (-4, 0), "M_TRIM_THRESHOLD": (-1, 2**31 - 1), "M_TOP_PAD": (-2, 2**28)}
NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


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


def take_device(name: str, place: int | None) -> None:
    """Let this worker compute on a GPU of its own, if there are several.

    Parameters
    ----------
    name : str
        As of ``find_device``, which then returns that GPU.
    place : int or None
        Of the worker among its siblings on this machine; None: it has none.
    """
    if place is not None and find_device(name).type == "cuda" and torch.cuda.device_count() > 1:
        torch.cuda.set_device(place % torch.cuda.device_count())


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
        with threadpool_limits(1):  # SciPy's BLAS, which compiled kernels call, has threads of its own
            yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        torch.utils.deterministic.fill_uninitialized_memory = fill


def tune_malloc() -> None:
    """Let this process keep the memory that it has had, where the C library is glibc.

    By default every large tensor is fetched from the system and given back, and each of its pages is zeroed again at
    every step: a third of the time of a network of a few layers.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        for parameter, value in MALLOC.values():
            mallopt(ctypes.c_int(parameter), ctypes.c_int(value))


def free_memory(device: torch.device) -> int:
    """Return how many bytes can still be had on a device, as far as the system tells; else 4 GiB."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return 4 * 2**30


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an error is that memory ran out; torch has a type for it on GPUs only."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(word in str(error) for word in NO_MEMORY)
