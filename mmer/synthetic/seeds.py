"""Random generators that derive from names, so that nothing depends on what was drawn before."""

import hashlib

import numpy as np


def generator(*names: object) -> np.random.Generator:
    """Return the generator that belongs to these names.

    Parameters
    ----------
    *names : object
        What the numbers are for, e.g. ``(seed, "casme2", "subject", 3)``. Other names, other numbers; the same names
        give the same numbers in every process and in any order.
    """
    digest = hashlib.sha256("\x1f".join(map(str, names)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))
