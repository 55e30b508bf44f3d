"""How numbers, configs and tables are written: in the page, and on a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from mmer.report.summary import Score


def number_text(value: float) -> str:
    """Write a score: ``0.612``; a dash for one that is not defined."""
    return "–" if value != value else f"{value:.3f}"


def score_text(score: Score) -> str:
    """Write a score: ``0.612``, with its standard deviation where there are several runs: ``0.612 ± 0.020``."""
    return number_text(score.mean) + (f" ± {score.std:.3f}" if score.runs > 1 and score.std == score.std else "")


def interval_text(score: Score) -> str:
    """Write the interval of a score: ``0.501 – 0.700``; nothing where it has none."""
    return f"{score.interval[0]:.3f} – {score.interval[1]:.3f}" if score.interval else ""


def p_text(p: float) -> str:
    """Write a p value: three digits, or that it is below what three digits show."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def signed_text(value: float) -> str:
    """Write a difference: ``+0.035``, ``−0.252``."""
    return "–" if value != value else f"{value:+.3f}".replace("-", "−")


def count_text(value: float) -> str:
    """Write a count: whole where it is, one digit where it is a mean over runs."""
    return f"{value:.0f}" if abs(value - round(value)) < 1e-9 else f"{value:.1f}"


def seconds_text(seconds: float) -> str:
    """Write a time: ``3.2 s``, ``4 min 10 s``, ``2 h 5 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def bytes_text(count: int) -> str:
    """Write a size of memory: ``310 MB``, ``1.4 GB`` (powers of ten)."""
    return f"{count / 1e6:.0f} MB" if count < 1e9 else f"{count / 1e9:.1f} GB"


def many(count: int, word: str) -> str:
    """Write a number of things: ``1 fold``, ``3 folds``."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def config_text(config: Mapping[str, Any]) -> str:
    """Write a config as yaml."""
    return yaml.safe_dump(_plain(config), sort_keys=False, allow_unicode=True, width=100) if config else ""


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Write a table for a terminal or a README: markdown, the first row is the head, columns of one width."""
    cells = [tuple(cell.replace("|", "\\|").replace("\n", " ") for cell in row) for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines) + "\n"


def _plain(value: Any) -> Any:
    """Turn tuples and mappings of any kind into what yaml knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
