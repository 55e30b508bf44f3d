"""Head motion between two frames, taken out of the flow by what the stable points of the face did."""

import numpy as np

PATCH = 2  # half-width of the square around a stable point over which the flow is averaged, pixels


def without_head_motion(flow: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Subtract the similarity motion that fits the flow at stable points with least squares.

    The displacement at place z (a complex number) is modelled as ``c z + d``, which is the motion of a similarity
    transform. It is fitted to displacements, not to places, so that a flow of exactly 0 stays exactly 0.

    Parameters
    ----------
    flow : ndarray of shape (2, H, W), float32
        u and v in pixels.
    points : ndarray of shape (n, 2)
        Stable points in the picture of the flow, x and y in pixels.

    Returns
    -------
    ndarray of shape (2, H, W), float32
    """
    height, width = flow.shape[1:]
    column = np.clip(np.rint(points[:, 0]).astype(int), PATCH, width - 1 - PATCH)
    row = np.clip(np.rint(points[:, 1]).astype(int), PATCH, height - 1 - PATCH)
    complex_flow = flow[0].astype(np.float64) + 1j * flow[1]
    there = np.array(
        [
            complex_flow[y - PATCH : y + PATCH + 1, x - PATCH : x + PATCH + 1].mean()
            for x, y in zip(column, row, strict=True)
        ]
    )
    place = column + 1j * row
    centred = place - place.mean()
    c = np.sum(centred.conj() * (there - there.mean())) / np.sum(np.abs(centred) ** 2)
    d = there.mean() - c * place.mean()
    y, x = np.mgrid[:height, :width]
    left = complex_flow - (c * (x + 1j * y) + d)
    return np.stack([left.real, left.imag]).astype(np.float32)
