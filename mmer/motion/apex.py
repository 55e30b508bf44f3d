"""Which frame is the apex: the annotated one, the middle one, or the one that moved most."""

import cv2
import numpy as np

from mmer.motion.alignment import aligned
from mmer.motion.dense_flow import dense_flow
from mmer.motion.head_motion import without_head_motion
from mmer.types.canonical_face import to_aligned, transform, typical_landmarks
from mmer.types.errors import InputError
from mmer.types.face_track import FaceTrack
from mmer.types.frames import Frames

RULES = ("given", "middle", "peak_motion")
MISSING = ("middle", "peak_motion", "error")

SIZE = 64  # edge of the reduced picture in which the peak is looked for, pixels
BROWS, MOUTH, EYES = range(17, 27), range(48, 68), (range(36, 42), range(42, 48))
WIDER = 0.08  # brows and mouth are widened to the skin around them by this part of SIZE
EYE_WIDER = 0.05  # and so are the eyes that are left out


def choose_apex(
    rule: str, missing: str, onset: int, given: int | None, offset: int, track: FaceTrack, frames: Frames
) -> tuple[int, str]:
    """Choose the apex of a clip.

    Parameters
    ----------
    rule : str
        One of ``RULES``.
    missing : str
        One of ``MISSING``: what is done under ``given`` where the annotation has no apex.
    onset, given, offset : int
        The corpus's own frame numbers; ``given`` is None where the annotation has no apex.
    track : FaceTrack
        Rows onset..offset.
    frames : Frames
        Pictures onset..offset.

    Returns
    -------
    apex : int
        The corpus's own frame number.
    source : str
        ``given``, ``middle`` or ``peak_motion``: what was really done.

    Raises
    ------
    InputError
        The annotation has no apex and ``missing`` is ``error``.
    """
    if rule == "given" and given is not None:
        return given, "given"
    if rule == "given":
        if missing == "error":
            raise InputError(
                f"{track.clip_id}: the annotation has no apex; set `apex_missing` to middle or peak_motion, or `apex`"
            )
        rule = missing
    if rule == "middle":
        # A corpus may lack frames inside a clip: the nearest one that is there, the earlier of two.
        middle = (onset + offset) // 2
        return min(frames.between(onset, offset).numbers, key=lambda number: (abs(number - middle), number)), "middle"
    return peak_motion(onset, offset, track, frames), "peak_motion"


def peak_motion(onset: int, offset: int, track: FaceTrack, frames: Frames) -> int:
    """Return the frame whose brows and mouth lie farthest from where they were at onset.

    DIS flow from the onset to every frame in a small aligned picture, head motion removed, root mean square over the
    brow and mouth regions with the eyes left out (a blink moves more than any micro-expression), median over three
    frames, greatest value; the first of equal ones.
    """
    matrix = to_aligned(track.landmarks, SIZE)
    landmarks = transform(matrix, typical_landmarks(track.landmarks))
    region = _region(landmarks)
    numbers, amounts, first = [], [], None
    for number, image in frames.between(onset, offset).iterate():
        picture = aligned(image, matrix, SIZE)
        first = picture if first is None else first
        flow = without_head_motion(dense_flow(first, picture, "dis"), landmarks)
        numbers.append(number)
        amounts.append(float(np.sqrt((flow[:, region] ** 2).sum(0).mean())))
    return numbers[int(np.argmax(_median_of_three(np.array(amounts))))]


def _region(landmarks: np.ndarray) -> np.ndarray:
    """Mark brows and mouth without the eyes: (SIZE, SIZE) bool."""

    def widened(points: np.ndarray, margin: float) -> np.ndarray:
        mask = np.zeros((SIZE, SIZE), np.uint8)
        cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(points).astype(np.int32)), 1)
        width = 2 * round(margin * SIZE) + 1
        return cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))) > 0

    keep = widened(landmarks[BROWS], WIDER) | widened(landmarks[MOUTH], WIDER)
    for eye in EYES:
        keep &= ~widened(landmarks[eye], EYE_WIDER)
    return keep


def _median_of_three(values: np.ndarray) -> np.ndarray:
    """Take out single outliers; the ends are repeated."""
    padded = np.pad(values, 1, mode="edge")
    return np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)
