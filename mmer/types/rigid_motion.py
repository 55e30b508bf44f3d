"""The motion of a whole face among the motions of its points: fitted robustly, for an expression moves only some."""

import numpy as np

ROUNDS = 10


def rigid_motion(places: np.ndarray, moved: np.ndarray, floor: float) -> tuple[complex, complex]:
    """Fit the motion of a similarity transform with the least sum of absolute errors.

    The displacement at place z (a complex number) is modelled as ``c z + d``. Iteratively reweighted least squares
    (Weiszfeld): a point whose displacement differs by r from the model weighs ``1 / max(r, floor)``. It is fitted to
    displacements, not to places, so that no motion gives exactly ``(0, 0)``.

    Parameters
    ----------
    places, moved : ndarray of shape (n,), complex
        Where each point is, and how far it moved; x + 1j * y.
    floor : float
        Differences below it count alike, in the unit of ``moved``: about the noise.

    Returns
    -------
    c, d : complex
    """
    weight = np.ones(len(places))
    for _ in range(ROUNDS):
        share = weight / weight.sum()
        middle, mean = share @ places, share @ moved
        centred = places - middle
        c = (share * centred.conj()) @ (moved - mean) / (share @ np.abs(centred) ** 2)
        d = mean - c * middle
        weight = 1 / np.maximum(np.abs(moved - c * places - d), floor)
    return complex(c), complex(d)
