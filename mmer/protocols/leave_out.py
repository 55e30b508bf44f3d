"""What the protocols share that test one value of a column (a subject, a corpus, a culture) per fold."""

import pandas as pd

from mmer.types.errors import listing
from mmer.types.events import SHARED, events
from mmer.types.split import Split


def leave_each_out(clips: pd.DataFrame, column: str) -> list[Split]:
    """Return one fold per value of a column, named after and sorted by it: its clips are tested, all others trained on.

    Parameters
    ----------
    clips : DataFrame
        Clips table.
    column : str
        Filled for every clip.

    Returns
    -------
    list of Split
    """
    return [
        Split.of(value, clips[clips[column] != value], clips[clips[column] == value])
        for value in sorted(set(clips[column]))
    ]


def torn(clips: pd.DataFrame, column: str, protocol: str) -> str | None:
    """Say which event or subject has clips of two values of a column, and so would be on both sides of a fold.

    Parameters
    ----------
    clips : DataFrame
        Clips table.
    column : str
        What decides the side of a clip, filled for every clip: ``subject``, ``dataset``, ``culture``, ...
    protocol : str
        Name for the message.

    Returns
    -------
    str or None
    """
    for part, names in (("event", events(clips).to_numpy()), ("subject", clips.subject.to_numpy())):
        values = clips[column].groupby(names).nunique()
        if len(both := sorted(values.index[values > 1])):
            rows, tied, shared = clips[names == both[0]].sort_values("clip_id"), "subject", ""
            if part == "event":
                rows, tied = _tie(rows, column)
                shared = f", which share the `{tied}` {rows[tied].iloc[0]}"
            rows = rows.drop_duplicates(column)
            found = [f"{clip} ({value})" for clip, value in zip(rows.clip_id, rows[column], strict=True)]
            return (
                f"{protocol}: {len(both)} {part}(s) have clips of more than one {column}, e.g. {listing(found)}"
                f"{shared}; clips of one {part} belong on one side of every fold; correct their `{column}` or their "
                f"`{tied}`"
            )
    return None


def _tie(rows: pd.DataFrame, column: str) -> tuple[pd.DataFrame, str]:
    """Return clips of one event that differ in ``column`` and share a value of another one, and the name of that.

    There are such clips, for the clips of an event hang together by the values they share.
    """
    for name in (name for name in SHARED if name in rows):
        different = rows.groupby(name)[column].nunique()
        if len(both := sorted(different.index[different > 1])):
            return rows[rows[name] == both[0]], name
    raise AssertionError("clips of one event share nothing")


def too_few(clips: pd.DataFrame, column: str, protocol: str, way_out: str) -> str | None:
    """Say that a table has fewer than two values of a column, or None."""
    values = sorted(set(clips[column]))
    if len(values) >= 2:
        return None
    what = {"dataset": "corpora", "culture": "cultures", "subject": "subjects"}[column]
    there = f"{len(values)} ({listing(values) or 'none'})"
    return f"{protocol} needs at least two {what}; the table has {there}; {way_out}"


def not_exactly(clips: pd.DataFrame, corpora: tuple[str, ...], protocol: str, way_out: str) -> str | None:
    """Say which corpora a table lacks or has too many for a protocol that is published for some corpora only."""
    present = set(clips.dataset)
    wrong = [
        f"{verb} {listing(names, len(names))}"
        for verb, names in (
            ("lacks", [name for name in corpora if name not in present]),
            ("also has", sorted(present - set(corpora))),
        )
        if names
    ]
    if wrong:
        return f"{protocol} is defined for exactly {', '.join(corpora)}; the table {' and '.join(wrong)}; {way_out}"
    return None
