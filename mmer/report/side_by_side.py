"""Many models under the same protocols -> one table: a row per model, a column per protocol."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmer.report.published import Result
from mmer.report.published_box import SCORES, SELECTS
from mmer.report.published_models import of_model
from mmer.report.published_rows import direction
from mmer.report.results import Measured, Results
from mmer.report.summary import Score
from mmer.report.wording import aligned, interval_text, number_text, score_text

LEAST = 2  # models; a table of one is no comparison
FULL = "full"  # the values of conf/model
DASH = "–"
NOTE = (
    "Synthetic data: the clips are rendered. These scores are not results of micro-expression recognition. They show "
    "that every model runs under the same protocols, and what it costs; which is better on real faces they do not say."
)
PUBLISHED_NOTE = (
    "Published scores are on real clips, with other data, sizes, epochs and often other classes: they stand here so "
    "that nobody has to look for them, and cannot be compared with ours. “Selected on test” says whether the authors' "
    "code chose anything by the scores of the test clips; unknown where there is no code that shows it."
)
PROTOCOLS = {"loso": "LOSO", "composite_loso": "composite LOSO", "cross_dataset": "cross-corpus"}


@dataclass(frozen=True)
class Cell:
    """One model under one protocol: the score, and the place of its experiment in the page."""

    score: Score
    number: int

    @property
    def text(self) -> str:
        """Write ``0.612 ± 0.020``."""
        return score_text(self.score)

    @property
    def interval(self) -> str:
        """Write ``0.501 – 0.700``; empty where there is none."""
        return interval_text(self.score)


@dataclass(frozen=True)
class Row:
    """One model.

    Parameters
    ----------
    name : str
    recipe : str
        ``demo``: a small one, ``full``: the values of conf/model; empty in the rows of baselines.
    seeds, parameters, seconds : str
        As text; a dash where it is not known. Seconds are those of all folds of the first column's protocol, one seed.
    cells : tuple of Cell or None
        One per column.
    published : tuple of PublishedLine
    """

    name: str
    recipe: str
    seeds: str
    parameters: str
    seconds: str
    cells: tuple[Cell | None, ...]
    published: tuple["PublishedLine", ...] = ()


@dataclass(frozen=True)
class PublishedLine:
    """A published result in words."""

    method: str
    on: str
    scores: str
    selects: str
    source: str


@dataclass(frozen=True)
class SideBySide:
    """The table: ``columns`` are protocols with their corpora, ``score`` what every cell holds."""

    score: str
    columns: tuple[str, ...]
    timed: str
    baselines: tuple[Row, ...]
    rows: tuple[Row, ...]
    note: str
    published_note: str = PUBLISHED_NOTE

    @property
    def published(self) -> list[tuple[str, PublishedLine]]:
        """All published results, with the model's name."""
        return [(row.name, line) for row in self.rows for line in row.published]


def side_by_side(
    results: Results, recipes: Mapping[str, str] | None = None, published: Sequence[Result] = ()
) -> SideBySide | None:
    """Arrange experiments by model and protocol.

    Parameters
    ----------
    results : Results
    recipes : mapping of str to str, optional
        Experiment -> the file in conf/experiment that it was composed with; without one it has the values of
        conf/model.
    published : sequence of Result
        All there are.

    Returns
    -------
    SideBySide or None
        None where there are fewer than two models, one has several experiments under one protocol (then they differ by
        something else than the model), or the experiments ask for different classes.
    """
    found: dict[str, dict[str, tuple[int, Measured]]] = {}
    columns: dict[str, tuple[int, Measured]] = {}
    for number, one in enumerate(results.experiments, 1):
        model, column = one.record.choice("model"), _column(one)
        if column in found.setdefault(model, {}):
            return None
        found[model][column] = (number, one)
        columns.setdefault(column, (number, one))
    kinds = {(one.summary.detection, tuple(one.summary.classes)) for _, one in columns.values()}
    if len(found) < LEAST or len(kinds) > 1:
        return None
    names = tuple(sorted(columns, key=_order))
    first = columns[names[0]][1]
    rows = tuple(_row(model, found[model], names, recipes or {}, published) for model in sorted(found))
    synthetic = any(one.record.synthetic for one in results.experiments)
    return SideBySide(
        score=first.summary.labels[first.summary.main],
        columns=names,
        timed=names[0],
        baselines=_baselines(columns, names),
        rows=rows,
        note=NOTE if synthetic else "",
    )


