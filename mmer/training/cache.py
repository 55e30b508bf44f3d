"""Cache: where trained folds outlive a kill."""

from typing import Any, Protocol

from mmer.training.fold_result import FoldResult


class Cache(Protocol):
    """Where results outlive a kill. It is sent to every worker, so it must be picklable.

    A result is known by (seed, repeat, fold); whoever makes the cache sees to it that everything else a result depends
    on leads to another cache.
    """

    def get(self, seed: int, repeat: int, fold: str) -> FoldResult | None:
        """Return a result that was put here, or None."""

    def put(self, result: FoldResult) -> None:
        """Keep a result; a kill leaves all of it or nothing."""

    def elsewhere(self) -> "Cache":
        """Return the cache for a worker of another machine: it keeps what it is given only if that disk has it."""

    def get_note(self, name: str) -> Any:
        """Return a note, or None."""

    def put_note(self, name: str, value: Any) -> None:
        """Keep a note, of what json knows."""
