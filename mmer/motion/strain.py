"""Optical strain: how much the skin is stretched and sheared, blind to shifts."""

import numpy as np


def optical_strain(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return the magnitude of the infinitesimal strain of a flow field.

    With the symmetric gradient tensor ``e_xx = du/dx``, ``e_yy = dv/dy``, ``e_xy = (du/dy + dv/dx) / 2`` it is the
    Frobenius norm ``sqrt(e_xx^2 + e_yy^2 + 2 e_xy^2)``: 0 for a shift, of second order for a rotation, ``|k|`` for a
    stretch by the factor 1 + k along one axis, ``|k| sqrt(2)`` along both. After Shreve et al., Macro- and
    micro-expression spotting in long videos using spatio-temporal strain, FG 2011, and Liong et al., Optical strain
    based recognition of subtle emotions, ISPACS 2014. Derivatives are central differences (one-sided at the border).

    Parameters
    ----------
    u, v : ndarray of shape (H, W)
        Motion to the right and down, pixels.

    Returns
    -------
    ndarray of shape (H, W), float32
        Strain magnitude, pixels per pixel: without unit.
    """
    du_dy, du_dx = np.gradient(u.astype(np.float64))
    dv_dy, dv_dx = np.gradient(v.astype(np.float64))
    shear = (du_dy + dv_dx) / 2
    return np.sqrt(du_dx**2 + dv_dy**2 + 2 * shear**2).astype(np.float32)
