"""One experiment and the published results that may stand beside it -> a table, or why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmer.report.published import Result, matching, remark
from mmer.report.published_rows import direction
from mmer.report.results import Measured
from mmer.report.wording import number_text

# Score of a published result -> what it is called, and the score of ours that is the same.
SCORES = {
    "uf1": ("UF1", "uf1"),
    "uar": ("UAR", "uar"),
    "accuracy": ("Accuracy (WAR)", "accuracy"),
    "weighted_f1": ("Weighted F1", "weighted_f1"),
    "f1": ("F1, kind not stated", None),
    "binary_f1": ("F1 by corpus", "corpus_mean_f1"),
}
SELECTS = {True: "yes", False: "no", None: "unknown"}


@dataclass(frozen=True)
class PublishedRow:
    """One published result.

    ``selects`` is whether it chose anything by the test clips: yes, no or unknown. ``values`` are its scores as
    numbers, NaN where it has none.
    """

    method: str
    year: str
    scores: tuple[str, ...]
    selects: str
    evidence: str
    source: str
    notes: tuple[str, ...]
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class PublishedTable:
    """Published results beside one number of ours each.

    Parameters
    ----------
    title : str
        What they were evaluated on; empty where the experiment has one question only.
    columns : tuple of str
    ours : tuple of str
        A dash where ours has no such score.
    rows : tuple of PublishedRow
    remark : str
    own : tuple of float
        ``ours`` as numbers.
    """

    title: str
    columns: tuple[str, ...]
    ours: tuple[str, ...]
    rows: tuple[PublishedRow, ...]
    remark: str
    own: tuple[float, ...] = ()


@dataclass(frozen=True)
class PublishedBox:
    """Tables, or in ``why`` the reason that there is none."""

    tables: tuple[PublishedTable, ...]
    why: str


def published_box(one: Measured, published: Sequence[Result], synthetic: bool) -> PublishedBox:
    """Put published results beside an experiment: those of the same protocol, classes and corpora only.

    Parameters
    ----------
    one : Measured
    published : sequence of Result
        All there are.
    synthetic : bool
        Whether any corpus is a synthetic release. Its scores are never put beside published ones.
    """
    record, summary = one.record, one.summary
    protocol, labels = record.choice("protocol"), record.choice("labels")
    if synthetic:
        return PublishedBox((), "Synthetic data: not comparable with published results.")
    if not published:
        return PublishedBox((), "No published results were given to this report.")
    classes = 2 if summary.detection else len(summary.classes)
    tables, questions = [], _questions(one, protocol)
    for title, asked, corpora, ours in questions:
        if rows := matching(asked, classes, labels, corpora, published):
            tables.append(_table(title, ours, rows))
    if tables:
        return PublishedBox(tuple(tables), "")
    named = [name for _, _, corpora, _ in questions for name in corpora] or record.corpora
    return PublishedBox(
        (),
        f"None of the {len(published)} published results that mmer knows has the same protocol ({protocol}), the same "
        f"classes ({labels}) and exactly these corpora ({', '.join(named)}), so none stands here.",
    )


def _questions(one: Measured, protocol: str) -> list[tuple[str, str, tuple[str, ...], dict[str, float]]]:
    """List what can be asked of the published results: (title, protocol, corpora, our scores)."""
    record, summary = one.record, one.summary
    pooled = {name: score.mean for name, score in summary.scores.items()}
    if protocol == "cross_dataset":
        section = record.config.get("protocol")
        sides = [section.get(side) or () for side in ("train", "test")] if isinstance(section, dict) else [(), ()]
        return [("", protocol, (direction(*sides),), pooled)] if all(sides) else []
    if protocol == "cross_dataset_pairs":
        table = one.breakdown.per_fold
        rows = {} if table is None else table.to_dict("index")
        return [(str(fold), "cross_dataset", (str(fold),), scores) for fold, scores in rows.items()]
    return [("", protocol, record.corpora, pooled)]


def _table(title: str, ours: dict[str, float], results: Sequence[Result]) -> PublishedTable:
    results = sorted(results, key=lambda result: (-(result.year or 0), result.method, result.ref))
    names = [name for name in SCORES if any(name in result.headline for result in results)]
    own = tuple(ours.get(SCORES[name][1] or "", float("nan")) for name in names)
    return PublishedTable(
        title=title,
        columns=tuple(SCORES[name][0] for name in names),
        ours=tuple(map(number_text, own)),
        rows=tuple(_row(result, names) for result in results),
        remark=remark(results, synthetic=False),
        own=own,
    )


def _row(result: Result, names: Sequence[str]) -> PublishedRow:
    notes = [result.note] if result.note else []
    if result.labels is None:
        notes.append("States its classes by number alone.")
    if result.corrected:
        notes.append("A misprint of the source is corrected here.")
    if not result.headline:
        notes.append("The source has scores by corpus only.")
    reference = f"{result.ref} ({result.tag})"
    return PublishedRow(
        method=result.method,
        year=str(result.year or "–"),
        scores=tuple(number_text(result.headline.get(name, float("nan"))) for name in names),
        selects=SELECTS[result.selects_on_test],
        evidence=result.evidence,
        source=reference,
        notes=tuple(notes),
        values=tuple(float(result.headline.get(name, float("nan"))) for name in names),
    )
