#!/usr/bin/env python
"""Measure how far copies of a clip, other clips of its person, and persons of one photograph are from each other.

Prints the distributions behind the thresholds of mmer/audit/duplicates.py. Takes a few minutes:

    .venv/bin/python scripts/calibrate_duplicates.py
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from mmer.audit.distance import look_distances, movement_distances
from mmer.audit.duplicates import SAME_LOOK, SAME_MOTION, SAME_MOVEMENT
from mmer.audit.signature import FRAMES, UNSEEN, ClipPicture, describe_clip, mirror
from mmer.datasets.casme2 import Casme2
from mmer.datasets.samm import Samm
from mmer.motion.optical_flow import OpticalFlow
from mmer.synthetic.release import write_release
from mmer.types.face_track import FaceTrack
from mmer.types.frames import Frames
from mmer.types.motion import ClipMotion

CORPORA = {"casme2": Casme2, "samm": Samm}
# corpus, preset, subjects, clips of each, size in pixels. Persons 0, 2, 4 ... are made of one photograph.
RELEASES = (
    *(("casme2", preset, 6, 14, size) for preset in ("easy", "default", "hard") for size in (64, 128)),
    ("samm", "easy", 6, 14, 128),
    ("samm", "hard", 6, 8, 64),
    ("samm", "default", 4, 6, 256),
    # Many persons with one clip each, for the extremes among persons of one photograph.
    ("casme2", "easy", 200, 1, 64),
    ("casme2", "hard", 200, 1, 64),
)
COPIED = 12  # clips of a release that are copied in every way
Pictures = list[np.ndarray]


def scaled(factor: float) -> Callable[[Pictures], Pictures]:
    kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return lambda pictures: [cv2.resize(one, None, fx=factor, fy=factor, interpolation=kind) for one in pictures]


def brighter(factor: float) -> Callable[[Pictures], Pictures]:
    return lambda pictures: [np.clip(one * factor + 0.5, 0, 255).astype(np.uint8) for one in pictures]


def mirrored(pictures: Pictures) -> Pictures:
    return [np.ascontiguousarray(one[:, ::-1]) for one in pictures]


def turned(pictures: Pictures) -> Pictures:
    height, width = pictures[0].shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 2, 1)
    return [cv2.warpAffine(one, turn, (width, height), borderMode=cv2.BORDER_REPLICATE) for one in pictures]


def cropped(pictures: Pictures) -> Pictures:
    edge = round(0.025 * len(pictures[0]))
    return [one[edge:-edge, edge:-edge] for one in pictures]


def magnified(pictures: Pictures) -> Pictures:
    first = pictures[0].astype(float)
    return [np.clip(first + 3 * (one - first), 0, 255).astype(np.uint8) for one in pictures]


def worst(pictures: Pictures) -> Pictures:
    return mirrored(brighter(1.1)(scaled(0.5)(pictures)))


def same(pictures: Pictures) -> Pictures:
    return pictures


# name -> (what is done to the pictures, JPEG quality, first and step of the pictures kept, whether it must be caught)
COPIES: dict[str, tuple[Callable[[Pictures], Pictures], int, int, int, bool]] = {
    **{f"jpeg {quality}": (same, quality, 0, 1, True) for quality in (70, 80, 95)},
    **{f"size x{factor}": (scaled(factor), 80, 0, 1, True) for factor in (0.5, 0.75, 1.5, 2)},
    **{f"brightness x{factor}": (brighter(factor), 85, 0, 1, True) for factor in (0.9, 1.1)},
    "one frame later": (same, 70, 1, 1, True),
    "mirrored": (mirrored, 70, 0, 1, True),
    "one frame later, x0.5, x1.1, mirrored, jpeg 70": (worst, 70, 1, 1, False),
    "every second frame": (same, 90, 0, 2, False),
    "two frames later": (same, 90, 2, 1, False),
    "three frames later": (same, 90, 3, 1, False),
    "turned by 2 degrees": (turned, 90, 0, 1, False),
    "2.5 % cut off each side": (cropped, 90, 0, 1, False),
    "movement magnified x3": (magnified, 90, 0, 1, False),
}


def eight_bits(values: np.ndarray) -> np.ndarray:
    """Round as a picture of the motion does: 256 steps from the least to the greatest value."""
    low, step = values.min(), np.ptp(values) / 255
    return low + np.rint((values - low) / step) * step


def resized(size: float) -> Callable[[np.ndarray], np.ndarray]:
    kind = cv2.INTER_AREA if size < 1 else cv2.INTER_LINEAR
    return lambda values: np.stack([cv2.resize(one, None, fx=size, fy=size, interpolation=kind) for one in values])


# What a copy of precomputed motion may look like; all must be caught.
MOTION_COPIES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "motion in 8 bits": eight_bits,
    "motion in 16 bits": lambda values: values.astype(np.float16),
    "motion in other units": lambda values: values * 1.7,
    "motion, size x0.5": resized(0.5),
    "motion, size x2": resized(2),
    "motion mirrored, 8 bits": lambda values: eight_bits(mirror(values, "motion u,v,strain")),
}


def copy_of(row: pd.Series, name: str, folder: Path) -> tuple[pd.Series, Frames]:
    """Store a copy of a clip, numbered from 1, and return its row and frames.

    The copy of a clip that was cut one frame later ends one frame later too: the clip itself lacks its last picture.
    """
    change, quality, first, step, _ = COPIES[name]
    pictures = [image for _, image in Frames.open(row.frames).between(int(row.onset), int(row.offset)).iterate()]
    folder.mkdir(parents=True)
    for number, image in enumerate(change(pictures[first::step]), start=1):
        cv2.imwrite(
            str(folder / f"img{number}.jpg"),
            cv2.cvtColor(image, cv2.COLOR_RGB2BGR),
            [cv2.IMWRITE_JPEG_QUALITY, quality],
        )
    row = row.copy()
    row["onset"], row["offset"], row["frames"] = 1, number, str(folder)
    return row, Frames.open(folder)


def nearness(look: np.ndarray, movement: np.ndarray, kind: str) -> np.ndarray:
    """How near two clips are to being flagged: they are where this is 1 or less."""
    return np.maximum(look / SAME_LOOK, movement / SAME_MOVEMENT) if kind == FRAMES else look / SAME_MOTION


def best(one: ClipPicture, other: ClipPicture) -> np.ndarray:
    """Distances of look and movement of two clips, (1, 2), of the side up that is nearer to being flagged."""
    return nearer([one], [other], np.array([0]), np.array([0]))


def nearer(first: list[ClipPicture], second: list[ClipPicture], places: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Distances of look and movement of pairs given by their places, (pairs, 2), of the side up that is nearer."""
    ways, scores = [], []
    for flip in (False, True):
        look = look_distances(first, second, flip)[places, others]
        movement = look
        if first[0].kind == FRAMES:
            movement = movement_distances([first[i] for i in places], [second[i] for i in others], flip)
        ways.append(np.stack([look, movement], 1))
        scores.append(nearness(look, movement, first[0].kind))
    return np.where((scores[1] < scores[0])[:, None], ways[1], ways[0])