def markdown(table: SideBySide, published: bool = True) -> str:
    """Write the table for a terminal or a document: the note, the table, and where wanted all published results."""
    head = ("model", "recipe", "seeds", "parameters", f"seconds per {table.timed.split(',')[0]}")
    ours = tuple(f"{table.score}, {column}" for column in table.columns)
    lines = [(*head, *ours, "published (real clips)", "selected on test")]
    for row in (*table.baselines, *table.rows):
        cells = tuple(_cell_text(cell) for cell in row.cells)
        one = row.published[0] if row.published else None
        shown = (f"{one.scores} ({one.on})", one.selects) if one else (DASH if row.recipe else "", "")
        lines.append((row.name, row.recipe, row.seeds, row.parameters, row.seconds, *cells, *shown))
    parts = [part for part in (table.note, aligned(lines)) if part]
    if published and table.published:
        rows = [("model", "method", "evaluated on", "scores", "selected on test", "source")]
        rows += [(name, one.method, one.on, one.scores, one.selects, one.source) for name, one in table.published]
        parts += [table.published_note, aligned(rows)]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _column(one: Measured) -> str:
    """Name a column: protocol and corpora."""
    protocol, config = one.record.choice("protocol"), one.record.config
    corpora = " + ".join(config.get("datasets") or one.record.corpora)
    section = config.get("protocol")
    if protocol == "cross_dataset" and isinstance(section, dict) and section.get("train") and section.get("test"):
        corpora = direction(section["train"], section["test"]).replace("->", " → ")
    return f"{PROTOCOLS.get(protocol, protocol)}, {corpora}"


def _order(column: str) -> tuple[int, str]:
    words = list(PROTOCOLS.values())
    protocol = column.split(",")[0]
    return (words.index(protocol) if protocol in words else len(words)), column


def _row(
    model: str,
    own: Mapping[str, tuple[int, Measured]],
    columns: Sequence[str],
    recipes: Mapping[str, str],
    published: Sequence[Result],
) -> Row:
    cells = tuple(_cell(own.get(column)) for column in columns)
    costs = [one.record.cost for _, one in own.values() if one.record.cost is not None]
    counts = sorted({cost.parameters for cost in costs if cost.parameters is not None})
    timed = own.get(columns[0])
    cost = timed[1].record.cost if timed else None
    seeds = sorted({one.summary.seeds for _, one in own.values()})
    named = sorted({recipes.get(one.summary.name, "").removeprefix(f"{model}_") or FULL for _, one in own.values()})
    return Row(
        name=model,
        recipe=", ".join(named),
        seeds=_span(seeds),
        parameters=_span(counts) or DASH,
        seconds=f"{cost.seconds_per_run:.1f}" if cost else DASH,
        cells=cells,
        published=tuple(_line(result) for result in of_model(model, published)),
    )


def _span(counts: Sequence[int]) -> str:
    """Write a count, or from where to where counts go."""
    return " – ".join(f"{count:,}" for count in (counts if len(counts) < 2 else (counts[0], counts[-1])))


def _cell(found: tuple[int, Measured] | None) -> Cell | None:
    return Cell(found[1].summary.scores[found[1].summary.main], found[0]) if found else None


def _cell_text(cell: Cell | None) -> str:
    """Write ``0.612 ± 0.020 [0.501 – 0.700]``."""
    if cell is None:
        return DASH
    return cell.text + (f" [{cell.interval}]" if cell.interval else "")


def _baselines(columns: Mapping[str, tuple[int, Measured]], names: Sequence[str]) -> tuple[Row, ...]:
    """Return what is to be beaten: the same for every model of a column. Oracles are not to be beaten."""
    rows = []
    for baseline in columns[names[0]][1].summary.baselines:
        if baseline.oracle:
            continue
        cells = []
        for name in names:
            number, one = columns[name]
            there = one.summary.baseline(baseline.name)
            cells.append(Cell(there.scores[one.summary.main], number) if there else None)
        rows.append(Row(f"({baseline.label})", "", "", "", "", tuple(cells)))
    return tuple(rows)


def _line(result: Result) -> PublishedLine:
    classes = "classes not stated" if result.classes is None else f"{result.classes} classes"
    if result.protocol == "cd6me":
        classes = "12 action units"
    protocol = PROTOCOLS.get(result.protocol or "", result.protocol or result.printed_protocol or "protocol not stated")
    corpora = " + ".join(result.corpora).replace("->", " → ")
    values = result.headline
    scores = ", ".join(f"{label} {number_text(values[name])}" for name, (label, _) in SCORES.items() if name in values)
    return PublishedLine(
        method=result.method,
        on=f"{protocol.replace('_', ' ')}, {corpora}, {classes}",
        scores=scores,
        selects=SELECTS[result.selects_on_test],
        source=f"{result.ref} ({result.tag})",
    )
