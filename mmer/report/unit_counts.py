"""Which annotated action units of a corpus come together, counted over its clips: for readers alone."""

from collections import Counter
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

MOST_UNITS = 14  # more do not fit beside each other; the most frequent are shown


@dataclass(frozen=True)
class UnitCounts:
    """Clips by the action units that they show.

    Parameters
    ----------
    names : tuple of str
        The most frequent units, in the order of their numbers.
    rows : tuple of (str, tuple of (str, int, float) )
        Unit -> for itself and every unit before it: name, clips that show both, and their share of the clips that show
        the rarer of the two.
    clips : int
        Clips whose units are annotated.
    left_out : int
        Units that are too rare to be shown.
    finding : str
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, int, float], ...]], ...]
    clips: int
    left_out: int
    finding: str


def unit_counts(clips: pd.DataFrame) -> UnitCounts | None:
    """Count the units of a Clips table, alone and in pairs; None where fewer than two are annotated."""
    lists = [
        sorted(set(map(str, units))) for units in clips.action_units if isinstance(units, list | tuple | np.ndarray)
    ]
    alone = Counter(unit for units in lists for unit in units)
    if len(alone) < 2:
        return None
    together = Counter(pair for units in lists for pair in combinations(units, 2))
    names = sorted(sorted(alone, key=lambda unit: (-alone[unit], unit))[:MOST_UNITS])
    rows = tuple(
        (unit, tuple(_cell(other, together[other, unit], alone[unit], alone[other]) for other in names[:at]))
        for at, unit in enumerate(names)
    )
    rows = tuple((unit, (*cells, _cell(unit, alone[unit], len(lists)))) for unit, cells in rows)
    (first, second), most = min(together.items(), key=lambda item: (-item[1], item[0]), default=(("", ""), 0))
    often = min(alone, key=lambda unit: (-alone[unit], unit))
    finding = f"Most frequent: {often}, in {alone[often]} of {len(lists)} annotated clips."
    if most:
        finding += f" Most frequent pair: {first} with {second}, in {most}."
    return UnitCounts(tuple(names), rows, len(lists), len(alone) - len(names), finding)


def _cell(name: str, count: int, *of: int) -> tuple[str, int, float]:
    """Return a name, a count, and its share of the least of some counts."""
    return name, count, round(count / min(of), 3)
