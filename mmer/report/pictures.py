"""Arrays of one clip -> small pictures as data URIs: faces, and flow and strain painted over the face."""

import base64
import io

import numpy as np
from PIL import Image

QUALITY = 82
WIDEST = 144  # pixels; larger pictures are scaled down, which bounds the size of the page
FLOW_FLOOR = 0.3  # px; below this the strongest colour is not reached, so that noise does not look like motion
STRAIN_FLOOR = 0.005
# Dark to bright: violet, red, orange, pale yellow. Readable in grey and for the colour blind.
STRAIN_COLOURS = np.array([[60, 15, 110], [165, 45, 95], [237, 105, 37], [251, 180, 26], [252, 255, 164]]) / 255


def face_picture(grey: np.ndarray, quality: int | None = None) -> str:
    """Encode one grey picture, (H, W) uint8, as a data URI; without a quality in that of a card."""
    return _encode(np.repeat(grey[..., None], 3, 2) / 255, quality)


def flow_picture(
    u: np.ndarray, v: np.ndarray, grey: np.ndarray | None, quality: int | None = None
) -> tuple[str, float]:
    """Paint motion over the face: the colour is the direction, its strength the length.

    Parameters
    ----------
    u, v : ndarray of shape (H, W)
        Pixels, x right and y down.
    grey : ndarray of shape (H, W), uint8, or None
        The face under the colour.
    quality : int, optional

    Returns
    -------
    uri : str
    full : float
        Length in pixels at which the colour is full: the 99.5th percentile, at least ``FLOW_FLOOR``.
    """
    length = np.hypot(u, v)
    full = max(float(np.percentile(length, 99.5)), FLOW_FLOOR)
    return _encode(_over(direction_colour(u, v), np.clip(length / full, 0, 1), grey), quality), full


def strain_picture(strain: np.ndarray, grey: np.ndarray | None, quality: int | None = None) -> tuple[str, float]:
    """Paint optical strain, (H, W), over the face; returns the data URI and the strain of the brightest colour."""
    full = max(float(np.percentile(strain, 99.5)), STRAIN_FLOOR)
    return _glowing(np.clip(strain / full, 0, 1), grey, quality), full


def heat_picture(values: np.ndarray, size: tuple[int, int], grey: np.ndarray | None, quality: int | None = None) -> str:
    """Paint values >= 0 of shape (h, w) over a face of ``size`` (H, W), brightest at their 99.5th percentile."""
    full = float(np.percentile(values, 99.5))
    share = np.clip(values / full, 0, 1) if full > 0 else np.zeros(values.shape)
    share = np.asarray(Image.fromarray(share.astype(np.float32)).resize(size[::-1], Image.BILINEAR))
    return _glowing(share, grey, quality)


def wheel_picture(size: int = 72) -> str:
    """Draw the legend of ``flow_picture``: the colour of every direction, as a disc on black."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    length = np.hypot(x, y)
    return _encode(direction_colour(x, y) * (np.clip(length, 0, 1) * (length <= 1))[..., None])


def direction_colour(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return the RGB colour (H, W, 3) in 0..1 of each direction: a hue circle, red to the right."""
    sextant = (np.arctan2(v, u) / (2 * np.pi) % 1) * 6
    offsets = np.array([0.0, 4.0, 2.0])
    return np.clip(np.abs((sextant[..., None] + offsets) % 6 - 3) - 1, 0, 1) * 0.85 + 0.15


def _glowing(share: np.ndarray, grey: np.ndarray | None, quality: int | None = None) -> str:
    """Paint parts of the brightest colour over a face."""
    places = np.linspace(0, 1, len(STRAIN_COLOURS))
    colour = np.stack([np.interp(share, places, STRAIN_COLOURS[:, i]) for i in range(3)], -1)
    return _encode(_over(colour, share, grey), quality)


def _over(colour: np.ndarray, share: np.ndarray, grey: np.ndarray | None) -> np.ndarray:
    """Lay a colour over a dimmed face, as opaque as ``share``."""
    face = np.full(share.shape, 0.1) if grey is None else grey / 255 * 0.6 + 0.05
    opacity = share[..., None] ** 0.8 * 0.9
    return face[..., None] * (1 - opacity) + colour * opacity


def _encode(rgb: np.ndarray, quality: int | None = None) -> str:
    image = Image.fromarray((np.clip(rgb, 0, 1) * 255).round().astype(np.uint8))
    if max(image.size) > WIDEST:
        scale = WIDEST / max(image.size)
        image = image.resize((max(round(image.width * scale), 1), max(round(image.height * scale), 1)), Image.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=quality or QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
