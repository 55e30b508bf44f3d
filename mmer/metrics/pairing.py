"""Two experiments side by side: the same clips, the same truth, run against run."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mmer.metrics.runs import checked, is_multilabel
from mmer.metrics.tallies import Tallies, tally
from mmer.types.errors import InputError, listing
from mmer.types.predictions import class_names

CLIP = ["repeat", "clip_id", "target"]


@dataclass(frozen=True)
class Pair:
    """Two experiments on the same clips.

    Parameters
    ----------
    names : tuple of 2 str
    a, b : Tallies
        Of the same subjects in the same order, counts of one shape: run r of one stands against run r of the other.
    """

    names: tuple[str, str]
    a: Tallies
    b: Tallies


def paired(name_a: str, a: pd.DataFrame, name_b: str, b: pd.DataFrame) -> Pair:
    """Check that two Predictions tables are of the same clips, and put their runs side by side.

    Folds may differ. Seeds are paired in their order, whatever their numbers: they name random choices of different
    trainings and have nothing else in common. A table with one seed (a classifier without chance in it) stands against
    each seed of the other.

    Raises
    ------
    InputError
        The two differ in kind, classes, targets, repeats, clips, truth, subjects or the number of seeds, or one alone
        is not in order (``mmer.metrics.runs.checked``). The message names some of the clips.
    """
    names, tables = (name_a, name_b), [checked(a), checked(b)]
    _same_question(names, tables)
    keys = [_clips(name, table) for name, table in zip(names, tables, strict=True)]
    _same_clips(names, keys)
    seeds = [table.seed.nunique() for table in tables]
    if seeds[0] != seeds[1] and 1 not in seeds:
        raise InputError(
            f"compare: {name_a} has {seeds[0]} seeds and {name_b} has {seeds[1]}; the tests set run against run, so "
            "give both the same number of seeds (or one of them a single seed)"
        )
    tallies = [_repeated(tally(table), max(seeds) if own == 1 else 1) for table, own in zip(tables, seeds, strict=True)]
    return Pair(names, *tallies)


def _same_question(names: tuple[str, str], tables: list[pd.DataFrame]) -> None:
    """Refuse tables of different kinds, classes or targets."""
    if is_multilabel(tables[0]) != is_multilabel(tables[1]):
        units, emotions = names if is_multilabel(tables[0]) else names[::-1]
        raise InputError(f"compare: {units} detects action units and {emotions} recognises emotions")
    classes = [class_names(table) for table in tables]
    if classes[0] != classes[1]:
        raise InputError(
            f"compare: {names[0]} has the classes {list(classes[0])}, {names[1]} has {list(classes[1])}; "
            "compare experiments of one label scheme"
        )
    targets = [sorted(set(table.target)) for table in tables]
    if targets[0] != targets[1]:
        raise InputError(f"compare: {names[0]} has the targets {targets[0]}, {names[1]} has {targets[1]}")
    repeats = [sorted(set(table.repeat)) for table in tables]
    if repeats[0] != repeats[1]:
        raise InputError(
            f"compare: {names[0]} has {len(repeats[0])} repeats, {names[1]} has {len(repeats[1])}; "
            "compare experiments of one protocol"
        )


def _clips(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return what one table was tested on, indexed by repeat, clip and target; all seeds must have tested the same."""
    keys = table.drop_duplicates(CLIP).set_index(CLIP)[["subject", "dataset", "truth"]]
    for seed, part in table.groupby("seed", sort=True):
        if len(part) != len(keys):
            lacking = keys.index.difference(pd.MultiIndex.from_frame(part[CLIP])).get_level_values("clip_id")
            raise InputError(
                f"compare: seed {seed} of {name} was not tested on {listing(lacking.unique())}, which other seeds "
                "were; evaluate the experiment anew"
            )
    return keys.sort_index()


def _same_clips(names: tuple[str, str], keys: list[pd.DataFrame]) -> None:
    """Refuse predictions of other clips, and of the same clips with another truth, subject or corpus."""
    only = [one.index.difference(other.index).get_level_values("clip_id").unique() for one, other in (keys, keys[::-1])]
    if len(only[0]) or len(only[1]):
        parts = [f"only {name} has {listing(clips)}" for name, clips in zip(names, only, strict=True) if len(clips)]
        raise InputError(
            f"compare: {names[0]} and {names[1]} have predictions of other clips: {'; '.join(parts)}. "
            "Compare experiments on the same corpora, label scheme and protocol"
        )
    for column in ("truth", "subject", "dataset"):
        differs = keys[0][column].to_numpy() != keys[1][column].to_numpy()
        if differs.any():
            clips = keys[0].index[differs].get_level_values("clip_id").unique()
            raise InputError(f"compare: the {column} differs between {names[0]} and {names[1]} for {listing(clips)}")


def _repeated(tallies: Tallies, times: int) -> Tallies:
    """Set the repeats of a single seed against each seed of the other table: seeds go slowest in the order of runs."""
    return replace(tallies, counts=np.concatenate([tallies.counts] * times)) if times > 1 else tallies
