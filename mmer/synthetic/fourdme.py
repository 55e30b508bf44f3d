"""The layout of 4DME (Li et al., IEEE Transactions on Affective Computing 2022), grey videos of its release v1."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from mmer.synthetic import pictures
from mmer.synthetic.full_table import Census
from mmer.synthetic.layout import Recording
from mmer.synthetic.workbook import write_workbook

# An expression may have two emotions.
WORDS = {
    "Negative": ("disgust", 0.42),
    "Positive": ("happiness", 0.15),
    "Surprise": ("surprise", 0.14),
    "Others": ("others", 0.11),
    "Repression": ("repression", 0.03),
    "Positive+Surprise": ("happiness", 0.05),
    "Negative+Surprise": ("fear", 0.03),
    "Positive+Repression": ("repression", 0.03),
    "Negative+Repression": ("anger", 0.03),
    "Surprise+Repression": ("repression", 0.01),
}
EMOTIONS = ("Positive", "Negative", "Surprise", "Repression", "Others")
UNITS = (
    1,
    2,
    4,
    5,
    6,
    7,
    9,
    10,
    12,
    14,
    15,
    17,
    18,
    20,
    23,
    24,
    25,
    26,
    28,
    38,
    43,
    45,
)  # 22, a column each
HEADER = [
    *("sub_ID", "fold", "fold_name", "Onset", "Apex", "Offset", "Emotion", "eye blink", *EMOTIONS, "Total"),
    *("AUs", *(f"AU{number}" for number in UNITS)),
]
AT_UNITS = HEADER.index("AUs")  # from here on two rows of the release are exchanged
# People who came twice have two names in the workbook and two folders; the corpus writes that in two ways.
SESSIONS = {1: ("1st", "2nd"), 3: ("1", "2")}  # number of the person, modulo 4
# Rows that carry a quirk of the real file, as (subject, clip).
KEPT = ((0, 0), (2, 1))  # a unit that is kept still through the clip, 'AU4(k)+L7'
EXCHANGED = ((0, 1), (0, 2))  # each has the units of the other
SURPLUS = "S13_1st_001_01_1"  # a folder that no row names
# The number of clips of each combination is from memory (it sums up to the published 267), that of the people is the
# paper's.
CENSUS = Census(
    41,
    {
        **{"Positive": 34, "Negative": 127, "Surprise": 30, "Repression": 6, "Others": 31},
        **{"Positive+Surprise": 13, "Negative+Surprise": 8, "Positive+Repression": 8, "Negative+Repression": 7},
        "Surprise+Repression": 3,
    },
)


@dataclass(frozen=True)
class FourdmeLayout:
    """Workbook with two emotions in some rows, columns of 0 and 1 beside the texts, grey frames, 60 per second."""

    corpus: str = "fourdme"
    words: dict[str, tuple[str, float]] = field(default_factory=lambda: WORDS)
    anchors: tuple[str, ...] = ("Surprise", "Positive", "Negative")
    lead: int = 0
    tail: int = 0
    fps: float = 60.0
    census: Census = CENSUS

    def subject_name(self, subject: int) -> str:
        """``S03``, ``S04``, ...: who showed nothing is not in the workbook. This is the person, not the session."""
        return f"S{3 + subject + subject // 3:02d}"

    def clip_name(self, subject: int, clip: int, rng: np.random.Generator) -> str:
        """``001_01_1``: film, expression, part; after the session where a person came twice, ``1st_001_01_1``."""
        session = SESSIONS.get(subject % 4)
        name = f"{1 + clip:03d}_{int(rng.integers(1, 4)):02d}_{1 + int(rng.random() < 0.2)}"
        return f"{session[clip % 2]}_{name}" if session else name

    def first_frame(self, rng: np.random.Generator) -> int:
        """Somewhere in the recording."""
        return int(rng.integers(20, 4000))

    def ids(self, name: str, subject_name: str, clip_name: str) -> tuple[str, str]:
        """``fourdme/S04/1st_001_01_1`` and ``S04/1st_001_01_1``."""
        return f"{name}/{subject_name}/{clip_name}", f"{subject_name}/{clip_name}"

    def write_frames(
        self, root: Path, recordings: list[tuple[Recording, np.ndarray, np.random.Generator]], archives: bool
    ) -> None:
        """``gray_micro/S04_1st/001_01_1/00046.jpg``, single-channel; or one archive per session of a person."""
        base = root / "gray_micro"
        sessions: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
        for one, frames, _ in recordings:
            subject, fold = _cells(one)
            for i, image in enumerate(frames):
                grey = pictures.encode(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
                sessions[subject].append((f"{fold}/{one.onset + i:05d}.jpg", grey))
        for subject, files in sessions.items():
            if archives:
                pictures.write_archive(base / f"{subject}.zip", files)
            else:
                pictures.write_folder(base / subject, files)
        if recordings[0][0].subject == 0:
            _, data = next(iter(sessions.values()))[0]
            pictures.write_folder(base / SURPLUS, [("00001.jpg", data)])

    def write_annotation(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """``4DME_Labelling_Micro_release v1.xlsx``; frame numbers are decimals (``46.0``)."""
        rows = {(one.subject, one.clip): self._row(one) for one in recordings}
        if all(place in rows for place in EXCHANGED):
            first, second = (rows[place] for place in EXCHANGED)
            first[AT_UNITS:], second[AT_UNITS:] = second[AT_UNITS:], first[AT_UNITS:]
        write_workbook(root / "4DME_Labelling_Micro_release v1.xlsx", {"Sheet1": [HEADER, *rows.values()]})

    def _row(self, one: Recording) -> list[object]:
        subject, fold = _cells(one)
        emotions = one.word.split("+")
        terms = list(one.code.terms)
        marked = {number for _, number in one.code.units}
        if (one.subject, one.clip) in KEPT:
            kept = 1 if 4 in marked else 4
            terms.insert(0, f"{kept}(k)")
            marked.add(kept)  # the columns of the units do not know about (k)
        return [
            *(subject, 1 + one.subject % 5, fold, float(one.onset), float(one.apex), float(one.offset)),
            # Both orders of two emotions occur.
            "+".join(emotions[::-1] if (one.subject + one.clip) % 2 else emotions),
            *(int(bool(one.code.note)), *(int(emotion in emotions) for emotion in EMOTIONS), len(emotions)),
            *("AU" + "+".join(terms), *(int(number in marked) for number in UNITS)),
        ]


def _cells(one: Recording) -> tuple[str, str]:
    """Spell a clip as the workbook and its folders do: person with session, clip without."""
    *session, film, expression, part = one.clip_name.split("_")
    return "_".join([one.subject_name, *session]), f"{film}_{expression}_{part}"
