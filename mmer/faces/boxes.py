"""One box for one clip: which face is meant, found on a few frames and then held still.

A box that is found anew in every frame jitters by a pixel or two; the landmark network inside it would turn that into
motion as large as a micro-expression. So the box is looked for on a few frames and fixed as their median.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SAME_FACE = 0.3  # least intersection over union of two boxes of one (nearly still) head

Finder = Callable[[np.ndarray], np.ndarray]
"""Picture (H, W, 3) uint8 RGB -> boxes (n, 5): left, top, right, bottom in pixels, and score 0..1."""


@dataclass(frozen=True)
class FixedBox:
    """What the checked frames say about a clip.

    Parameters
    ----------
    edges : ndarray of shape (4,), float64, pixels
        Left, top, right, bottom; NaN where no checked frame has a face.
    found : ndarray of shape (T,), bool
        Whether a frame has the face: what the nearest checked frame says (the earlier one of two equally near).
    score : ndarray of shape (T,), float32; 0 where not found
    n_faces : ndarray of shape (T,), int16
        All faces in the nearest checked frame, the chosen one among them.
    """

    edges: np.ndarray
    found: np.ndarray
    score: np.ndarray
    n_faces: np.ndarray


def checked_places(length: int, every: int) -> list[int]:
    """Return which frames are looked at: first, middle and last (``every`` 0), or every k-th and the last."""
    if every == 0:
        return sorted({0, (length - 1) // 2, length - 1})
    return sorted({*range(0, length, every), length - 1})


def fix_box(boxes: dict[int, np.ndarray], length: int, size: tuple[int, int]) -> FixedBox:
    """Choose one face and hold its box still.

    In the first frame with a face the largest central one is chosen: area times closeness of its centre to the middle
    of the picture. In the other checked frames the face that overlaps it most is the same one; where none overlaps by
    ``SAME_FACE``, the face has left the box, and landmarks found in there would be of something else.

    Parameters
    ----------
    boxes : dict of int to ndarray of shape (n, 5)
        Boxes and scores of each checked frame, by its place in the clip.
    length : int
        Frames of the clip.
    size : tuple of int
        Height and width of the picture.
    """
    chosen: dict[int, np.ndarray] = {}
    for place in sorted(boxes):
        if not len(boxes[place]):
            continue
        if not chosen:
            chosen[place] = boxes[place][np.argmax(_prominence(boxes[place], size))]
            continue
        overlap = _overlap(boxes[place], next(iter(chosen.values())))
        if overlap.max() >= SAME_FACE:
            chosen[place] = boxes[place][np.argmax(overlap)]
    places = np.array(sorted(boxes))
    nearest = places[np.abs(np.arange(length)[:, None] - places).argmin(1)]
    return FixedBox(
        edges=np.median([box[:4] for box in chosen.values()], axis=0) if chosen else np.full(4, np.nan),
        found=np.array([place in chosen for place in nearest]),
        score=np.array([chosen[place][4] if place in chosen else 0 for place in nearest], np.float32),
        n_faces=np.array([len(boxes[place]) for place in nearest], np.int16),
    )


def _prominence(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Area times closeness to the middle (1 in the middle, 0 in a corner)."""
    centre = (boxes[:, 0:2] + boxes[:, 2:4]) / 2
    middle = np.array([size[1], size[0]]) / 2
    away = np.linalg.norm(centre - middle, axis=1) / np.linalg.norm(middle)
    return _area(boxes) * np.clip(1 - away, 0, None)


def _area(boxes: np.ndarray) -> np.ndarray:
    return np.clip(boxes[:, 2:4] - boxes[:, 0:2], 0, None).prod(1)


def _overlap(boxes: np.ndarray, one: np.ndarray) -> np.ndarray:
    """Intersection over union of each box with one."""
    shared = _shared(boxes, one)
    return shared / np.maximum(_area(boxes) + _area(one[None]) - shared, 1e-9)


def _shared(boxes: np.ndarray, one: np.ndarray) -> np.ndarray:
    """Area of each box's intersection with one."""
    low, high = np.maximum(boxes[:, 0:2], one[0:2]), np.minimum(boxes[:, 2:4], one[2:4])
    return np.clip(high - low, 0, None).prod(1)


class CascadeFinder:
    """Frontal faces by the local-binary-pattern cascade that scikit-image brings; needs no weights.

    It gives no score: every box has 1. Viola & Jones, Rapid object detection using a boosted cascade of simple
    features, CVPR 2001; its patterns: Liao et al., Learning multi-scale block local binary patterns, ICB 2007.
    """

    def __init__(self) -> None:
        from skimage.data import lbp_frontal_face_cascade_filename
        from skimage.feature import Cascade

        self.cascade = Cascade(lbp_frontal_face_cascade_filename())

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Find the faces of one picture."""
        least, most = max(24, min(image.shape[:2]) // 6), min(image.shape[:2])
        found = self.cascade.detect_multi_scale(
            img=image, scale_factor=1.2, step_ratio=1, min_size=(least, least), max_size=(most, most)
        )
        boxes = [(it["c"], it["r"], it["c"] + it["width"], it["r"] + it["height"], 1.0) for it in found]
        return largest_of_each(np.array(boxes, dtype=np.float64).reshape(-1, 5))


def largest_of_each(boxes: np.ndarray) -> np.ndarray:
    """Keep one box per face: drop what lies by half or more in a larger one (a cascade answers at many scales)."""
    kept: list[np.ndarray] = []
    # Ties in area are broken by position, so that the same picture gives the same order.
    for box in boxes[np.lexsort((boxes[:, 1], boxes[:, 0], -_area(boxes)))]:
        if all(_shared(box[None], other)[0] < 0.5 * _area(box[None])[0] for other in kept):
            kept.append(box)
    return np.array(kept).reshape(-1, 5)
