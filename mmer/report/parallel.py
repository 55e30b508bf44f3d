"""Trials -> parallel coordinates: an axis per parameter, a line per trial, the better the more it stands out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

MOST_LINES = 300  # more are one grey area
HEIGHT = 200
STEP = 150  # between two axes
UNUSED = HEIGHT + 26  # where a line passes that has no value: the parameter belongs to another choice
LEVELS = 5
SPREAD = 20  # over which lines of one choice are fanned out, the better the higher


@dataclass(frozen=True)
class Axis:
    """One axis: what it is called, where it stands, its ticks as (height, text), and whether trials may lack it."""

    name: str
    x: float
    ticks: tuple[tuple[float, str], ...]
    conditional: bool


@dataclass(frozen=True)
class Parallel:
    """The drawing.

    Parameters
    ----------
    axes : tuple of Axis
        Parameters, the most important first, then the score.
    levels : tuple of str
        Path data of the lines, worst fifth first.
    drawn, total : int
        Lines, and trials that have a score.
    width, height : int
    """

    axes: tuple[Axis, ...]
    levels: tuple[str, ...]
    drawn: int
    total: int
    width: int
    height: int = UNUSED


def parallel(
    table: pd.DataFrame, parameters: Mapping[str, Mapping[str, Any]], order: Sequence[str], score: str
) -> Parallel | None:
    """Draw all trials that have a score; None where there is none.

    Parameters
    ----------
    table : DataFrame
        Columns ``state``, ``value``, and parameters.
    parameters : mapping
        As ``parameters`` of a search's summary; those without a column in ``table`` are left out.
    order : sequence of str
        Names of parameters in the order of the axes; others follow.
    score : str
        Name of the last axis.
    """
    done = table[(table.state == "COMPLETE") & table.value.notna()].sort_values(["value", "study", "number"])
    names = [name for name in dict.fromkeys([*order, *parameters]) if name in parameters and name in done]
    if not len(done) or not names:
        return None
    total = len(done)
    # Evenly over the ranks, so that the whole range is there, its ends too.
    done = done.iloc[np.unique(np.linspace(0, total - 1, min(MOST_LINES, total)).round().astype(int))]
    axes, heights = [], []
    for place, name in enumerate(names):
        down, ticks = _heights(done[name], parameters[name])
        axes.append(Axis(name, place * STEP, ticks, bool(np.isnan(down).any())))
        heights.append(np.where(np.isnan(down), UNUSED, down))
    low, high = float(done.value.min()), float(done.value.max())
    down, ticks = _heights(done.value, {"type": "float", "low": low, "high": high, "log": False})
    axes.append(Axis(score, len(names) * STEP, ticks, False))
    heights.append(down)
    points = np.stack(heights, 1)
    across = [axis.x for axis in axes]
    lines = ["M" + "L".join(f"{x:.0f} {y:.1f}" for x, y in zip(across, row, strict=True)) for row in points]
    parts = np.array_split(np.arange(len(lines)), LEVELS)
    return Parallel(
        axes=tuple(axes),
        levels=tuple("".join(lines[at] for at in part) for part in parts),
        drawn=len(lines),
        total=total,
        width=len(names) * STEP,
    )


def _heights(values: pd.Series, about: Mapping[str, Any]) -> tuple[np.ndarray, tuple[tuple[float, str], ...]]:
    """Return where values lie on an axis, in pixels from its top (NaN where there is none), and its ticks.

    Values come in the order of their trials' scores, the worst first.
    """
    if about["type"] == "categorical":
        choices = [_word(choice) for choice in about["choices"]]
        step = (HEIGHT - SPREAD) / max(len(choices) - 1, 1)
        places = {choice: HEIGHT - SPREAD / 2 - at * step for at, choice in enumerate(choices)}
        down = np.array([places.get(_word(value), math.nan) for value in values], float)
        return down + np.linspace(SPREAD / 2, -SPREAD / 2, len(down)), tuple(
            (round(place, 1), choice) for choice, place in places.items()
        )
    low, high, log = float(about["low"]), float(about["high"]), bool(about["log"])
    numbers = pd.to_numeric(values).to_numpy(float)
    if log:
        share = np.log(numbers / low) / math.log(high / low) if high > low else np.zeros_like(numbers)
        middle = math.sqrt(low * high)
    else:
        share = (numbers - low) / (high - low) if high > low else np.zeros_like(numbers)
        middle = (low + high) / 2
    share = np.where(np.isnan(numbers), math.nan, share)
    ticks = ((HEIGHT, low), (HEIGHT / 2, middle), (0.0, high)) if high > low else ((HEIGHT, low),)
    return HEIGHT * (1 - share), tuple((place, f"{value:.3g}") for place, value in ticks)


def _word(value: Any) -> str:
    """Write a choice the same way whatever a table made of it: 16, 16.0 and "16" are one choice."""
    text = str(value)
    if text in ("True", "False"):
        return text.lower()
    try:
        number = float(value)
    except (TypeError, ValueError):
        return "null" if text == "None" else text
    return "" if math.isnan(number) else f"{number:g}"
