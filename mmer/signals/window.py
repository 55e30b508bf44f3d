"""Window: which seconds around onset or apex are cut out of a recording."""

import math
from dataclasses import dataclass

from mmer.types.errors import InputError

ANCHORS = ("onset", "apex")


@dataclass(frozen=True)
class Window:
    """Seconds from the anchor; signals differ in how late the body answers, so every signal has its own.

    Parameters
    ----------
    anchor : str
        ``onset`` or ``apex`` of the clip.
    start, stop : float
        Seconds from the anchor; the sample at ``stop`` is not part of it.
    baseline : pair of float or None
        The same for the stretch that features are compared with; None: none.

    Raises
    ------
    InputError
        The anchor is no such word, or a stretch ends before it starts.
    """

    anchor: str = "onset"
    start: float = -1.0
    stop: float = 1.0
    baseline: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        name = getattr(self, "name", "window")
        if self.anchor not in ANCHORS:
            raise InputError(f"signal {name}: anchor is {self.anchor!r}; it may be {' or '.join(ANCHORS)}")
        if self.baseline is not None and len(self.baseline) != 2:
            raise InputError(
                f"signal {name}: baseline is {list(self.baseline)}; it is [start, stop] in seconds, or null"
            )
        for what, (start, stop) in {"window": (self.start, self.stop), "baseline": self.baseline or (0, 1)}.items():
            if not (math.isfinite(start) and math.isfinite(stop) and start < stop):
                raise InputError(
                    f"signal {name}: the {what} runs from {start} s to {stop} s; it must start before it ends"
                )

    @property
    def reads(self) -> tuple[str, ...]:
        """Which annotations place the window."""
        return (self.anchor,)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.stop - self.start
