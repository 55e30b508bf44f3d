"""Records -> every number of a report, computed once: for the page, for a terminal, and for programs."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmer.report.breakdown import Breakdown, break_down
from mmer.report.comparisons import Comparison, comparable, comparisons
from mmer.report.records import ExperimentRecord
from mmer.report.streams import Streams, streams_of
from mmer.report.summary import Summary, summarise
from mmer.report.tuning import Tuning, tuning_of
from mmer.types.errors import InputError


@dataclass(frozen=True)
class Measured:
    """One experiment with its numbers."""

    record: ExperimentRecord
    summary: Summary
    breakdown: Breakdown
    streams: Streams
    tuning: Tuning | None


@dataclass(frozen=True)
class Results:
    """All experiments with their numbers, in the order of the page, and the tests between them."""

    experiments: tuple[Measured, ...]
    comparisons: tuple[Comparison, ...]


def measure(records: Sequence[ExperimentRecord]) -> Results:
    """Compute every number of a report.

    Raises
    ------
    InputError
        Two experiments share a name.
    """
    names = [record.name for record in records]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"report: experiments must have different names, but {twice} occur(s) twice")
    pairs = [(record, summarise(record)) for record in records]
    groups = comparable(pairs) if any(record.subsets for record in records) else []
    beside = {record.name: group for group in groups for record, _ in group}
    found = tuple(
        Measured(
            record=record,
            summary=summary,
            breakdown=break_down(record),
            streams=streams_of(record, summary, beside.get(record.name, ())),
            tuning=tuning_of(record),
        )
        for record, summary in pairs
    )
    return Results(found, comparisons(pairs))
