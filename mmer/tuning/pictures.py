"""What a trial did -> pictures for the dashboard, as SVG text: a matrix of counts, and curves over epochs.

Written by hand and not by a plotting library, because a search has hundreds of trials: a picture costs a millisecond.
Colours are fixed, on white: the dashboard shows a picture as it is, under its light and its dark theme.
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd

INK, SOFT, LINE, ACCENT = "#1a202b", "#5b6472", "#dde1e7", "#2b5fc7"
CELL = 62  # pixels
MOST_POINTS = 120  # of a curve
PANEL = (190, 180)  # the dashboard shows a picture in a box of 4:3


def counts_picture(title: str, rows: Sequence[str], columns: Sequence[str], counts: np.ndarray) -> str:
    """Draw a matrix of counts.

    Parameters
    ----------
    title : str
    rows, columns : sequence of str
        What stands beside and above the cells.
    counts : ndarray of shape (rows, columns)
        The deeper a cell's colour, the larger its share of the row.
    """
    left = 16 + 7 * max(len(name) for name in rows)
    wide = max(CELL, 12 + 7 * max(len(name) for name in columns))
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    parts = [_text(10, 22, title, weight=600)]
    parts += [_text(left + wide * (at + 0.5), 46, name, anchor="middle") for at, name in enumerate(columns)]
    for at, name in enumerate(rows):
        top = 54 + at * CELL
        parts.append(_text(left - 8, top + CELL / 2 + 4, name, anchor="end"))
        for place in range(len(columns)):
            x, share = left + place * wide, float(shares[at, place])
            parts.append(
                f'<rect x="{x + 1}" y="{top + 1}" width="{wide - 2}" height="{CELL - 2}" rx="5" fill="{ACCENT}" '
                f'fill-opacity="{0.05 + 0.6 * share:.3f}"/>'
            )
            parts.append(_text(x + wide / 2, top + CELL / 2 + 4, str(int(counts[at, place])), anchor="middle", ink=INK))
    width = max(left + wide * len(columns) + 12, 20 + 8 * len(title))
    return _svg(width, 54 + CELL * len(rows) + 12, parts)


def curves_picture(title: str, curves: Sequence[pd.DataFrame]) -> str:
    """Draw loss and accuracy on the training clips by epoch: a thin line per training, their median thick.

    Parameters
    ----------
    title : str
    curves : sequence of DataFrame
        Columns ``epoch``, ``loss``, ``accuracy``; empty ones are left out.
    """
    curves = [curve for curve in curves if len(curve)]
    parts, width, height = [_text(10, 22, title, weight=600)], *PANEL
    if not curves:
        return _svg(330, 60, [*parts, _text(10, 46, "Nothing was trained by epochs.")])
    for place, (column, top) in enumerate((("loss", None), ("accuracy", 1.0))):
        x, y = 52 + place * (width + 66), 52
        lines = [
            pd.Series(pd.to_numeric(curve[column]).to_numpy(float), pd.to_numeric(curve["epoch"]).to_numpy(float))
            for curve in curves
        ]
        lines = [line[np.isfinite(line.to_numpy())] for line in lines]
        parts += _panel(x, y, f"training {column}", [line for line in lines if len(line)], top)
    return _svg(52 + 2 * width + 66 + 16, 52 + height + 30, parts)


def _panel(x: int, y: int, label: str, lines: Sequence[pd.Series], top: float | None) -> list[str]:
    """Draw one quantity of all trainings, in a box whose corner is (x, y)."""
    width, height = PANEL
    parts = [_text(x, y - 10, label)]
    if not lines:
        return [*parts, _text(x, y + 20, "no finite value")]
    end = top or max(max(float(line.max()) for line in lines), 1e-9)
    first, last = min(line.index[0] for line in lines), max(line.index[-1] for line in lines)
    for share in (0.0, 0.5, 1.0):
        level = y + height * (1 - share)
        parts.append(f'<path d="M{x} {level}h{width}" stroke="{LINE}"/>')
        parts.append(_text(x - 6, level + 4, f"{end * share:.3g}", anchor="end"))
    for epoch in sorted({first, last}):
        parts.append(_text(x + (epoch - first) / max(last - first, 1) * width, y + height + 17, f"{epoch:g}", "middle"))

    def path(line: pd.Series) -> str:
        keep = np.unique(np.linspace(0, len(line) - 1, MOST_POINTS).round().astype(int))
        across = x + (line.index.to_numpy()[keep] - first) / max(last - first, 1) * width
        down = y + height - np.clip(line.to_numpy()[keep] / end, 0, 1) * height
        return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(across, down, strict=True))

    thin = "".join(path(line) for line in lines)
    middle = path(pd.concat(lines, axis=1).median(axis=1).sort_index())
    parts.append(f'<path d="{thin}" fill="none" stroke="{ACCENT}" stroke-opacity=".3"/>')
    parts.append(f'<path d="{middle}" fill="none" stroke="{ACCENT}" stroke-width="2.2" stroke-linejoin="round"/>')
    return parts


def _text(x: float, y: float, text: str, anchor: str = "start", weight: int = 400, ink: str = SOFT) -> str:
    ink = INK if weight > 400 else ink
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" fill="{ink}">'
        f"{escape(text)}</text>"
    )


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="system-ui, sans-serif" font-size="12">'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
    )
