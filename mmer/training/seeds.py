"""Seeds derived from names: what a fold draws does not depend on what was drawn before it."""

import hashlib
import json
from dataclasses import dataclass


def derive(*parts: str | int) -> int:
    """Hash names and numbers to a seed.

    Parameters
    ----------
    *parts : str or int
        What the draw may depend on, e.g. ``(seed, experiment, fold, "weights")``.

    Returns
    -------
    int
        0 <= seed < 2^63, the same on every machine and in every process.
    """
    # json keeps ("a", "b") apart from ("ab",) and 1 apart from "1".
    return int.from_bytes(hashlib.sha256(json.dumps(parts).encode()).digest()[:8], "big") >> 1


@dataclass(frozen=True)
class Key:
    """The names of one training: everything random in it derives from them.

    Parameters
    ----------
    experiment : str
    seed : int
    fold : str
    """

    experiment: str
    seed: int
    fold: str

    def derive(self, purpose: str, *more: int) -> int:
        """Return the seed for one purpose (``weights``, ``dropout``, ``batches``) of this training."""
        return derive(self.seed, self.experiment, self.fold, purpose, *more)
