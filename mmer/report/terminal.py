"""The table of experiments for a terminal or a README."""

from collections.abc import Sequence

from mmer.report.results import Results
from mmer.report.summary import EMOTIONS, UNITS, Score, Summary
from mmer.report.wording import aligned, interval_text, score_text


def markdown_table(results: Results) -> str:
    """Return the table of experiments, baselines below each; detection of action units has a table of its own.

    In brackets the 95 % interval over resampled subjects, after ± the standard deviation over runs.
    """
    summaries = [one.summary for one in results.experiments]
    if not summaries:
        return "No experiment has predictions yet.\n"
    kinds = ((EMOTIONS, "classes", False), (UNITS, "units, clips that show them", True))
    tables = [
        _table([one for one in summaries if one.detection is detection], names, last)
        for names, last, detection in kinds
        if any(one.detection is detection for one in summaries)
    ]
    return "\n".join(tables)


def _table(summaries: Sequence[Summary], names: dict[str, str], last: str) -> str:
    rows: list[tuple[str, ...]] = [("experiment", *names.values(), "clips", "subjects", last)]
    for one in summaries:
        classes = " / ".join(f"{name} {count}" for name, count in one.classes.items())
        rows.append(
            (one.name, *(_cell(one.scores[name]) for name in names), str(one.clips), str(one.subjects), classes)
        )
        for baseline in one.baselines:
            label = f"  {baseline.label}{' (oracle)' if baseline.oracle else ''}"
            rows.append((label, *(score_text(baseline.scores[name]) for name in names), "", "", ""))
    return aligned(rows)


def _cell(score: Score) -> str:
    """Write ``0.612 [0.501 – 0.700] ± 0.020``: the score, its interval, its spread over runs."""
    mean, *spread = score_text(score).split(" ", 1)
    interval = interval_text(score)
    return " ".join([mean, *([f"[{interval}]"] if interval else []), *spread])
