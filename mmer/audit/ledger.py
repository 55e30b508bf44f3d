"""Ledger: everything that was fitted in a fold names the clips it saw, and none of them is tested there."""

from collections.abc import Sequence

import pandas as pd

from mmer.types.audit import Finding
from mmer.types.errors import InputError, listing
from mmer.types.split import Split

# What every fold fits. Other entries, e.g. `edge_weight`, depend on the choices.
ALWAYS = ("weights", "scaler", "loss")
SEARCH = "search"  # saw what its settings were chosen on; of a development set that is less than a fold trains on
COLUMNS = ("seed", "repeat", "fold", "fitted", "clip_ids")


def ledger(entries: pd.DataFrame, splits: Sequence[Split], seeds: Sequence[int], searched: bool = False) -> Finding:
    """Compare what was fitted in every fold with the clips it may see.

    Parameters
    ----------
    entries : DataFrame
        Columns ``seed``, ``repeat``, ``fold``, ``fitted`` (e.g. ``scaler``) and ``clip_ids`` (those it saw).
    splits : sequence of Split
    seeds : sequence of int
        Every fold was trained under each of them.
    searched : bool
        Whether a search chose settings: then every fold has an entry of what it saw.

    Returns
    -------
    Finding
        A leak where something saw a test clip of its fold. A warning where something saw other clips than the fold's
        training clips, or not all of them, or where a fold lacks an entry.

    Raises
    ------
    InputError
        The table lacks a column.
    """
    if missing := [name for name in COLUMNS if name not in entries]:
        raise InputError(f"ledger: columns {missing} are missing; run `dvc repro`")
    folds = {(split.repeat, split.fold): (set(split.train), set(split.test)) for split in splits}
    leaks, odd = [], []
    seen: dict[tuple[int, int, str], set[str]] = {}
    for seed, repeat, fold, fitted, clip_ids in entries[list(COLUMNS)].itertuples(index=False, name=None):
        where = f"{fitted} of fold {fold!r}, seed {seed}"
        if (repeat, fold) not in folds:
            odd.append(f"{where} is of no fold of this protocol")
            continue
        seen.setdefault((seed, repeat, fold), set()).add(fitted)
        train, test = folds[repeat, fold]
        saw = set(clip_ids)
        if looked := sorted(saw & test):
            leaks.append(f"{where} saw {len(looked)} of {len(test)} test clips: {listing(looked, 2)}")
        elif fitted == SEARCH:
            continue
        elif strange := sorted(saw - train):
            odd.append(f"{where} saw clips that are in neither part: {listing(strange, 2)}")
        elif unused := sorted(train - saw):
            odd.append(f"{where} saw only {len(saw)} of {len(train)} training clips, not {listing(unused, 2)}")
    for seed in seeds:
        for repeat, fold in sorted(folds):
            wanted = (*ALWAYS, SEARCH) if searched else ALWAYS
            if lacking := [name for name in wanted if name not in seen.get((seed, repeat, fold), ())]:
                odd.append(f"fold {fold!r}, seed {seed}: no entry of {listing(lacking)}")
    kinds = sorted({str(name) for name in entries.fitted})
    details = {"entries": len(entries), "fitted": kinds, "leaks": leaks, "warnings": odd}
    if leaks:
        return Finding("ledger", "leak", f"fitted on test clips: {listing(leaks, 3)}", details)
    if odd:
        return Finding("ledger", "warning", f"the ledger is not what it should be: {listing(odd, 3)}", details)
    summary = (
        f"{len(entries)} entries of {len(splits)} folds x {len(seeds)} seeds ({listing(kinds)}): each saw all training "
        f"clips of its fold and no other clip{'; the search saw no test clip' if searched else ''}"
    )
    return Finding("ledger", "clean", summary, details)