def among(pictures: list[ClipPicture], subjects: list[str]) -> dict[str, np.ndarray]:
    """Distances (pairs, 2) between the clips of one person, and between persons of one photograph."""
    order = sorted(set(subjects))
    person = np.array([order.index(subject) for subject in subjects])
    one, other = np.triu_indices(len(pictures), 1)
    photo = (person[one] - person[other]) % 2 == 0
    one, other = one[photo], other[photo]
    distances = nearer(pictures, pictures, one, other)
    own = person[one] == person[other]
    return {"one person": distances[own], "one photograph": distances[~own]}


def moved(row: pd.Series, frames: Frames, like: pd.Series) -> ClipMotion:
    """Compute the optical flow of a clip, or of a copy of the same size; the track is that of the original."""
    track = FaceTrack.load(like.tracks)
    rows = track.between(int(like.onset), int(like.offset))
    shift = int(like.onset) - int(row.onset)
    track = replace(rows, frame=rows.frame - shift)
    row = row.copy()
    row["apex"] = pd.NA if pd.isna(like.apex) else int(like.apex) - shift
    return OpticalFlow(min_valid=0.5).describe(row, track, frames)


def measure(folder: Path) -> Iterator[tuple[str, str, bool, np.ndarray]]:
    """Yield (what is compared, by what, whether it must be caught, distances (pairs, 2)) of every release."""
    for corpus, preset, subjects, clips, size in RELEASES:
        root = folder / f"{corpus}-{preset}-{subjects}-{size}"
        write_release(corpus, root, subjects, clips, seed=11, preset=preset, size=size)
        rows = [row for _, row in CORPORA[corpus](root=str(root)).clips().iterrows()]
        frames = [Frames.open(row.frames) for row in rows]
        people = [row.subject for row in rows]
        pictures = [describe_clip(row, found) for row, found in zip(rows, frames, strict=True)]
        motions = [moved(row, found, row) for row, found in zip(rows, frames, strict=True)]
        flows = [describe_clip(row, None, motion) for row, motion in zip(rows, motions, strict=True)]
        for kind, described in (("frames", pictures), ("motion", flows)):
            # The annotated apex of one clip is its onset: no motion to compare.
            kept = [place for place, picture in enumerate(described) if picture.kind != UNSEEN]
            for what, distances in among([described[i] for i in kept], [people[i] for i in kept]).items():
                if len(distances):
                    yield f"{what} ({corpus})", kind, False, distances
        if clips == 1:
            continue
        for place in range(0, len(rows), max(1, len(rows) // COPIED)):
            row = rows[place]
            for number, (name, (*_, first, _step, must)) in enumerate(COPIES.items()):
                copied, found = copy_of(row, name, root / f"copies/{place}/{number}")
                # A clip cut later ends later: compare it with the clip without its last frames.
                shorter = row.copy()
                shorter["offset"] = int(row.offset) - first
                original = pictures[place] if not first else describe_clip(shorter, frames[place])
                yield name, "frames", must, best(original, describe_clip(copied, found))
                if name in ("jpeg 70", "jpeg 95") and flows[place].kind != UNSEEN:
                    again = describe_clip(row, None, moved(copied, found, row))
                    yield f"motion computed from {name}", "motion", False, best(flows[place], again)
            for name, change in MOTION_COPIES.items():
                if flows[place].kind != UNSEEN:
                    copied = replace(motions[place], values=change(motions[place].values))
                    yield name, "motion", True, best(flows[place], describe_clip(row, None, copied))


def main() -> None:
    """Print the distributions and the margins."""
    results: dict[tuple[str, str], list[np.ndarray]] = {}
    required: dict[tuple[str, str], bool] = {}
    with tempfile.TemporaryDirectory() as folder:
        for what, kind, must, distances in measure(Path(folder)):
            results.setdefault((kind, what), []).append(distances)
            required[kind, what] = must
    limits = {"frames": f"look <= {SAME_LOOK} and movement <= {SAME_MOVEMENT}", "motion": f"motion <= {SAME_MOTION}"}
    for kind in ("frames", "motion"):
        print(f"\nclips described by their {kind}: near duplicates have {limits[kind]}")
        print(f"{'':48s} {'pairs':>6s}  {'look: 0, 50, 100 %':24s} {'movement: 0, 1, 50, 99, 100 %':36s} flagged")
        caught, missed = [], []
        for (of, what), parts in results.items():
            if of != kind:
                continue
            all_pairs = np.concatenate(parts)
            look, movement = all_pairs.T
            shares = (
                " ".join(f"{value:.4f}" for value in np.quantile(look, [0, 0.5, 1])),
                " ".join(f"{value:.4f}" for value in np.quantile(movement, [0, 0.01, 0.5, 0.99, 1])),
            )
            scores = nearness(look, movement, kind)
            flagged = (scores <= 1).sum()
            mark = "*" if required[of, what] else " "
            print(f"{mark} {what:46s} {len(look):6d}  {shares[0]:24s} {shares[1]:36s} {flagged}")
            (caught if required[of, what] else missed if what.startswith("one p") else []).append(scores)
        far, near = np.concatenate(caught).max(), np.concatenate(missed).min()
        print(f"* copies that must be caught: at most {far:.3f} of the thresholds; other clips: at least {near:.3f}")


if __name__ == "__main__":
    main()
