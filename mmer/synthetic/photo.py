"""A synthetic person: one of two public-domain photographs, brought to a canonical pose and changed smoothly.

The photographs lie inside scikit-image (``astronaut``, NASA) and matplotlib (``grace_hopper``, US Navy). Their 68
landmarks (dlib order) are in ``photos.json``. All persons made of one photograph look like siblings.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from matplotlib.cbook import get_sample_data
from scipy.interpolate import RBFInterpolator
from scipy.ndimage import zoom
from skimage.data import astronaut

PHOTOS = ("astronaut", "grace_hopper")
EYE_LINE = 0.40  # height of the eyes in the frame, as part of its size
EYE_DISTANCE = 0.34  # outer eye corners, as part of the frame's size
# Landmark i of a mirrored photograph is landmark MIRRORED[i] of the original.
MIRRORED = (
    *range(16, -1, -1),
    *range(26, 16, -1),
    *(27, 28, 29, 30, 35, 34, 33, 32, 31),
    *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
    *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),
    *(64, 63, 62, 61, 60, 67, 66, 65),
)


@dataclass(frozen=True)
class Portrait:
    """The neutral face of one synthetic person.

    Parameters
    ----------
    image : ndarray of shape (W, W, 3), float32, RGB, 0..255
    landmarks : ndarray of shape (68, 2), float64, pixels
    """

    image: np.ndarray
    landmarks: np.ndarray

    @property
    def eye_distance(self) -> float:
        """Distance of the outer eye corners, pixels: the unit in which faces are measured here."""
        return float(np.linalg.norm(self.landmarks[45] - self.landmarks[36]))


@cache
def _photo(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a photograph (RGB uint8) and its landmarks."""
    constants = json.loads((Path(__file__).parent / "photos.json").read_text())[name]
    landmarks = np.array([point for part in constants.values() for point in part])
    if name == "astronaut":
        return astronaut(), landmarks
    image = cv2.imread(str(get_sample_data("grace_hopper.jpg", asfileobj=False)), cv2.IMREAD_COLOR)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB), landmarks


