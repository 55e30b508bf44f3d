"""The layout of CAS(ME)^3, part A (Li et al., IEEE TPAMI 2023): the release of clips and version 2 of its labels."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from mmer.synthetic import pictures
from mmer.synthetic.full_table import Census
from mmer.synthetic.layout import Recording
from mmer.synthetic.workbook import write_workbook

WORDS = {
    "disgust": ("disgust", 0.26),
    "surprise": ("surprise", 0.22),
    "others": ("others", 0.16),
    "fear": ("fear", 0.10),
    "anger": ("anger", 0.09),
    "sad": ("sadness", 0.07),
    "happy": ("happiness", 0.08),
    "Others": ("others", 0.02),  # three rows of the real file have the capital
}
CENSUS = Census(
    subjects=94,
    words={
        **{"disgust": 250, "surprise": 187, "others": 158, "fear": 86, "anger": 64, "sad": 57, "happy": 55},
        "Others": 3,
    },
    objective={"I": 15, "II": 151, "III": 234, "IV": 37, "V": 47, "VI": 3, "VII": 373},
    # Without others, 88 people are left.
    reach=((("disgust", "surprise", "fear", "anger", "sad", "happy"), 88),),
)
HEADER = ["Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion"]
FILMS = "abcdefghijklm"
SLOT = 300  # frames of a film for each of its clips
CAPITAL = (0, 2)  # the (subject, clip) whose film is called J where its folder is j
# Quirks of the real file that a reader can live with, as (subject, clip).
APEX_AT_ONSET = {(0, 1), (1, 2)}  # the start of the video is lost
APEX_OUTSIDE = {(2, 0)}  # apex before onset
FRAME_LOST = {(2, 1)}  # about one clip in ten misses frames
# Rows that contradict themselves. The real ones are mended by errata, these are left out with a warning. They are not
# in the full table, whose counts are to be those of the release. A row with onset and apex 0, where the film begins
# with picture 1, stops a reader; it is left to the tests.
OFFSET_ZERO = {(2, 2)}
ONSET_BEHIND = {(3, 0)}  # a wrong digit in the onset


@dataclass(frozen=True)
class Casme3Layout:
    """Text cells only, films with several clips, one folder of colour and one of depth per clip, 30 frames a second.

    The labels write ``spNO``, the folders ``spNo``.
    """

    corpus: str = "casme3"
    words: dict[str, tuple[str, float]] = field(default_factory=lambda: WORDS)
    anchors: tuple[str, ...] = ("surprise", "happy", "disgust")
    lead: int = 0  # the released folders hold exactly onset..offset
    tail: int = 0
    fps: float = 30.0
    census: Census = CENSUS

    def subject_name(self, subject: int) -> str:
        """``spNO.1``, ``spNO.2``, ... with gaps."""
        return f"spNO.{1 + subject + subject // 3}"

    def clip_name(self, subject: int, clip: int, rng: np.random.Generator) -> str:
        """``a@57``: film and onset, for two clips in a row share a film and the id needs the onset."""
        film = "J" if (subject, clip) == CAPITAL else FILMS[clip // 2 % len(FILMS)]
        onset = self.starts(subject, clip) + self.lead
        return f"{film}@{onset + 1000 if (subject, clip) in ONSET_BEHIND else onset}"

    def first_frame(self, rng: np.random.Generator) -> int:
        """Films start at 1."""
        return 1

    def starts(self, subject: int, clip: int) -> int:
        """Where in its film a clip begins; clips of one film do not overlap."""
        place = clip % 2 + 2 * (clip // (2 * len(FILMS)))
        return 5 + SLOT * place + (37 * subject + 53 * clip) % 150

    def ids(self, name: str, subject_name: str, clip_name: str) -> tuple[str, str]:
        """``casme3/spNO.1/a@57`` and ``spNO.1/a@57``."""
        return f"{name}/{subject_name}/{clip_name}", f"{subject_name}/{clip_name}"

    def write_frames(
        self, root: Path, recordings: list[tuple[Recording, np.ndarray, np.random.Generator]], archives: bool
    ) -> None:
        """``Part_A_ME_clip/frame/spNo.1_a_57/57.jpg``, ``depth/.../57.png``; or an archive of a person in each."""
        person = recordings[0][0].subject_name.replace("NO", "No")
        for kind in ("frame", "depth"):
            place = root / "Part_A_ME_clip" / kind
            files = _files(person, ((one, frames) for one, frames, _ in recordings), kind)
            if archives:
                pictures.write_archive(place / f"{person}.zip", files)
            else:
                pictures.write_folder(place, files)

    def write_annotation(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """``cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx``: sheet label, and two empty ones."""
        rows = [HEADER, *map(_row, recordings)]
        path = root / "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx"
        write_workbook(path, {"label": rows, "Sheet1": [], "Sheet3": []})


def encode_depth(image: np.ndarray) -> bytes:
    """Encode a picture of depth, 16 bits in millimetres: a face-like bump before a wall, the same in every frame."""
    y, x = np.mgrid[-1 : 1 : image.shape[0] * 1j, -1 : 1 : image.shape[1] * 1j]
    bump = np.clip(1 - x**2 - 0.7 * y**2, 0, 1)
    done, data = cv2.imencode(".png", (900 - 10 * np.round(16 * bump)).astype(np.uint16))
    if not done:
        raise RuntimeError("OpenCV could not encode a PNG")
    return data.tobytes()


def _files(person: str, recordings: Iterable[tuple[Recording, np.ndarray]], kind: str) -> Iterator[tuple[str, bytes]]:
    """Name and encode the pictures of one person."""
    for one, frames in recordings:
        film = one.clip_name.partition("@")[0].lower()
        lost = one.apex + 1 if (one.subject, one.clip) in FRAME_LOST and one.quirk is None else None
        depth = encode_depth(frames[0]) if kind == "depth" else b""
        for i, image in enumerate(frames):
            number = one.onset + i
            if number == lost and number < one.offset:
                continue
            data, suffix = (depth, "png") if kind == "depth" else (pictures.encode(image), "jpg")
            yield f"{person}_{film}_{one.onset}/{number}.{suffix}", data


def _row(one: Recording) -> list[object]:
    """Write one clip; every cell of the real file is text."""
    film, _, stated = one.clip_name.partition("@")
    marks = {"onset": one.onset, "apex": one.apex, "offset": one.offset}
    place = (one.subject, one.clip)
    if one.quirk is None:
        marks["onset"] = int(stated)
        marks["apex"] = one.onset if place in APEX_AT_ONSET else one.apex
        marks["apex"] = max(one.onset - 3, 1) if place in APEX_OUTSIDE else marks["apex"]
        marks["offset"] = 0 if place in OFFSET_ZERO else one.offset
    units = "+".join(one.code.terms)
    return [one.subject_name, film, *map(str, marks.values()), units, one.code.objective_class, one.word]
