"""What each stream is worth: a fused model tested on every subset of its streams, and against models of one stream."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from mmer.metrics.gap import Gap, gaps
from mmer.report.records import ExperimentRecord
from mmer.report.summary import Score, Summary, scores_of

FACE = "face"


@dataclass(frozen=True)
class Subset:
    """Some streams.

    Parameters
    ----------
    streams : tuple of str
        The others are masked in the test clips.
    scores : dict of str to Score
    gap : Gap or None
        These streams minus all of them, in the main score; None for all of them.
    """

    streams: tuple[str, ...]
    scores: dict[str, Score]
    gap: Gap | None


@dataclass(frozen=True)
class Against:
    """An experiment set against one that was trained on one stream alone.

    Parameters
    ----------
    streams : tuple of str
        Of the fused model, not masked.
    other : str
        Name of the experiment of one stream.
    stream : str
        Which one it has.
    gap : Gap
        In the main score: the fused model minus the other.
    """

    streams: tuple[str, ...]
    other: str
    stream: str
    gap: Gap


@dataclass(frozen=True)
class Streams:
    """What is known of the streams of one experiment.

    Parameters
    ----------
    names : tuple of str
        ``face``, and the signals.
    subsets : tuple of Subset
        All streams first, then fewer and fewer; empty where the experiment has one stream, or kept no subsets.
    best : str
        The single stream with the best score in ``subsets``; empty where there is none.
    gain : Gap or None
        All streams minus ``best``, in the main score.
    against : tuple of Against
        All streams against the best experiment of a single stream; and each single stream of the fused model against
        the experiment of that stream.
    """

    names: tuple[str, ...]
    subsets: tuple[Subset, ...] = ()
    best: str = ""
    gain: Gap | None = None
    against: tuple[Against, ...] = ()


def stream_names(record: ExperimentRecord) -> tuple[str, ...]:
    """Name the streams of an experiment, the face first."""
    model = record.config.get("model")
    branches = model.get("branches") if isinstance(model, Mapping) else None
    return tuple(sorted(branches or (FACE,), key=lambda stream: (stream != FACE, stream)))


def streams_of(
    record: ExperimentRecord, summary: Summary, others: Sequence[tuple[ExperimentRecord, Summary]]
) -> Streams:
    """Score every subset of an experiment's streams.

    Parameters
    ----------
    record, summary
        Of the experiment.
    others : sequence of (ExperimentRecord, Summary)
        Experiments that answer the same question under as many seeds; those of a single stream are set against it.
    """
    names, main = stream_names(record), summary.main
    if len(names) < 2 or not record.subsets or summary.scores[main].mean != summary.scores[main].mean:
        return Streams(names)
    shown = tuple(summary.labels)[:2]
    tables = {tuple(name.split("+")): table for name, table in record.subsets.items()}
    order = sorted(tables, key=lambda streams: (-len(streams), [names.index(stream) for stream in streams]))
    subsets = [Subset(names, {name: summary.scores[name] for name in shown}, None)]
    for streams in order:
        scores = scores_of(tables[streams])
        gap = gaps(tables[streams], record.predictions, [main])[main]
        subsets.append(Subset(streams, {name: scores[name] for name in shown}, gap))
    single = [subset for subset in subsets if len(subset.streams) == 1]
    best = max(single, key=lambda subset: subset.scores[main].mean).streams[0] if single else ""
    gain = gaps(record.predictions, tables[best,], [main])[main] if best else None
    return Streams(names, tuple(subsets), best, gain, _against(record, tables, names, main, others))


def _against(
    record: ExperimentRecord,
    tables: Mapping[tuple[str, ...], pd.DataFrame],
    names: tuple[str, ...],
    main: str,
    others: Sequence[tuple[ExperimentRecord, Summary]],
) -> tuple[Against, ...]:
    """Set a fused experiment against the best of those that were trained on one stream, and each stream on its own."""
    alone: dict[str, list[tuple[ExperimentRecord, Summary]]] = {}
    for other, summary in others:
        if len(own := stream_names(other)) == 1:
            alone.setdefault(own[0], []).append((other, summary))
    best = {stream: max(found, key=lambda one: one[1].scores[main].mean) for stream, found in sorted(alone.items())}
    rows = []
    if best:
        stream = max(best, key=lambda name: best[name][1].scores[main].mean)
        other = best[stream][0]
        rows.append(Against(names, other.name, stream, gaps(record.predictions, other.predictions, [main])[main]))
    for stream in names:
        if stream in best and (stream,) in tables:
            other = best[stream][0]
            gap = gaps(tables[stream,], other.predictions, [main])[main]
            rows.append(Against((stream,), other.name, stream, gap))
    return tuple(rows)
