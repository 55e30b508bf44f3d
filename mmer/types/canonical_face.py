"""The canonical face: one symmetric set of 68 landmarks, and the similarity transform that carries a face onto it.

Motion aligns faces to it, graphs measure on it and take neighbourhoods from it. The points are constants of this
project: an upright, symmetric, neutral face laid out by hand after common facial proportions (eyes .36 of the outer eye
distance apart, nose base at .43, mouth at .70, chin at 1.16 below the eye line), fitted to nobody's data.
"""

import numpy as np

from mmer.types.errors import InputError

# Image-left half and midline in dlib order; unit: outer eye distance, origin midway between the outer eye corners,
# x right, y down. The image-right half is the mirror image.
_LEFT = {
    0: (-0.80, 0.02),  # jaw
    1: (-0.79, 0.22),
    2: (-0.76, 0.42),
    3: (-0.71, 0.62),
    4: (-0.63, 0.80),
    5: (-0.50, 0.95),
    6: (-0.35, 1.07),
    7: (-0.18, 1.14),
    8: (0.00, 1.16),
    17: (-0.61, -0.13),  # brow, outer to inner
    18: (-0.52, -0.20),
    19: (-0.40, -0.23),
    20: (-0.28, -0.21),
    21: (-0.17, -0.17),
    27: (0.00, -0.01),  # nose
    28: (0.00, 0.11),
    29: (0.00, 0.22),
    30: (0.00, 0.34),
    31: (-0.13, 0.40),
    32: (-0.07, 0.42),
    33: (0.00, 0.43),
    36: (-0.50, 0.00),  # eye: outer corner, upper lid, inner corner, lower lid
    37: (-0.40, -0.055),
    38: (-0.28, -0.055),
    39: (-0.18, 0.01),
    40: (-0.28, 0.04),
    41: (-0.40, 0.04),
    48: (-0.27, 0.70),  # mouth, outer line
    49: (-0.17, 0.65),
    50: (-0.06, 0.62),
    51: (0.00, 0.63),
    57: (0.00, 0.82),
    58: (-0.07, 0.81),
    59: (-0.17, 0.77),
    60: (-0.22, 0.70),  # mouth, inner line
    61: (-0.07, 0.685),
    62: (0.00, 0.69),
    66: (0.00, 0.73),
    67: (-0.07, 0.725),
}


def _mirror_table() -> tuple[int, ...]:
    """Return for each dlib landmark the one on the other side of the face (itself on the midline)."""
    pairs = [(i, 16 - i) for i in range(17)] + [(i, 43 - i) for i in range(17, 27)] + [(i, i) for i in range(27, 31)]
    pairs += [(i, 66 - i) for i in range(31, 36)] + [(36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]
    pairs += [(i, 102 - i) for i in range(48, 55)] + [(i, 114 - i) for i in range(55, 60)]
    pairs += [(i, 124 - i) for i in range(60, 65)] + [(i, 132 - i) for i in range(65, 68)]
    table = dict(pairs) | {right: left for left, right in pairs}
    return tuple(table[i] for i in range(68))


MIRROR = _mirror_table()
TEMPLATE = np.array(
    [_LEFT[i] if i in _LEFT else (-_LEFT[MIRROR[i]][0], _LEFT[MIRROR[i]][1]) for i in range(68)], dtype=np.float64
)
TEMPLATE.setflags(write=False)

OUTER_EYES = (36, 45)
# Points that expressions move least: eye corners, nose bridge and nose base. Never brows, mouth or jaw.
STABLE = (27, 28, 29, 30, 33, 36, 39, 42, 45)

EYE_DISTANCE = 0.44  # outer eye distance of the canonical face in an aligned picture, as a part of its size
EYE_LINE = 0.36  # height of the eye line in an aligned picture, as a part of its size; forehead and chin both fit


def template_pixels(size: int) -> np.ndarray:
    """Return the canonical landmarks in an aligned picture of ``size`` x ``size`` pixels: (68, 2) float64."""
    return TEMPLATE * (EYE_DISTANCE * size) + np.array([size / 2, EYE_LINE * size])


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Fit the similarity transform (rotation, one scale, shift; no reflection) of least squared error.

    Closed form of Umeyama (1991) for the plane: with points as complex numbers the transform is ``a z + b``.

    Parameters
    ----------
    source, target : ndarray of shape (n, 2)
        Corresponding points, n at least 2.

    Returns
    -------
    ndarray of shape (2, 3), float64
        ``target ~ matrix[:, :2] @ source + matrix[:, 2]``.

    Raises
    ------
    InputError
        The points coincide or are not finite, so that no transform is defined.
    """
    z = np.asarray(source, np.float64) @ np.array([1, 1j])
    w = np.asarray(target, np.float64) @ np.array([1, 1j])
    spread = np.sum(np.abs(z - z.mean()) ** 2)
    if not spread > 0 or not np.isfinite(w).all():
        raise InputError("no similarity transform fits: the landmarks coincide or are not finite")
    a = np.sum((z - z.mean()).conj() * (w - w.mean())) / spread
    b = w.mean() - a * z.mean()
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def transform(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Apply a (2, 3) transform to points of shape (..., 2)."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def typical_landmarks(landmarks: np.ndarray) -> np.ndarray:
    """Return the median place of each landmark over the frames with a face: (T, 68, 2) -> (68, 2) float64.

    Raises
    ------
    InputError
        No frame has a face.
    """
    valid = np.isfinite(landmarks).all((1, 2))
    if not valid.any():
        raise InputError("no frame with a face, so there is nothing to align")
    return np.median(landmarks[valid].astype(np.float64), axis=0)


def to_template(landmarks: np.ndarray) -> np.ndarray:
    """Return the one transform of a clip from pixels of the source frame to units of the template.

    Parameters
    ----------
    landmarks : ndarray of shape (T, 68, 2)
        Pixels of the source frame; NaN rows (no face) are left out.

    Returns
    -------
    ndarray of shape (2, 3), float64
    """
    stable = list(STABLE)
    return similarity(typical_landmarks(landmarks)[stable], TEMPLATE[stable])


def to_aligned(landmarks: np.ndarray, size: int) -> np.ndarray:
    """Return the one transform of a clip from pixels of the source frame to pixels of the aligned picture: (2, 3)."""
    stable = list(STABLE)
    return similarity(typical_landmarks(landmarks)[stable], template_pixels(size)[stable])