def make_portrait(number: int, size: int, rng: np.random.Generator) -> Portrait:
    """Make the neutral face of a person.

    Parameters
    ----------
    number : int
        The person's number; photograph and mirroring alternate with it.
    size : int
        Width and height W of the frame, pixels.
    rng : Generator
        The person's own generator: identity, complexion and light.
    """
    image, points = _photo(PHOTOS[number % 2])
    if (number // 2) % 2:
        image = image[:, ::-1]
        points = np.stack([image.shape[1] - 1 - points[:, 0], points[:, 1]], 1)[list(MIRRORED)]
    to_canonical = _canonical(points, size, EYE_DISTANCE * size * rng.uniform(0.95, 1.05))
    canonical = points @ to_canonical[:, :2].T + to_canonical[:, 2]
    landmarks = _identity(canonical, rng)

    scale = float(np.linalg.norm(to_canonical[0, :2]))
    if scale < 0.85:  # against aliasing
        image = cv2.GaussianBlur(image, (0, 0), 0.45 / scale)
    # Identity and similarity are one resampling, so that the picture is blurred only once.
    rim = border_points(size)
    field = RBFInterpolator(
        np.vstack([landmarks, rim]),
        np.vstack([canonical - landmarks, np.zeros_like(rim)]),
        kernel="thin_plate_spline",
        smoothing=2,
    )
    where = pixel_grid(size) + dense(field, size, 23)
    back = cv2.invertAffineTransform(to_canonical)
    source = (where @ back[:, :2].T + back[:, 2]).astype(np.float32)
    face = cv2.remap(np.ascontiguousarray(image), source, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return Portrait(_appearance(_soft_background(face, landmarks), rng), landmarks)


def pixel_grid(size: int) -> np.ndarray:
    """Return the coordinates (x, y) of every pixel, (W, W, 2) float64."""
    return np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=2).astype(np.float64)


def border_points(size: int) -> np.ndarray:
    """Return the 28 points on the rim of an 8 x 8 grid over the frame: what never moves, (28, 2)."""
    steps = np.linspace(0, size - 1, 8)
    grid = np.stack(np.meshgrid(steps, steps), axis=2).reshape(-1, 2)
    return grid[((grid == 0) | (grid == size - 1)).any(1)]


def dense(field: RBFInterpolator, size: int, nodes: int) -> np.ndarray:
    """Evaluate a smooth field on a coarse grid that spans the frame and interpolate it to every pixel: (W, W, C)."""
    steps = np.linspace(0, size - 1, nodes)
    coarse = field(np.stack(np.meshgrid(steps, steps), axis=2).reshape(-1, 2)).reshape(nodes, nodes, -1)
    return zoom(coarse, (size / nodes, size / nodes, 1), order=3, mode="nearest")


def _canonical(points: np.ndarray, size: int, eye_distance: float) -> np.ndarray:
    """Return the similarity (2, 3) that levels the eyes, centres them and gives them the wanted distance."""
    left, right = points[36], points[45]
    across = right - left
    scale = eye_distance / np.linalg.norm(across)
    cos, sin = across / np.linalg.norm(across) * scale
    turn = np.array([[cos, sin], [-sin, cos]])
    shift = np.array([size / 2, EYE_LINE * size]) - turn @ ((left + right) / 2)
    return np.column_stack([turn, shift])


def _identity(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change the proportions of a face, in units of the eye distance about the eyes' midpoint."""
    middle, unit = (points[36] + points[45]) / 2, np.linalg.norm(points[45] - points[36])
    face = (points - middle) / unit

    def around_mean(part: slice, factor: float | np.ndarray) -> None:
        mean = face[part].mean(0)
        face[part] = mean + (face[part] - mean) * factor

    def around_one(sd: float) -> float:
        return 1 + rng.normal(0, sd)

    face[:, 0] *= around_one(0.05)
    face[face[:, 1] > 0, 1] *= around_one(0.06)
    around_mean(slice(48, 68), np.array([around_one(0.08), around_one(0.08)]))
    face[48:68, 1] += rng.normal(0, 0.03)
    eyes = around_one(0.07)
    around_mean(slice(36, 42), eyes)
    around_mean(slice(42, 48), eyes)
    face[17:27, 1] += rng.normal(0, 0.03)
    around_mean(slice(27, 36), np.array([around_one(0.10), 1.0]))
    face[3:14, 0] *= around_one(0.05)
    return middle + face * unit


def _soft_background(face: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Put everything around the head out of focus, as a lens would; as JPEG it then costs a fifth less."""
    unit = np.linalg.norm(landmarks[45] - landmarks[36])
    centre = (landmarks[36] + landmarks[45]) / 2 + [0, 0.25 * unit]
    radius = np.linalg.norm((pixel_grid(len(face)) - centre) / (unit * np.array([1.0, 1.35])), axis=2, keepdims=True)
    sharp = np.clip((1.15 - radius) / 0.3, 0, 1)
    blurred = cv2.GaussianBlur(face, (0, 0), 0.035 * len(face), borderType=cv2.BORDER_REPLICATE)
    return np.rint(face * sharp + blurred * (1 - sharp)).astype(np.uint8)


def _appearance(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change complexion (in L*a*b*) and light (a ramp across the frame) of a uint8 picture; returns float32."""
    lab = cv2.cvtColor(face, cv2.COLOR_RGB2LAB).astype(np.float64)
    lab[..., 0] = 255 * (lab[..., 0] / 255) ** np.exp(rng.normal(0, 0.22))
    lab[..., 1] += rng.normal(0, 5)
    lab[..., 2] += rng.normal(0, 7)
    rgb = cv2.cvtColor(np.clip(lab, 0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB)
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.35)
    ramp = (pixel_grid(len(face)) / (len(face) - 1) - 0.5) @ np.array([np.cos(angle), np.sin(angle)])
    return (rgb * (1 + strength * ramp[..., None])).astype(np.float32)
