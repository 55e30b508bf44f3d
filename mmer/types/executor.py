"""Executor: where items of work are done. The functions that do them are the same wherever that is."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol


class Executor(Protocol):
    """A component of ``mmer.executors``: this process, other processes, or other machines.

    A frozen dataclass. It changes where work is done, never what comes out.
    """

    @property
    def workers(self) -> int | None:
        """How many items are done at once; None: as many as this machine has cores, or fewer if they are not worth it.

        Asking a cluster connects to it.
        """

    @property
    def remote(self) -> bool:
        """Whether items are done by other machines, or may be: then even a single item is sent away.

        Such machines may have another device, and another disk.
        """

    def map(
        self,
        function: Callable[[Any, Any], Any],
        shared: Any,
        items: Sequence[Any],
        preload: Sequence[str] = (),
        workers: int | None = None,
    ) -> Iterator[Any]:
        """Call ``function(shared, item)`` for every item.

        Parameters
        ----------
        function : callable
            Importable by name. A pure function of its arguments: where a worker dies, its item is done again.
        shared : object
            What all items need, picklable; sent once to each worker.
        items : sequence
            Picklable.
        preload : sequence of str
            Modules to import once in each worker.
        workers : int, optional
            Most items at once, where this machine does them; ``self.workers`` when left out.

        Returns
        -------
        iterator
            Results in the order of ``items``. The first error stops the rest and is raised here.

        Raises
        ------
        InputError
            Workers were killed, cannot be reached, or run another version of the code.
        """
