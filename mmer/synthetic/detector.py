"""An imitated face detector: the tracks a release ships are what such a detector would have seen, not the truth.

Landmarks are the truth plus a constant offset per person (a detector's idea of where a brow begins) plus jitter of
each frame; both amounts are those measured for the PFLD network on rendered clips. Action units are a noisy
observation: a baseline per person, units that are missed, units that fire without cause, units that respond to
their neighbours, and smooth noise. The amounts were tuned so that logistic regression on these units alone, leaving
one subject out, scores UF1 .5-.75 on three classes.
"""

from dataclasses import dataclass

import numpy as np

from mmer.synthetic.clip import RenderedClip
from mmer.synthetic.seeds import generator
from mmer.types.face_track import FaceTrack

OFFSET = 0.028  # mean distance between detected and true landmark, in distances of the outer eye corners
JITTER = 0.15  # standard deviation per frame and coordinate, pixels
STEP = 1 / 32  # landmarks are rounded to this, pixels: far below the jitter, and it packs better
NEIGHBOURS = (  # pairs of units that a detector mistakes for each other
    ("AU01", "AU02"),
    ("AU01", "AU04"),
    ("AU04", "AU07"),
    ("AU04", "AU09"),
    ("AU06", "AU07"),
    ("AU06", "AU12"),
    ("AU09", "AU10"),
    ("AU12", "AU14"),
    ("AU12", "AU20"),
    ("AU15", "AU17"),
    ("AU17", "AU24"),
    ("AU05", "AU02"),
)


@dataclass(frozen=True)
class Errors:
    """How wrong the detector is about action units.

    Parameters
    ----------
    scale : float
        Detected activation per true activation.
    baseline : float
        Mean size of the activation a neutral face of a person gets.
    miss : float
        Probability that a unit is missed in a clip: its gain is then under .3.
    false_alarms : float
        Mean number of units per clip that fire without cause.
    alarm : tuple of two float
        Range of the activation of such a unit.
    leak : float
        Part of a unit's activation that its neighbours show, on average.
    noise : float
        Standard deviation of the smooth noise.
    """

    scale: float = 2.0
    baseline: float = 0.08
    miss: float = 0.55
    false_alarms: float = 4.0
    alarm: tuple[float, float] = (0.15, 0.5)
    leak: float = 0.5
    noise: float = 0.1


def observe(
    clip: RenderedClip,
    clip_id: str,
    person: tuple[object, ...],
    number: int,
    first: int,
    fps: float,
    errors: Errors | None = None,
) -> FaceTrack:
    """Track a rendered clip as the imitated detector would.

    Parameters
    ----------
    clip : RenderedClip
    clip_id : str
        Id in the Clips table; no random number depends on it.
    person : tuple
        Names that identify the person (and the seed): the same person always gets the same offset and baseline.
    number : int
        Number of the clip of that person.
    first : int
        The corpus's own number of ``clip.frames[0]``.
    fps : float
        Frames per second.
    errors : Errors, optional

    Returns
    -------
    FaceTrack
        Frames onset..offset.
    """
    errors = errors or Errors()
    own, rng = generator(*person, "detector"), generator(*person, "clip", number, "detector")
    rows = slice(clip.onset, clip.offset + 1)
    landmarks = clip.landmarks[rows] + _offset(clip.landmarks[clip.onset], own)
    landmarks = landmarks + rng.normal(0, JITTER, landmarks.shape)
    baseline = np.abs(own.normal(0, errors.baseline, len(clip.au_names)))
    units = baseline + _units(clip.action_units[rows], clip.au_names, errors, rng)
    low, high = landmarks.min((0, 1)), landmarks.max((0, 1))
    margin = 0.08 * (high - low)
    box = np.concatenate([low - margin, high - low + 2 * margin])
    count = len(landmarks)
    frame = first + np.arange(clip.onset, clip.offset + 1)
    return FaceTrack(
        clip_id=clip_id,
        frame=frame,
        time=(frame - frame[0]) / fps,
        landmarks=(np.rint(landmarks / STEP) * STEP).astype(np.float32),
        action_units=np.round(np.clip(units, 0, 1), 3).astype(np.float32),
        au_names=clip.au_names,
        au_scale="0-1",
        box=np.tile(np.rint(box), (count, 1)).astype(np.float32),
        confidence=np.round(rng.uniform(0.97, 1, count), 3).astype(np.float32),
        n_faces=np.ones(count, np.int16),
        pose=np.full((count, 3), np.nan, np.float32),
        image_size=clip.frames.shape[1:3],
        provenance={"backend": "shipped", "detector": "imitated on rendered faces", "fps": f"{fps:g}"},
    )


def _offset(landmarks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a person's landmark offset (68, 2): partly common to the face, partly each point's own."""
    raw = rng.normal(0, 0.5, (1, 2)) + rng.normal(0, 1, (68, 2))
    unit = np.linalg.norm(landmarks[45] - landmarks[36])
    return raw * OFFSET * unit / np.linalg.norm(raw, axis=1).mean()


def _units(true: np.ndarray, names: tuple[str, ...], errors: Errors, rng: np.random.Generator) -> np.ndarray:
    """Observe activations (T, A) without the person's baseline."""
    count, units = true.shape
    gain = np.exp(rng.normal(0, 0.3, units))
    missed = rng.random(units) < errors.miss
    gain[missed] = rng.uniform(0, 0.3, missed.sum())
    mixing = np.diag(gain)
    for one, other in NEIGHBOURS:
        for source, target in ((one, other), (other, one)):
            mixing[names.index(source), names.index(target)] += rng.uniform(0, 2 * errors.leak)
    seen = errors.scale * np.clip(true, 0, None) @ mixing
    for _ in range(rng.poisson(errors.false_alarms)):
        centre, width = rng.uniform(0.2, 0.8) * count, rng.uniform(0.15, 0.35) * count
        bump = np.exp(-0.5 * ((np.arange(count) - centre) / width) ** 2)
        seen[:, rng.integers(units)] += rng.uniform(*errors.alarm) * bump
    kernel = np.hanning(9)[1:-1]
    raw = rng.standard_normal((units, count + len(kernel) - 1))
    smooth = np.stack([np.convolve(row, kernel / np.linalg.norm(kernel), mode="valid") for row in raw], axis=1)
    return seen + errors.noise * smooth
