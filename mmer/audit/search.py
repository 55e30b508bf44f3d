"""Search: how the settings were chosen, and that no fold's settings were chosen on what it tests."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from mmer.audit.ledger import SEARCH
from mmer.types.audit import Finding
from mmer.types.errors import listing
from mmer.types.split import Split

BY_HAND = "no search: all settings stand in params.yaml and conf/; what a person tried before, no audit can see"


def search(
    entries: pd.DataFrame, splits: Sequence[Split], seeds: Sequence[int], tuned: Mapping[str, Any] | None
) -> Finding:
    """Say which mode of search was used, and compare what it saw with the folds.

    Parameters
    ----------
    entries : DataFrame
        The ledger; see ``mmer.audit.ledger``.
    splits : sequence of Split
    seeds : sequence of int
    tuned : mapping or None
        ``search``, ``mode``, ``metric``, ``trials`` and, of mode development, ``development_subjects``. None: nothing
        was searched.

    Returns
    -------
    Finding
        A leak where the settings of a fold were chosen on clips or subjects that it tests; a warning where the ledger
        does not say on what they were chosen.
    """
    if tuned is None:
        return Finding("search", "clean", BY_HAND, {"mode": "none"})
    mode, subjects = tuned["mode"], set(tuned.get("development_subjects", ()))
    saw = entries[entries.fitted == SEARCH]
    found = {(seed, repeat, fold): set(clips) for seed, repeat, fold, _, clips in saw.itertuples(index=False)}
    leaks, odd = [], []
    for split in splits:
        if both := sorted(subjects & set(split.test_subjects)):
            leaks.append(f"fold {split.fold!r} tests {listing(both)} of the development set")
        for seed in seeds:
            seen = found.get((seed, split.repeat, split.fold))
            if seen is None:
                odd.append(f"fold {split.fold!r}, seed {seed}: nothing says what the search saw")
            elif both := sorted(seen & set(split.test)):
                leaks.append(f"fold {split.fold!r}, seed {seed}: the search saw {len(both)} test clips")
            elif mode == "nested" and seen != set(split.train):
                odd.append(f"fold {split.fold!r}, seed {seed}: the search saw other clips than are trained on")
    details = {"mode": mode, "search": tuned["search"], "trials": tuned["trials"], "leaks": leaks, "warnings": odd}
    if leaks:
        return Finding("search", "leak", f"settings were chosen on test data: {listing(leaks, 3)}", details)
    if odd:
        return Finding("search", "warning", f"{listing(odd, 3)}; run `dvc repro`", details)
    how = (
        f"nested: the settings of each of {len(splits)} folds were chosen by a search of its own"
        if mode == "nested"
        else f"development: one search on {len(subjects)} subjects that none of {len(splits)} folds tests"
    )
    summary = (
        f"{how} ({tuned['search']}, {tuned['trials']} trials by {tuned['metric']} of inner folds by subject); it saw "
        "no test clip"
    )
    return Finding("search", "clean", summary, details)
