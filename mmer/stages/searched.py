"""What a search saw, held against the folds of an experiment that takes its result."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from mmer.types.errors import InputError, listing
from mmer.types.split import Split


def clips_digest(clip_ids: Iterable[str]) -> str:
    """Return the sha256 of a set of clips."""
    return hashlib.sha256(json.dumps(sorted(clip_ids)).encode()).hexdigest()


def untouched(name: str, splits: Sequence[Split], tuned: dict[str, Any] | None) -> list[Split]:
    """Leave out the folds that test a subject on whom a search was made; their subjects may still be trained on.

    Raises
    ------
    InputError
        No fold is left.
    """
    subjects = set((tuned or {}).get("development_subjects", ()))
    left = [split for split in splits if not subjects & set(split.test_subjects)]
    if splits and not left:
        raise InputError(
            f"experiment {name!r}: every fold tests a subject of the development set of search {tuned['search']!r}, so "
            "none can be reported; choose other development subjects, another protocol, or `mode: nested`"
        )
    return left


def seen_by_search(
    name: str, splits: Sequence[Split], tuned: dict[str, Any], clips: pd.DataFrame
) -> dict[str, tuple[str, ...]]:
    """Return the clips on which the choices of each fold were made.

    Parameters
    ----------
    name : str
        Of the experiment.
    splits : sequence of Split
        Its folds.
    tuned : dict
        ``tuned`` of its section.
    clips : DataFrame
        Clips table of the clips that take part.

    Returns
    -------
    dict of str to tuple of str
        Fold -> clips. None of them is tested there.

    Raises
    ------
    InputError
        The search saw a tested subject, or was made on other folds or clips.
    """
    if tuned["mode"] == "nested":
        return _nested(name, splits, tuned)
    subjects = set(tuned["development_subjects"])
    seen = tuple(sorted(clips.clip_id[clips.subject.isin(subjects)]))
    for split in splits:
        _refuse_tested(name, split, subjects, tuned)
    _refuse_others(name, seen, tuned, tuned["clips_seen"], "on development subjects")
    return {split.fold: seen for split in splits}


def _nested(name: str, splits: Sequence[Split], tuned: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Check fold by fold: a search saw the training clips of its fold, all of them and no other."""
    folds, here = tuned["folds"], [split.fold for split in splits]
    if odd := sorted(set(folds) ^ set(here)):
        raise InputError(
            f"experiment {name!r}: the nested search {tuned['search']!r} has other folds than this experiment, e.g. "
            f"{odd[0]!r}; its result is for the protocol, labels and datasets that it was made under. {_again(tuned)}"
        )
    for split in splits:
        saw = set(folds[split.fold]["subjects_seen"])
        if not split.person_independent:
            raise InputError(
                f"experiment {name!r}: fold {split.fold!r} tests people that it trains on, so a search cannot leave "
                "them out; choose a protocol by subject"
            )
        _refuse_tested(name, split, saw, tuned)
        if odd := sorted(saw ^ set(split.train_subjects)):
            raise InputError(
                f"experiment {name!r}, fold {split.fold!r}: search {tuned['search']!r} saw other subjects than those "
                f"that are trained on: {listing(odd)}. {_again(tuned)}"
            )
        _refuse_others(name, split.train, tuned, folds[split.fold]["clips_seen"], f"of fold {split.fold!r}")
    return {split.fold: split.train for split in splits}


def _refuse_tested(name: str, split: Split, saw: set[str], tuned: dict[str, Any]) -> None:
    if both := sorted(saw & set(split.test_subjects)):
        raise InputError(
            f"experiment {name!r}, fold {split.fold!r}: the search {tuned['search']!r} saw {listing(both)}, who is "
            f"tested there: its choices were made on test data, and the score would be worth nothing. {_again(tuned)}"
        )


def _refuse_others(name: str, seen: Sequence[str], tuned: dict[str, Any], digest: str, what: str) -> None:
    if clips_digest(seen) != digest:
        raise InputError(
            f"experiment {name!r}: the search {tuned['search']!r} {what} saw other clips than there are now "
            f"({len(seen)}): the data, the labels or the protocol changed since. {_again(tuned)}"
        )


def _again(tuned: dict[str, Any]) -> str:
    return f"Run `mmer tune {tuned['search']}` and `mmer adopt {tuned['search']}` again"
