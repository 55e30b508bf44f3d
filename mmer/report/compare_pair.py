"""Two experiments on the same clips -> what a page says of them: tests, subjects, classes, clips, configs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mmer.metrics.gap import Gap, gaps
from mmer.metrics.multilabel import per_unit
from mmer.metrics.runs import is_multilabel
from mmer.metrics.scores import per_class
from mmer.report.clip_choice import first_run
from mmer.report.differences import different_facts, different_settings
from mmer.report.standing import ALPHA
from mmer.report.summary import EMOTIONS, UNITS, Score, scores_of
from mmer.report.wording import many, number_text, p_text, signed_text
from mmer.types.fingerprint import Fingerprint

KEYS = ["clip_id", "target"]
MOST_SHOWN = 30  # 2^m is more than any test draws; how small p could get is then no matter


@dataclass(frozen=True)
class Side:
    """One of the experiments that are compared.

    Parameters
    ----------
    name : str
        What it is called on the page: ``NAME``, or ``NAME@REVISION``.
    predictions : DataFrame
    config : dict
        Its section of the resolved config; empty where it is not known.
    fingerprint : Fingerprint or None
    commit : str
        Where it was read from; empty: from the workspace.
    """

    name: str
    predictions: pd.DataFrame
    config: Mapping[str, Any]
    fingerprint: Fingerprint | None = None
    commit: str = ""


@dataclass(frozen=True)
class SubjectRow:
    """Right answers of both about one subject; places are for the drawing, 0 to 1."""

    subject: str
    clips: int
    a: float
    b: float


@dataclass(frozen=True)
class ClipRow:
    """One clip that one of the two gets right more often; shares are of runs, or of runs and units."""

    clip_id: str
    dataset: str
    subject: str
    truth: str
    said_a: str
    said_b: str
    share_a: float
    share_b: float


@dataclass(frozen=True)
class PairBox:
    """Everything the page shows of a pair.

    Parameters
    ----------
    a, b : str
    reading : tuple of str
        Sentences.
    scores : tuple of (label, Score, Score, Gap or None)
    subjects : tuple of SubjectRow
        In the order of their difference.
    subjects_said : str
        The same in a sentence.
    classes : tuple of (name, clips, {score: (a, b)})
    gained, lost : tuple of ClipRow
        That A gets right and B wrong, and the reverse.
    clips_said : str
    settings : tuple of (key, a, b)
        What differs in the configs.
    facts : tuple of (what, a, b)
        What differs in the fingerprints.
    """

    a: str
    b: str
    reading: tuple[str, ...]
    scores: tuple[tuple[str, Score, Score, Gap | None], ...]
    subjects: tuple[SubjectRow, ...]
    subjects_said: str
    classes: tuple[tuple[str, int, dict[str, tuple[float, float]]], ...]
    gained: tuple[ClipRow, ...]
    lost: tuple[ClipRow, ...]
    clips_said: str
    settings: tuple[tuple[str, str, str], ...]
    facts: tuple[tuple[str, str, str], ...]


def pair_box(a: Side, b: Side, row: Mapping[str, Any], pairs: int) -> PairBox:
    """Put together what the page shows of a pair.

    Parameters
    ----------
    a, b : Side
        On the same clips (``mmer.metrics.pairing.paired`` says whether they are).
    row : mapping
        Of ``mmer.metrics.comparison.compare``.
    pairs : int
        How many are tested; Holm's correction counts them.
    """
    units = is_multilabel(a.predictions)
    labels = UNITS if units else EMOTIONS
    tested = [name for name in labels if not name.endswith("_auc")]
    found = gaps(a.predictions, b.predictions, tested)
    scores = [scores_of(side.predictions) for side in (a, b)]
    subjects = _subjects(a.predictions, b.predictions)
    clips = _clips(a.predictions, b.predictions)
    gained = sorted((one for one in clips if one.share_a > one.share_b), key=_order)
    lost = sorted((one for one in clips if one.share_a < one.share_b), key=_order)
    return PairBox(
        a=a.name,
        b=b.name,
        reading=tuple(_reading(row, labels.get(row["score"], row["score"]), pairs)),
        scores=tuple((label, scores[0][name], scores[1][name], found.get(name)) for name, label in labels.items()),
        subjects=subjects,
        subjects_said=_subjects_said(subjects, a.name, b.name),
        classes=tuple(_classes(a.predictions, b.predictions, units)),
        gained=tuple(gained),
        lost=tuple(lost),
        clips_said=_clips_said(clips, gained, lost, a.name, b.name),
        settings=tuple(different_settings(a.config, b.config)),
        facts=tuple(different_facts((a.commit, a.fingerprint), (b.commit, b.fingerprint))),
    )


def _reading(row: Mapping[str, Any], label: str, pairs: int) -> Iterator[str]:
    """Say in plain words what the tests found, and what they could have found."""
    a, b = row["a"], row["b"]
    interval = ""
    if row["low"] == row["low"]:
        interval = f" (95 % interval over subjects: {signed_text(row['low'])} to {signed_text(row['high'])})"
    yield (
        f"{label} is {number_text(row['score_a'])} for {a} and {number_text(row['score_b'])} for {b}: a difference of "
        f"{signed_text(row['difference'])}{interval}."
    )
    corrected = f", {p_text(row['permutation_p_holm'])} after Holm's correction over {pairs} pairs" if pairs > 1 else ""
    wilcoxon = f", {p_text(row['wilcoxon_p_holm'])} after Holm's correction" if pairs > 1 else ""
    yield (
        f"The permutation test, which exchanges the two subject by subject, gives p = {_p(row['permutation_p'])}"
        f"{corrected}; Wilcoxon's test on the accuracies of the subjects gives p = {_p(row['wilcoxon_p'])}{wilcoxon}."
    )
    if row["permutation_p_holm"] < ALPHA:
        yield f"So {a if row['difference'] > 0 else b} is better on these subjects by more than chance."
    else:
        yield "So these subjects cannot tell the two apart. That does not show that they are equally good."
    yield from _least(row, pairs)


def _least(row: Mapping[str, Any], pairs: int) -> Iterator[str]:
    """Say how small p can get: two of the 2^m exchanges of m subjects always are as extreme as what was found."""
    if not row["exact"]:
        yield f"{row['permutations']:,} exchanges were drawn, so p cannot be below {1 / (row['permutations'] + 1):.1g}."
        return
    differ = int(row["permutations"]).bit_length() - 1  # all 2^m were tried
    if not differ:
        yield "The two predict the same of every subject, so there is nothing to test."
        return
    least = 2.0 ** (1 - differ)
    said = (
        f"{many(row['subjects'], 'subject')}, of whom {differ} are predicted differently"
        if (differ < row["subjects"])
        else many(row["subjects"], "subject")
    )
    times = f", times {pairs} for the smallest of {pairs} pairs" if pairs > 1 else ""
    limit = least * pairs
    end = (
        "."
        if limit < ALPHA
        else f": no difference, however large, could come out below {ALPHA}. More subjects are needed."
    )
    yield f"With {said}, p of the permutation test cannot be below {least:.3g}{times}{end}"


def _p(value: float) -> str:
    return p_text(value).removeprefix("< ") if value >= 0.001 else f"{value:.1g}"


def _right(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(right=(table.truth == table.predicted).astype(float))


def _subjects(a: pd.DataFrame, b: pd.DataFrame) -> tuple[SubjectRow, ...]:
    tables = [_right(table).groupby("subject", sort=True) for table in (a, b)]
    clips = tables[0].clip_id.nunique()
    right = [table.right.mean() for table in tables]
    rows = [
        SubjectRow(str(name), int(clips[name]), float(right[0][name]), float(right[1][name])) for name in clips.index
    ]
    return tuple(sorted(rows, key=lambda row: (row.b - row.a, row.subject)))


def _subjects_said(rows: Sequence[SubjectRow], a: str, b: str) -> str:
    better, worse = (sum(sign * (row.a - row.b) > 1e-12 for row in rows) for sign in (1, -1))
    same = len(rows) - better - worse
    return (
        f"Of {many(len(rows), 'subject')} {a} is right more often about {better}, {b} about {worse}; {same} are equal."
    )


def _classes(
    a: pd.DataFrame, b: pd.DataFrame, units: bool
) -> Iterator[tuple[str, int, dict[str, tuple[float, float]]]]:
    first, second = ((per_unit if units else per_class)(table) for table in (a, b))
    columns = ("f1", "precision", "recall", "auc") if units else ("f1", "precision", "recall")
    for name, row in first.to_dict("index").items():
        yield str(name), int(row["support"]), {key: (row[key], second.loc[name, key]) for key in columns}


def _clips(a: pd.DataFrame, b: pd.DataFrame) -> list[ClipRow]:
    """List all clips; words are those of the first run."""
    shares = [_right(table).groupby("clip_id", sort=True).right.mean() for table in (a, b)]
    said = [_said(table) for table in (a, b)]
    about = a.drop_duplicates("clip_id").set_index("clip_id")
    return [
        ClipRow(
            clip_id=str(clip),
            dataset=str(about.dataset[clip]),
            subject=str(about.subject[clip]),
            truth=said[0][clip][0],
            said_a=said[0][clip][1],
            said_b=said[1][clip][1],
            share_a=round(float(shares[0][clip]), 9),
            share_b=round(float(shares[1][clip]), 9),
        )
        for clip in shares[0].index
    ]


def _said(table: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Return truth and answer of each clip in the first run: its class, or the units that show."""
    rows = first_run(table)
    if not is_multilabel(table):
        return {row.clip_id: (row.truth, row.predicted) for row in rows.itertuples()}
    found = {}
    for clip, part in rows.sort_values("target").groupby("clip_id", sort=True):
        shown = (part.target[part[name] == "present"] for name in ("truth", "predicted"))
        found[clip] = tuple(" ".join(names) or "none" for names in shown)
    return found


def _order(row: ClipRow) -> tuple[float, str]:
    return -abs(row.share_a - row.share_b), row.clip_id


def _clips_said(clips: Sequence[ClipRow], gained: Sequence[ClipRow], lost: Sequence[ClipRow], a: str, b: str) -> str:
    both = sum(row.share_a == row.share_b == 1 for row in clips)
    rest = len(clips) - len(gained) - len(lost) - both
    return (
        f"Of {many(len(clips), 'test clip')} {a} gets {len(gained)} right more often than {b}, and {b} {len(lost)} "
        f"more often than {a}; both are always right about {both} and equally often wrong about {rest}."
    )
