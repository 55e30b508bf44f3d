"""Dense optical flow between two grey pictures: DIS, Farneback and TV-L1 behind one function."""

from functools import cache

import cv2
import numpy as np
from skimage.registration import optical_flow_tvl1

ALGORITHMS = ("dis", "farneback", "tvl1")


@cache
def _dis() -> cv2.DISOpticalFlow:
    """Make the DIS engine once; it keeps buffers but no state from pair to pair."""
    return cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)


def dense_flow(first: np.ndarray, second: np.ndarray, algorithm: str) -> np.ndarray:
    """Estimate how the pixels of ``first`` moved to ``second``.

    DIS: Kroeger et al., Fast Optical Flow using Dense Inverse Search, ECCV 2016 (OpenCV, preset medium). Farneback:
    Two-Frame Motion Estimation Based on Polynomial Expansion, SCIA 2003 (OpenCV). TV-L1: Zach et al., A Duality Based
    Approach for Realtime TV-L1 Optical Flow, DAGM 2007 (scikit-image; OpenCV 5 has none).

    Parameters
    ----------
    first, second : ndarray of shape (H, W), uint8
    algorithm : str
        One of ``ALGORITHMS``.

    Returns
    -------
    ndarray of shape (2, H, W), float32
        u (right) and v (down) in pixels, at the pixels of ``first``.
    """
    if algorithm == "dis":
        return np.ascontiguousarray(_dis().calc(first, second, None).transpose(2, 0, 1))
    if algorithm == "farneback":
        # Three levels and a window of 15 pixels: motions of a few pixels on a face of about 60 pixels eye to eye.
        flow = cv2.calcOpticalFlowFarneback(first, second, None, 0.5, 3, 15, 3, 5, 1.1, 0)
        return np.ascontiguousarray(flow.transpose(2, 0, 1))
    if algorithm == "tvl1":
        # scikit-image gives (row, column) and weighs the data term for grey values in 0..1.
        flow = optical_flow_tvl1(first.astype(np.float32) / 255, second.astype(np.float32) / 255, dtype=np.float32)
        return np.ascontiguousarray(flow[::-1])
    raise ValueError(f"no flow algorithm {algorithm!r}")
