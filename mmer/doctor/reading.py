"""Read a corpus as a stage would, but go on after what is wrong, and turn what the adapter says into findings."""

import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd

from mmer.datasets.table import Row, Table
from mmer.datasets.versions import Version, differences, recognise
from mmer.doctor.findings import Finding
from mmer.types.errors import InputError
from mmer.types.gathering import Problem, gathering

PROBLEMS = {
    "frames": "{n} clip(s) have no usable frames; add them",
    "duplicate": "{n} row(s) have the key of another; delete one, or correct it",
    "row": "{n} row(s) cannot be read; correct the cell",
    "names": "{n} folder(s) contradict the names of their clips; move them to where they were released",
    "reading": "reading stopped here; what comes after it was not looked at",
}
# What adapters say in the log, by the function that says it. Gaps and counts are looked at here again, in full.
SAID = {"marks": "apex", "_corrected": "errata", "_compare_durations": "durations", "coded_clips": "action_units"}
TOLD_ELSEWHERE = ("log_version", "_compare")
NOTES = ("errata",)  # something was mended, and nothing is left to do


def read(dataset: Any) -> tuple[pd.DataFrame | None, list[Finding], list[Problem]]:
    """Read a corpus.

    Parameters
    ----------
    dataset : component of mmer.datasets

    Returns
    -------
    clips : DataFrame or None
        The clips that can be used; None where none can.
    findings : list of Finding
    problems : list of Problem
        Each would have stopped a stage.
    """
    clips = None
    with _log() as records, gathering() as problems:
        try:
            clips = dataset.clips()
        except InputError as error:
            # Without any usable clip the rest fails too, which says nothing new.
            if not problems:
                problems.append(Problem("reading", str(error)))
    # Leaving out a clip helps only where the problem is that of one clip.
    grouped: dict[tuple[str, bool], list[Problem]] = defaultdict(list)
    for problem in problems:
        grouped[problem.kind, bool(problem.clip_id)].append(problem)
    found = []
    for (kind, _), some in grouped.items():
        clip_ids = tuple(sorted({problem.clip_id for problem in some} - {""}))
        text = PROBLEMS[kind].replace("{n}", str(len(some)))
        found.append(Finding(kind, "error", text, tuple(problem.message for problem in some), clip_ids))
    if clips is None and not any(one.kind == "reading" for one in found):
        found.append(Finding("clips", "error", "no clip can be used"))
    return clips, found + _said(records), problems


def _said(records: list[logging.LogRecord]) -> list[Finding]:
    """Turn the adapter's messages into findings, one per kind of message."""
    grouped: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for record in records:
        kind = SAID.get(record.funcName, "reading")
        if record.funcName in TOLD_ELSEWHERE or (record.funcName == "with_frames" and "are missing" in str(record.msg)):
            continue
        level = "warning" if record.levelno >= logging.WARNING and kind not in NOTES else "note"
        first, *more = record.getMessage().split("\n")
        # A message with a list below it is a finding of its own.
        grouped[(kind, level, first) if more else (kind, level, "")] += [line.strip() for line in more] or [first]
    texts = {
        "apex": "{n} apex(es) lie outside onset..offset and are not used",
        "errata": "errata of the dataset's yaml",
    }
    found = []
    for (kind, level, first), messages in grouped.items():
        text = first or texts.get(kind, "what the reader says").replace("{n}", str(len(messages)))
        found.append(Finding(kind, level, text, tuple(messages)))
    return found


@contextmanager
def _log() -> Iterator[list[logging.LogRecord]]:
    """Keep what is logged, instead of printing it."""
    records: list[logging.LogRecord] = []
    log, handler = logging.getLogger("mmer"), logging.Handler()
    handler.emit = records.append
    before = log.propagate, log.level
    log.propagate = False
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    try:
        yield records
    finally:
        log.removeHandler(handler)
        log.propagate = before[0]
        log.setLevel(before[1])


def versions_of(dataset: Any, clips: pd.DataFrame | None) -> tuple[tuple[Version, ...], list[Finding]]:
    """Say which versions the annotation files are, and what differs from the release.

    Parameters
    ----------
    dataset : component of mmer.datasets
    clips : DataFrame or None
        Its Clips table, which is counted where the corpus has no annotation file.

    Returns
    -------
    versions : tuple of Version
        One per file; none where mmer knows no versions of the corpus.
    findings : list of Finding
        A warning where a table about as large as the release has other counts; a note where it is another size.
    """
    found = []
    for version, table in (recognised := _recognised(dataset)):
        where = "the release" if table is None else table.path.name
        if version.note:
            found.append(Finding("version", "note", f"{where} is version {version.name}: {version.note}"))
        # What a person left out is no difference.
        found += _differing(version, table if table is not None else None if dataset.exclude else clips)
    return tuple(version for version, _ in recognised), found


def _recognised(dataset: Any) -> list[tuple[Version, Table | None]]:
    """Find the versions and their tables."""
    try:
        if hasattr(dataset, "recognised"):
            return dataset.recognised()
        versions, files = getattr(dataset, "versions", ()), dataset.annotations()
        if not versions or not files:
            return []
        version, _, table = recognise(files[0].parent, dataset.name, versions, getattr(dataset, "workbook", ()))
    except InputError:  # what is wrong with the file has been said when it was read
        return []
    return [(version, table)]


def _differing(version: Version, table: Table | pd.DataFrame | None) -> list[Finding]:
    """Compare a table with the released counts."""
    if table is None:
        return []
    rows: pd.DataFrame | list[Row] = table
    if isinstance(table, Table):
        if not {"subject", "emotion"} <= set(table.columns):
            return []
        rows = [row for row in table.rows if row.text("subject", required=False)]  # others are remarks below the table
    if not (differing := differences(version, rows)):
        return []
    if version.rows and len(rows) >= version.rows * 9 // 10:
        text = f"differs from version {version.name} as it was released"
        return [Finding("version", "warning", text, tuple(differing))]
    text = f"smaller than version {version.name} as it was released: {'; '.join(differing[:2])}"
    return [Finding("version", "note", text)]
