"""Random draws of the protocols, made by hashing names: equal on every machine, whatever the order of the rows."""

from collections.abc import Iterable
from hashlib import sha256

import numpy as np
import pandas as pd

from mmer.types.errors import InputError


def shuffled(names: Iterable[str], seed: int, repeat: int) -> list[str]:
    """Put names in an order that only they, the seed and the repeat decide.

    Each name is hashed by itself (sha256), so the order of two names does not depend on which others there are.
    """
    return sorted(names, key=lambda name: sha256(f"{seed}/{repeat}/{name}".encode()).digest())


def deal(sizes: pd.Series, k: int, seed: int, repeat: int) -> pd.Series:
    """Deal groups of clips into k folds of nearly equal numbers of clips.

    Groups of 2^m to 2^(m+1) - 1 clips are of one class of size. The classes are dealt from large to small, in drawn
    order within a class, each group to the fold that has the fewest clips so far. Large groups first keep the folds
    equal (26 subjects of 2 to 36 clips, 255 in all, as in CASME II: over 300 draws five folds differ by 0 to 4 clips,
    but by 16 on average when all are dealt in one drawn order), and drawing within a class makes each repeat another
    division. Groups of one clip are dealt in drawn order, and the folds differ by at most one clip.

    Parameters
    ----------
    sizes : Series of int
        Number of clips, indexed by the name of the group; at least k groups.
    k : int
        Number of folds.
    seed, repeat : int

    Returns
    -------
    Series of int64, indexed like ``sizes``
        Fold of each group, 0 to k - 1; no fold is empty.
    """
    place = {name: rank for rank, name in enumerate(shuffled(sizes.index, seed, repeat))}
    in_order = sorted(sizes.index, key=lambda name: (-int(sizes[name]).bit_length(), place[name]))
    load = np.zeros(k, np.int64)
    fold: dict[str, int] = {}
    for name in in_order:
        fold[name] = int(load.argmin())  # the first of equals
        load[fold[name]] += sizes[name]
    return pd.Series([fold[name] for name in sizes.index], index=sizes.index, dtype="int64")


def check_settings(name: str, repeats: int, k: int = 2) -> None:
    """Refuse fewer than two folds and fewer than one repeat.

    Raises
    ------
    InputError
        Names the key of the protocol's yaml.
    """
    if k < 2:
        raise InputError(f"{name}: `k` must be at least 2, got {k}; a fold needs clips to train on")
    if repeats < 1:
        raise InputError(f"{name}: `repeats` must be at least 1, got {repeats}")
