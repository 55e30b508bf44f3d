"""The process that asks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Serial:
    """One item after the other, here: for a debugger, and what every other executor is compared with."""

    workers = 1
    remote = False

    def map(
        self,
        function: Callable[[Any, Any], Any],
        shared: Any,
        items: Sequence[Any],
        preload: Sequence[str] = (),
        workers: int | None = None,
    ) -> Iterator[Any]:
        """Call ``function(shared, item)`` for every item; see ``mmer.types.executor.Executor``."""
        return (function(shared, item) for item in items)
