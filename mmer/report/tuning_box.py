"""The search behind an experiment -> what the page says and draws of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from mmer.report.charts import Curve, curve
from mmer.report.parallel import Parallel, parallel
from mmer.report.records import TuningRecord
from mmer.report.results import Measured
from mmer.report.summary import EMOTIONS, UNITS
from mmer.report.wording import count_text, interval_text, many, number_text, signed_text


@dataclass(frozen=True)
class Share:
    """How much a parameter decided: its mean share, and the range over searches as text."""

    name: str
    mean: float
    text: str


@dataclass(frozen=True)
class FoldRow:
    """One outer fold, as text."""

    fold: str
    inner: str
    outer: str
    clips: int
    overrides: str


@dataclass(frozen=True)
class TuningBox:
    """Everything the page shows of a search.

    Parameters
    ----------
    mode, how : str
        The mode, and what it means here: a sentence.
    label : str
        Of the score that was maximised.
    inner, outer, interval, gap : str
        Best inner score (mean), score on the outer test clips and its interval, and their difference.
    warning : str
        Why the inner score is no result.
    folds : tuple of FoldRow
        Of a nested search.
    chosen : tuple of str
        Overrides, where there is one set of them.
    missing : str
        Why nothing is drawn; empty where there are drawings.
    importances : tuple of Share
    growth : Curve or None
        Best score so far.
    searches : int
    coordinates : Parallel or None
    cost, states : str
        What the search cost, and how its trials ended.
    """

    mode: str
    how: str
    label: str
    inner: str
    outer: str
    interval: str
    gap: str
    warning: str
    folds: tuple[FoldRow, ...]
    chosen: tuple[str, ...]
    missing: str
    importances: tuple[Share, ...] = ()
    growth: Curve | None = None
    searches: int = 0
    coordinates: Parallel | None = None
    cost: str = ""
    states: str = ""


def tuning_box(one: Measured) -> TuningBox | None:
    """Put together what the page shows; None for an experiment that was not tuned."""
    found, tuning = one.record.tuning, one.tuning
    if found is None or tuning is None:
        return None
    label = (EMOTIONS | UNITS).get(found.metric, found.metric)
    score = one.summary.scores.get(found.metric)
    nested = found.mode == "nested"
    given = {} if found.summary is None or found.table is None else _of_trials(found, found.summary, found.table, label)
    return TuningBox(
        mode=found.mode,
        how=_how(found),
        label=label,
        inner=number_text(tuning.inner),
        outer=number_text(tuning.outer),
        interval=interval_text(score) if score else "",
        gap=signed_text(tuning.gap),
        warning=(
            f"The inner score is optimistic on average: it is the best of {many(found.trials, 'trial')}, chosen by "
            "this very score. It is no result; report the score on the outer test clips, which no search saw."
        ),
        folds=tuple(
            FoldRow(row.fold, number_text(row.inner), number_text(row.outer), row.clips, " ".join(row.overrides))
            for row in tuning.folds
        ),
        chosen=() if nested else next(iter(found.chosen.values()))[1],
        missing=found.missing,
        **given,
    )


def _how(found: TuningRecord) -> str:
    """Say what the mode means."""
    if found.mode == "nested":
        return (
            f"Nested: the search {found.search} was made {many(len(found.chosen), 'time')}, once for each outer fold, "
            f"{many(found.trials, 'trial')} each. A search saw its fold's training subjects alone; trials were scored "
            "on inner folds of these, by subject. Every fold is trained with the settings of its own search."
        )
    names = ", ".join(found.subjects)
    return (
        f"Development: one search {found.search} of {many(found.trials, 'trial')} on "
        f"{many(len(found.subjects), 'subject')} ({names}), whom no fold of this experiment tests; they are training "
        "subjects of every fold."
    )


def _of_trials(found: TuningRecord, summary: dict, table: pd.DataFrame, label: str) -> dict:
    """Draw what the trials say."""
    shares = summary["importances"]
    several = len(summary["studies"]) > 1
    states: dict[str, int] = {}
    for study in summary["studies"]:
        for state, count in study["states"].items():
            states[state] = states.get(state, 0) + count
    total = sum(states.values())
    seconds = float(summary["seconds"])
    return {
        "importances": tuple(
            Share(
                name,
                float(share["mean"]),
                f"{share['mean']:.2f}" + (f" ({share['low']:.2f}–{share['high']:.2f})" if several else ""),
            )
            for name, share in shares.items()
        ),
        "growth": curve(_growth(table), "value", f"Best inner {label} so far", top=1.0),
        "searches": len(summary["studies"]),
        "coordinates": parallel(table, summary["parameters"], tuple(shares), f"inner {label}"),
        "cost": (
            f"{count_text(round(seconds))} seconds of training for {many(total, 'trial')}, "
            f"{seconds / max(total, 1):.2f} each"
        ),
        "states": _states(states),
    }


def _growth(table: pd.DataFrame) -> pd.DataFrame:
    """Return the best score of each study after each of its trials, in the form of training curves."""
    rows = []
    for study, part in table.groupby("study", sort=True):
        part = part.sort_values("number")
        best = part.value.where(part.state == "COMPLETE").cummax().ffill()
        rows.append(pd.DataFrame({"seed": 0, "fold": study, "epoch": part.number + 1, "value": best}))
    return pd.concat(rows) if rows else pd.DataFrame(columns=["seed", "fold", "epoch", "value"])


def _states(states: dict[str, int]) -> str:
    words: Sequence[tuple[str, str]] = (("COMPLETE", "complete"), ("PRUNED", "pruned"), ("FAIL", "failed"))
    return ", ".join(f"{states[state]} {word}" for state, word in words if states.get(state))
