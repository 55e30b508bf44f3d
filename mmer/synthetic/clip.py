"""One rendered micro-expression: frames, and the truth about them.

Every frame is one resampling of the person's neutral picture by the sum of the active units' displacements, plus
small movements of the head, flicker and camera noise. New wrinkles and shading are not rendered.
"""

import json
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from mmer.synthetic.action_units import Muscles, make_muscles
from mmer.synthetic.photo import Portrait, make_portrait, pixel_grid
from mmer.synthetic.seeds import generator
from mmer.types.errors import InputError, nearest

DURATION = (24, 28)  # frames from onset to offset, both included
BLINK = (0.3, 0.8, 1.0, 0.6, 0.2)  # AU43 through five frames


@dataclass(frozen=True)
class Preset:
    """How hard a release is.

    Parameters
    ----------
    intensity : tuple of two float
        Range of a clip's peak activation; 1 is the strongest expression a face can make.
    noise : float
        Standard deviation of the camera noise, grey levels.
    drop : float
        Probability that a unit of the emotion's pattern is missing from a clip.
    blink : float
        Probability of a blink within the clip.
    drift : float
        Size of spontaneous activity of units that have nothing to do with the emotion.
    """

    intensity: tuple[float, float]
    noise: float
    drop: float
    blink: float
    drift: float


@dataclass(frozen=True)
class RenderedClip:
    """Frames and truth of one clip. T frames, W x W pixels, A action units.

    Parameters
    ----------
    frames : ndarray of shape (T, W, W, 3), uint8, RGB
    landmarks : ndarray of shape (T, 68, 2), float64, pixels
        Where the landmarks of the neutral face really are.
    action_units : ndarray of shape (T, A), float64
        Activation; 1 is full. Drift may make it slightly negative; at onset every unit is 0.
    au_names : tuple of A str
    expressed : ndarray of shape (A,), float64
        Peak activation that belongs to the emotion, without drift and blinks.
    onset, apex, offset : int
        Indices into ``frames``.
    intensity : float
    flow : ndarray of shape (W, W, 2), float32, pixels
        Displacement (x right, y down) onset -> apex of the content that is at each pixel of the onset frame.
    emotion : str
    """

    frames: np.ndarray
    landmarks: np.ndarray
    action_units: np.ndarray
    au_names: tuple[str, ...]
    expressed: np.ndarray
    onset: int
    apex: int
    offset: int
    intensity: float
    flow: np.ndarray
    emotion: str


@cache
def presets() -> dict[str, Preset]:
    """Return the presets by name."""
    stored = json.loads((Path(__file__).parent / "presets.json").read_text())
    return {name: Preset(**{**values, "intensity": tuple(values["intensity"])}) for name, values in stored.items()}


@cache
def emotions() -> dict[str, dict[str, float]]:
    """Return emotion -> action unit -> weight."""
    return json.loads((Path(__file__).parent / "emotions.json").read_text())


def render_clip(
    subject: int,
    clip: int,
    emotion: str,
    seed: int,
    preset: str = "default",
    size: int = 128,
    lead: int = 6,
    tail: int = 4,
    corpus: str = "",
) -> RenderedClip:
    """Render one clip. It depends on its own arguments only, not on what else is rendered.

    Parameters
    ----------
    subject, clip : int
        Numbers of the person and of the clip of that person.
    emotion : str
        A word of ``emotions.json``; case does not matter.
    seed : int
    preset : str
        ``easy``, ``default`` or ``hard``.
    size : int
        Width and height W of the frames, pixels.
    lead, tail : int
        Neutral frames before onset and after offset.
    corpus : str
        Name of the release: subject 3 of one is another person than subject 3 of another.

    Raises
    ------
    InputError
        The emotion or the preset does not exist, or the size is under 48 pixels.
    """
    if preset not in presets():
        raise InputError(f"synthetic: there is no preset {preset!r}; {nearest(preset, presets())}")
    if (emotion := emotion.casefold()) not in emotions():
        raise InputError(f"synthetic: there is no emotion {emotion!r}; {nearest(emotion, emotions())}")
    if size < 48:
        raise InputError(f"synthetic: frames of {size} pixels are too small for a face; take at least 48")
    settings = presets()[preset]
    portrait, muscles = _person(seed, corpus, subject, size)
    rng = generator(seed, corpus, "subject", subject, "clip", clip, emotion)
    length = int(rng.integers(DURATION[0], DURATION[1] + 1))
    apex = lead + round((length - 1) * rng.uniform(0.36, 0.55))
    onset, offset, total = lead, lead + length - 1, lead + length + tail

    intensity = rng.uniform(*settings.intensity)
    expressed = _pattern(emotion, muscles, settings, rng) * intensity
    activity = np.outer(_envelope(np.arange(total), onset, apex, offset), expressed)
    activity += _drift(total, onset, muscles, settings, rng)
    if rng.random() < settings.blink:
        start = int(rng.integers(onset + 1, total - len(BLINK) + 1))
        activity[start : start + len(BLINK), muscles.au_names.index("AU43")] += BLINK
    angle, shift = _head(total, size, rng)
    gain = 1 + rng.normal(0, 0.004, total)

    view = _Camera(muscles, activity, angle, shift, size)
    frames = np.empty((total, size, size, 3), np.uint8)
    for t in range(total):
        source = view.source_of(t).astype(np.float32)
        image = cv2.remap(portrait.image, source, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE) * gain[t]
        image += settings.noise * rng.standard_normal(image.shape, dtype=np.float32)
        frames[t] = np.clip(np.rint(image), 0, 255)
    return RenderedClip(
        frames=frames,
        landmarks=np.stack([view.place_of(portrait.landmarks, t) for t in range(total)]),
        action_units=activity,
        au_names=muscles.au_names,
        expressed=expressed,
        onset=onset,
        apex=apex,
        offset=offset,
        intensity=float(intensity),
        flow=(view.place_of(view.source_of(onset), apex) - pixel_grid(size)).astype(np.float32),
        emotion=emotion,
    )


