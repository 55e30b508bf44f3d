"""One table for papers: numbers at full precision for programs, and texts for LaTeX."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mmer.report import latex
from mmer.report.summary import Score
from mmer.report.wording import number_text, score_text


@dataclass(frozen=True)
class Export:
    """One table.

    Parameters
    ----------
    name, caption, note : str
        Stem of its files, title, and what a reader must know.
    numbers : DataFrame
        One fact per column, nothing rounded.
    head : tuple of str
    texts : tuple of tuple of str
        See ``mmer.report.latex.table``.
    left : int
        Columns that hold words: the first so many. The others hold numbers.
    """

    name: str
    caption: str
    note: str
    numbers: pd.DataFrame
    head: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]
    left: int = 1

    def csv(self) -> str:
        """Write the numbers with all digits that they have; a cell that is not defined is empty."""
        return self.numbers.map(_harmless).to_csv(index=False, lineterminator="\n")

    def tex(self) -> str:
        """Write the texts."""
        align = "l" * self.left + "r" * (len(self.head) - self.left)
        return latex.table(self.name, self.caption, self.head, self.texts, align, self.note)


def export(
    name: str, caption: str, rows: Sequence[tuple[dict[str, Any], Sequence[str]]], head: Sequence[str], **more: Any
) -> Export | None:
    """Make a table of rows, each the facts and the texts of one; None where there are no rows."""
    if not rows:
        return None
    facts = pd.DataFrame([one for one, _ in rows])
    return Export(
        name, caption, more.pop("note", ""), facts, tuple(head), tuple(tuple(text) for _, text in rows), **more
    )


def score_facts(name: str, score: Score) -> dict[str, float]:
    """Return mean, standard deviation over runs and interval of a score as columns."""
    low, high = score.interval or (float("nan"), float("nan"))
    return {name: score.mean, f"{name}_sd": score.std, f"{name}_low": low, f"{name}_high": high}


def bracketed(score: Score) -> str:
    """Write a score with its interval: ``0.612 [0.501, 0.700]``."""
    return score_text(score) + (f" [{span(*score.interval)}]" if score.interval else "")


def span(low: float, high: float, write: Any = number_text) -> str:
    """Write an interval without brackets: ``0.501, 0.700``."""
    return f"{write(low)}, {write(high)}"


def _harmless(value: Any) -> Any:
    """Keep a spreadsheet from taking a text that begins like a formula for one."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
