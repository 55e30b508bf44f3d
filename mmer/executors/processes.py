"""Processes of this machine."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mmer.types.errors import InputError
from mmer.types.workers import cores, in_processes


@dataclass(frozen=True)
class Processes:
    """Single-threaded processes; what one would do, or what is a single item, is done here.

    Parameters
    ----------
    workers : int or None
        How many; None: one per core, or per GPU.
    """

    workers: int | None = None
    remote = False

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise InputError(f"executor processes: workers must be at least 1, got {self.workers}")

    def map(
        self,
        function: Callable[[Any, Any], Any],
        shared: Any,
        items: Sequence[Any],
        preload: Sequence[str] = (),
        workers: int | None = None,
    ) -> Iterator[Any]:
        """Call ``function(shared, item)`` for every item; see ``mmer.types.executor.Executor``."""
        count = min(workers or self.workers or cores(), len(items))
        if count > 1:
            return in_processes(function, shared, items, count, preload)
        return (function(shared, item) for item in items)
