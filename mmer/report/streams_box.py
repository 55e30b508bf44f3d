"""The streams and signals of one experiment -> what the page shows of them."""

from dataclasses import dataclass

from mmer.metrics.gap import Gap
from mmer.report.dataset_section import by_reason
from mmer.report.results import Measured
from mmer.report.streams import Streams
from mmer.report.summary import Score
from mmer.report.wording import interval_text, many, score_text, signed_text

DASH = "–"


@dataclass(frozen=True)
class SignalRow:
    """One signal of one dataset: how many clips have it, why others lack it, and what is noted."""

    dataset: str
    name: str
    there: str
    lacking: int
    reasons: dict[str, list[str]]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class SubsetRow:
    """Some streams: scores with their intervals, in the order of the columns, and the difference to all streams.

    ``main`` is the first of the scores, which is drawn.
    """

    streams: str
    scores: tuple[tuple[str, str], ...]
    difference: str
    interval: str
    main: Score


@dataclass(frozen=True)
class StreamsBox:
    """Everything the page shows of the streams of one experiment.

    Parameters
    ----------
    signals : tuple of SignalRow
    columns : tuple of str
        Scores of the table of subsets.
    subsets : tuple of SubsetRow
        Empty where there is one stream.
    sentences : tuple of str
        What fusion is worth, in words.
    """

    signals: tuple[SignalRow, ...]
    columns: tuple[str, ...]
    subsets: tuple[SubsetRow, ...]
    sentences: tuple[str, ...]


def streams_box(one: Measured) -> StreamsBox | None:
    """Put together what the page shows; None for an experiment without signals."""
    record, summary, streams = one.record, one.summary, one.streams
    if not record.signals:
        return None
    shown = tuple(streams.subsets[0].scores) if streams.subsets else ()
    return StreamsBox(
        signals=tuple(
            SignalRow(
                dataset=signal.dataset,
                name=signal.name,
                there=f"{signal.clips - len(signal.missing)} of {many(signal.clips, 'clip')}",
                lacking=len(signal.missing),
                reasons=by_reason(signal.missing),
                notes=signal.notes,
            )
            for signal in record.signals
        ),
        columns=tuple(summary.labels[name] for name in shown),
        subsets=tuple(
            SubsetRow(
                streams=" + ".join(subset.streams),
                scores=tuple((score_text(score), interval_text(score)) for score in subset.scores.values()),
                difference=DASH if subset.gap is None else signed_text(subset.gap.difference),
                interval="" if subset.gap is None else span_text(subset.gap),
                main=next(iter(subset.scores.values())),
            )
            for subset in streams.subsets
        ),
        sentences=_sentences(streams, summary.labels[summary.main]),
    )


def span_text(gap: Gap) -> str:
    """Write the interval of a difference: ``+0.020 to +0.110``; nothing where it has none."""
    return "" if gap.low != gap.low else f"{signed_text(gap.low)} to {signed_text(gap.high)}"


def gap_text(gap: Gap) -> str:
    """Write a difference with its interval: ``+0.070 (95 %: +0.020 to +0.110)``."""
    span = span_text(gap)
    return signed_text(gap.difference) + (f" (95 %: {span})" if span else "")


def _sentences(streams: Streams, label: str) -> tuple[str, ...]:
    lines = []
    if streams.gain is not None:
        lines.append(
            f"All streams minus {streams.best} alone, the best single stream of this model: {label} "
            f"{gap_text(streams.gain)}."
        )
    for row in streams.against:
        own = "All streams" if len(row.streams) > 1 else f"This model with {row.streams[0]} alone"
        best = ", the best experiment of a single stream" if len(row.streams) > 1 else ""
        lines.append(f"{own} minus {row.other} (trained on {row.stream} only{best}): {label} {gap_text(row.gap)}.")
    return tuple(lines)
