"""How far one picture is moved against another: the measure of what a magnifier did."""

import cv2
import numpy as np
from scipy.ndimage import map_coordinates, spline_filter

ROUNDS, ENOUGH = 30, 1e-5


def moved_by(first: np.ndarray, second: np.ndarray, margin: int = 16) -> np.ndarray:
    """Find the translation that makes the first picture the second, in the sense of least squares.

    Parameters
    ----------
    first, second : ndarray of shape (H, W)
    margin : int
        Pixels at the border that do not count, because what moves in there is unknown.

    Returns
    -------
    ndarray of shape (2,)
        x and y in pixels; exact to some thousandths of a pixel where the motion is one translation of a few pixels.
    """
    first, second = (cv2.GaussianBlur(np.asarray(one, np.float64), (0, 0), 1.0) for one in (first, second))
    spline = spline_filter(first, mode="mirror")
    y, x = np.mgrid[: first.shape[0], : first.shape[1]]
    inside = (slice(margin, -margin), slice(margin, -margin))
    found = np.zeros(2)
    for _ in range(ROUNDS):
        moved = map_coordinates(spline, np.stack([y - found[1], x - found[0]]), prefilter=False, mode="mirror")
        down, right = (part[inside].ravel() for part in np.gradient(moved))
        step = np.linalg.lstsq(-np.stack([right, down], 1), (second - moved)[inside].ravel(), rcond=None)[0]
        found += step
        if np.abs(step).max() < ENOUGH:
            break
    return found
