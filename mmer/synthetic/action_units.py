"""What a facial action unit moves: a table of points, and the dense displacement it becomes on one person's face.

``action_units.csv`` lists displacements at full activation, in distances between the outer eye corners, x right and y
down. Points 0-67 are the dlib landmarks, 68-73 six virtual points on cheeks and forehead. Only the image-left side and
the midline are listed; every listed point off the midline also acts on its mirror partner, with -dx. The units are
those of the Facial Action Coding System (Ekman, Friesen and Hager 2002); the amounts are ours, set by eye.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy.interpolate import RBFInterpolator

from mmer.synthetic.photo import Portrait, border_points, dense

POINTS = 74
MIDLINE = {33, 51, 57, 62, 66, 8}
_PAIRS = (
    *((17, 26), (18, 25), (19, 24), (20, 23), (21, 22), (36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)),
    *((31, 35), (32, 34), (48, 54), (49, 53), (50, 52), (59, 55), (58, 56), (60, 64), (61, 63), (67, 65)),
    *((5, 11), (6, 10), (7, 9), (4, 12), (68, 69), (70, 71), (72, 73)),
)
PARTNER = dict(_PAIRS) | {right: left for left, right in _PAIRS}


@cache
def table() -> dict[str, dict[int, tuple[float, float]]]:
    """Return action unit -> point -> displacement, both sides of the face."""
    units: dict[str, dict[int, tuple[float, float]]] = {}
    with (Path(__file__).parent / "action_units.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            point, dx, dy = int(row["point"]), float(row["dx"]), float(row["dy"])
            moves = units.setdefault(row["action_unit"], {})
            moves[point] = (dx, dy)
            if point not in MIDLINE:
                moves[PARTNER[point]] = (-dx, dy)
    return units


@dataclass(frozen=True)
class Muscles:
    """How one person's face moves.

    Parameters
    ----------
    au_names : tuple of A str
    basis : ndarray of shape (A, W, W, 2), float32
        Displacement of every pixel at full activation, pixels.
    style : ndarray of shape (A,)
        How strongly this person uses each unit; about 1.
    """

    au_names: tuple[str, ...]
    basis: np.ndarray
    style: np.ndarray


def make_muscles(portrait: Portrait, rng: np.random.Generator) -> Muscles:
    """Spread the table over a face; left and right gain and the style of the person are drawn from ``rng``."""
    size, unit = len(portrait.image), portrait.eye_distance
    points = _with_virtual(portrait.landmarks)
    names = tuple(table())
    vectors = np.zeros((len(names), POINTS, 2))
    right_side = points[:, 0] > (portrait.landmarks[36, 0] + portrait.landmarks[45, 0]) / 2
    for k, name in enumerate(names):
        gains = rng.normal(1, 0.15, size=2)
        for point, move in table()[name].items():
            vectors[k, point] = np.array(move) * unit * gains[int(right_side[point])]
    anchors = np.vstack([_ellipse(size, unit), border_points(size)])
    moves = np.vstack([vectors.transpose(1, 0, 2).reshape(POINTS, -1), np.zeros((len(anchors), 2 * len(names)))])
    field = RBFInterpolator(np.vstack([points, anchors]), moves, kernel="linear", smoothing=0.5)
    basis = dense(field, size, 45).reshape(size, size, len(names), 2).transpose(2, 0, 1, 3)
    return Muscles(names, np.ascontiguousarray(basis, np.float32), np.exp(rng.normal(0, 0.25, len(names))))


def _with_virtual(points: np.ndarray) -> np.ndarray:
    """Add the six virtual points on cheeks and forehead to 68 landmarks: (74, 2)."""
    across = points[45] - points[36]
    up = np.array([across[1], -across[0]])  # as long as the eyes are apart
    cheeks = [points[[41, 48, 3]].mean(0), points[[46, 54, 13]].mean(0)]
    forehead = [points[20] + 0.35 * up, points[23] + 0.35 * up, points[18] + 0.30 * up, points[25] + 0.30 * up]
    return np.vstack([points, cheeks, forehead])


def _ellipse(size: int, unit: float) -> np.ndarray:
    """Return 20 points around the face that do not move."""
    angle = np.arange(20) / 20 * 2 * np.pi
    return np.stack([size / 2 + 1.25 * unit * np.cos(angle), 0.47 * size + 1.55 * unit * np.sin(angle)], 1)
