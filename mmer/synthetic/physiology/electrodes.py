"""Where the electrodes of the 10-10 system lie on a spherical head, by its own rule of equal parts.

From front to back the rows lie 18 degrees apart on the line over the vertex. A row runs from that line down to the
ring at 72 degrees from the vertex; the numbers of its electrodes are fourths of the way: Fz, F1, F3, F5, F7.
Jurcak, Tsuzuki, Dan, "10/20, 10/10, and 10/5 systems revisited", NeuroImage 2007.
"""

import re
from collections.abc import Sequence

import numpy as np

# Row -> degrees from the vertex to its electrode on the line (front is positive), and azimuth of its end on the ring.
ROWS = {
    "FP": (72, 18),
    "AF": (54, 36),
    "F": (36, 54),
    "FC": (18, 72),
    "FT": (18, 72),
    "C": (0, 90),
    "T": (0, 90),
    "CP": (-18, 108),
    "TP": (-18, 108),
    "P": (-36, 126),
    "PO": (-54, 144),
    "O": (-72, 162),
}
RING = 72.0
BELOW = {"M": (110.0, 100.0), "CB": (94.0, 150.0)}  # mastoids and cerebellar sites: from the vertex, azimuth; degrees


def places(names: Sequence[str]) -> np.ndarray:
    """Return where electrodes lie.

    Parameters
    ----------
    names : sequence of C str
        Of the 10-10 system; case does not matter.

    Returns
    -------
    ndarray of shape (C, 3), float64
        On the unit sphere: right, front, up.
    """
    return np.stack([_place(name.upper()) for name in names])


def _place(name: str) -> np.ndarray:
    """Return the place of one electrode, (3,)."""
    row, number = re.fullmatch(r"([A-Z]+?)(Z|\d+)", name).groups()
    side = 1.0 if number != "Z" and int(number) % 2 == 0 else -1.0
    if row in BELOW:
        return _on_sphere(*BELOW[row], side)
    middle, azimuth = ROWS[row]
    top = _on_sphere(abs(middle), 0.0 if middle >= 0 else 180.0, side)
    if number == "Z":
        return top
    end = _on_sphere(RING, azimuth, side)
    # Fp and O have one electrode a side, at the ring; the others have four parts of a great circle.
    part = 1.0 if row in ("FP", "O") else (int(number) + 1) // 2 / 4
    angle = np.arccos(np.clip(top @ end, -1, 1))
    return (np.sin((1 - part) * angle) * top + np.sin(part * angle) * end) / np.sin(angle)


def _on_sphere(down: float, azimuth: float, side: float) -> np.ndarray:
    """Return the point so many degrees from the vertex, in a direction counted from the front."""
    polar, turn = np.radians(down), np.radians(azimuth)
    return np.array([side * np.sin(polar) * np.sin(turn), np.sin(polar) * np.cos(turn), np.cos(polar)])
