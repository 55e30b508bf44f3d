"""Random draws of the statistics: resamples of subjects, and exchanges of subjects between two experiments.

A draw depends on a seed and a name alone, never on what was drawn before it or in which order rows lie.
"""

import hashlib
import json

import numpy as np


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Return the generator of one purpose, seeded by the sha256 of seed and purpose."""
    digest = hashlib.sha256(json.dumps([seed, purpose]).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def resamples_of_subjects(subjects: int, resamples: int, seed: int) -> np.ndarray:
    """Draw subjects with replacement, as many as there are.

    Returns
    -------
    ndarray of shape (resamples, subjects), float64
        How often each subject is in each resample (multinomial counts); every row sums to ``subjects``. Experiments on
        the same subjects get the same resamples from the same seed, which is what their difference needs.
    """
    drawn = generator(seed, "resamples of subjects").integers(subjects, size=(resamples, subjects))
    drawn += np.arange(resamples)[:, None] * subjects
    counts = np.bincount(drawn.ravel(), minlength=resamples * subjects)
    return counts.reshape(resamples, subjects).astype(np.float64)


def all_exchanges(subjects: int) -> np.ndarray:
    """Return every way to exchange subjects or not: (2 ** subjects, subjects) float64 of 0 and 1."""
    return ((np.arange(2**subjects)[:, None] >> np.arange(subjects)) & 1).astype(np.float64)


def random_exchanges(subjects: int, permutations: int, seed: int) -> np.ndarray:
    """Toss a coin for each subject: (permutations, subjects) float64 of 0 and 1."""
    coins = generator(seed, "exchanges of subjects").integers(2, size=(permutations, subjects), dtype=np.uint8)
    return coins.astype(np.float64)
