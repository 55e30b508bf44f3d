"""Two experiments -> what differs in their configs, and in what they ran on."""

from collections.abc import Iterator, Mapping
from typing import Any

from mmer.types.fingerprint import SHORT, Fingerprint

DIGESTS = {"sha256 of the folds": "splits", "sha256 of the code": "code"}
Source = tuple[str, Fingerprint | None]


def different_settings(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield (key, value of a, value of b) of every leaf that differs in two configs; a dash where one lacks it."""
    flat = [dict(_leaves(config)) for config in (a, b)]
    for key in sorted(flat[0].keys() | flat[1].keys()):
        values = [_value(one[key]) if key in one else "–" for one in flat]
        if values[0] != values[1]:
            yield key, *values


def _leaves(node: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping) and node:
        for key, value in node.items():
            yield from _leaves(value, f"{place}.{key}" if place else str(key))
    else:
        yield place, node


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def different_facts(a: Source, b: Source) -> Iterator[tuple[str, str, str]]:
    """Yield (what, of a, of b) of all that differs in where two experiments are from and what they ran on.

    Parameters
    ----------
    a, b : tuple of (commit, Fingerprint or None)
        An empty commit is the workspace.
    """
    rows = [("read from", *(f"commit {commit[:SHORT]}" if commit else "the workspace" for commit, _ in (a, b)))]
    both = (a[1], b[1])
    if both[0] and both[1]:
        rows += [(what, *(getattr(one, key)[:SHORT] for one in both)) for what, key in DIGESTS.items()]
        rows += [(key, *(str(getattr(one, key)) for one in both)) for key in ("device", "precision")]
        rows.append(("seeds", *(" ".join(map(str, one.seeds)) for one in both)))
        names = sorted(both[0].versions.keys() | both[1].versions.keys())
        rows += [(f"version of {name}", *(one.versions.get(name, "–") for one in both)) for name in names]
    yield from (row for row in rows if row[1] != row[2])
