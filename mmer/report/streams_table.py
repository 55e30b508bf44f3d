"""Experiments with other streams -> one table: what each reads, what it scores, and what fusion is worth."""

from dataclasses import dataclass

from mmer.report.results import Measured, Results
from mmer.report.streams_box import span_text
from mmer.report.wording import aligned, interval_text, score_text, signed_text

NOTE = (
    "Synthetic data: the clips and the recordings are made. These scores are not results of micro-expression "
    "recognition; they show that fusion, masking and their evaluation work."
)
READING = (
    "A fused experiment stands against the best experiment of a single stream, chosen by its score on the same test "
    "clips, and, with only its face unmasked, against the experiment of the face alone; differences with the interval "
    "that holds them in 95 % of the resamples of subjects."
)


@dataclass(frozen=True)
class StreamsRow:
    """One experiment, as text; dashes where it is not fused.

    Parameters
    ----------
    number : int
        Its place in the page.
    name, streams, model : str
    scores : tuple of (str, str)
        With intervals, in the order of the columns.
    gain, gain_interval : str
        Minus the best single stream.
    face, face_interval : str
        All signals masked, minus the experiment of the face alone.
    """

    number: int
    name: str
    streams: str
    model: str
    scores: tuple[tuple[str, str], ...]
    gain: str = "–"
    gain_interval: str = ""
    face: str = "–"
    face_interval: str = ""


@dataclass(frozen=True)
class StreamsTable:
    """The table: its columns of scores, its rows, and a note where the data are synthetic."""

    columns: tuple[str, ...]
    rows: tuple[StreamsRow, ...]
    note: str
    reading: str = READING


def streams_table(results: Results) -> StreamsTable | None:
    """Arrange experiments by their streams; None where none is fused, or they ask for different classes."""
    kinds = {(one.summary.detection, tuple(one.summary.classes)) for one in results.experiments}
    if len(kinds) != 1 or not any(one.streams.subsets for one in results.experiments):
        return None
    summary = results.experiments[0].summary
    shown = tuple(summary.labels)[:2]
    return StreamsTable(
        columns=tuple(summary.labels[name] for name in shown),
        rows=tuple(_row(number, one, shown) for number, one in enumerate(results.experiments, 1)),
        note=NOTE if any(one.record.synthetic for one in results.experiments) else "",
    )


def streams_markdown(table: StreamsTable) -> str:
    """Write the table for a terminal or a document."""
    head = ("experiment", "streams", "model", *table.columns, "minus best single stream", "face alone, minus face only")
    lines = [head]
    for row in table.rows:
        scores = tuple(_bracketed(*score) for score in row.scores)
        gains = (_bracketed(row.gain, row.gain_interval), _bracketed(row.face, row.face_interval))
        lines.append((row.name, row.streams, row.model, *scores, *gains))
    return "\n\n".join([*([table.note] if table.note else []), table.reading, aligned(lines)])


def _row(number: int, one: Measured, shown: tuple[str, ...]) -> StreamsRow:
    scores = tuple((score_text(one.summary.scores[name]), interval_text(one.summary.scores[name])) for name in shown)
    fused = next((row.gap for row in one.streams.against if len(row.streams) > 1), None)
    face = next((row.gap for row in one.streams.against if row.streams == ("face",)), None)
    return StreamsRow(
        number=number,
        name=one.summary.name,
        streams=" + ".join(one.streams.names),
        model=one.summary.choices["model"],
        scores=scores,
        gain="–" if fused is None else signed_text(fused.difference),
        gain_interval="" if fused is None else span_text(fused),
        face="–" if face is None else signed_text(face.difference),
        face_interval="" if face is None else span_text(face),
    )


def _bracketed(value: str, span: str) -> str:
    return f"{value} [{span}]" if span else value