@lru_cache(maxsize=2)
def _person(seed: int, corpus: str, subject: int, size: int) -> tuple[Portrait, Muscles]:
    """Make a person; kept for the next clip of the same one."""
    rng = generator(seed, corpus, "subject", subject)
    with threadpool_limits(1):  # the number of threads may change the last bits of a linear solve
        portrait = make_portrait(subject, size, rng)
        return portrait, make_muscles(portrait, rng)


def _pattern(emotion: str, muscles: Muscles, preset: Preset, rng: np.random.Generator) -> np.ndarray:
    """Draw how this clip uses the units of its emotion, (A,); at least one is active."""
    weights = np.array([emotions()[emotion].get(name, 0.0) for name in muscles.au_names])
    varied = weights * muscles.style * np.exp(rng.normal(0, 0.2, len(weights)))
    kept = varied * (rng.random(len(weights)) >= preset.drop)
    return kept if kept.any() else varied * (weights == weights.max())


def _envelope(t: np.ndarray, onset: int, apex: int, offset: int) -> np.ndarray:
    """Rise from 0 at onset to 1 at apex and fall to 0 at offset, smoothly (cubic smoothstep)."""
    z = np.clip(np.where(t <= apex, (t - onset) / (apex - onset), (offset - t) / (offset - apex)), 0, 1)
    return z**2 * (3 - 2 * z)


def _drift(total: int, onset: int, muscles: Muscles, preset: Preset, rng: np.random.Generator) -> np.ndarray:
    """Draw spontaneous activity (T, A): smooth, in about a third of the units, 0 at onset."""
    kernel = np.hanning(11)[1:-1]  # 9 points, none of them 0
    kernel /= np.linalg.norm(kernel)
    units = len(muscles.au_names)
    raw = rng.standard_normal((units, total + len(kernel) - 1))
    smooth = np.stack([np.convolve(row, kernel, mode="valid") for row in raw], axis=1)
    moving = rng.random(units) < 0.35
    moving[muscles.au_names.index("AU43")] = False  # half-closed eyes are a blink's business
    return preset.drift * moving * (smooth - smooth[onset])


def _head(total: int, size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw the head's random walk: angle (T,) radians and shift (T, 2) pixels, from zero."""
    steps = rng.standard_normal((total, 3)) * [0.12 * size / 176, 0.12 * size / 176, 0.0006]
    steps[0] = 0
    walk = np.cumsum(steps, axis=0)
    return walk[:, 2], walk[:, :2]


@dataclass(frozen=True)
class _Camera:
    """Where the content of the neutral picture is in each frame, and the other way round.

    Pixel x of frame t shows neutral content source(x) = q - D(q), q being x without the head's movement and D the sum
    of the units' displacements.
    """

    muscles: Muscles
    activity: np.ndarray
    angle: np.ndarray
    shift: np.ndarray
    size: int

    def _moved(self, t: int) -> np.ndarray:
        """Displacement of all units together in frame t, (W, W, 2) float32."""
        active = np.flatnonzero(self.activity[t])
        return np.tensordot(self.activity[t, active].astype(np.float32), self.muscles.basis[active], axes=1)

    def _turn(self, t: int) -> np.ndarray:
        cos, sin = np.cos(self.angle[t]), np.sin(self.angle[t])
        return np.array([[cos, -sin], [sin, cos]])

    @property
    def _centre(self) -> np.ndarray:
        return np.array([self.size / 2, 0.6 * self.size])

    def source_of(self, t: int) -> np.ndarray:
        """Neutral position of what each pixel of frame t shows, (W, W, 2)."""
        # A row vector times R is the inverse rotation of a column vector.
        q = (pixel_grid(self.size) - self._centre - self.shift[t]) @ self._turn(t) + self._centre
        return q - _sample(self._moved(t), q)

    def place_of(self, content: np.ndarray, t: int) -> np.ndarray:
        """Position in frame t of neutral content at these positions (..., 2): solves q - D(q) = content for q."""
        field, q = self._moved(t), content
        for _ in range(12):  # D changes by far less than its argument does, so this converges at once
            q = content + _sample(field, q)
        return (q - self._centre) @ self._turn(t).T + self._centre + self.shift[t]


def _sample(field: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Read a dense field (W, W, 2) at positions (..., 2) with linear interpolation."""
    where = places.reshape(1, -1, 2) if places.ndim == 2 else places
    values = cv2.remap(field, where.astype(np.float32), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return values.reshape(places.shape).astype(np.float64)
