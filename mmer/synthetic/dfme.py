"""The layout of DFME (Zhao et al., IEEE Transactions on Affective Computing 2024), as its challenge releases it."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from mmer.synthetic import pictures
from mmer.synthetic.full_table import Census, write_full_table
from mmer.synthetic.layout import Recording
from mmer.synthetic.seeds import generator
from mmer.synthetic.workbook import write_workbook

WORDS = {
    "disgust": ("disgust", 0.29),
    "surprise": ("surprise", 0.16),
    "sadness": ("sadness", 0.15),
    "fear": ("fear", 0.14),
    "happiness": ("happiness", 0.11),
    "anger": ("anger", 0.09),
    "contempt": ("contempt", 0.06),
}
IDS = {word: number for number, word in enumerate(sorted(WORDS))}  # 0 anger ... 6 surprise
HEADER = ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Emotion", "EmotionId", "Fps", "AU"]
FILES = {
    "training": "training_full_with_AU.xlsx",
    "test_a": "testA_full_with_AU.xlsx",
    "test_b": "testB_full_with_AU.xlsx",
}
FOLDERS = {"training": "DFME_train", "test_a": "test_data_A", "test_b": "test_data_B/test_data_B"}
# People are dealt to the parts in this order, so that four of them make all three files. No person is in two parts.
PARTS = ("training", "training", "test_a", "test_b")
RATES = (500, 300, 200)  # hertz; the three camera settings of the corpus, mixed in every file
# Action descriptors and movements of the head stand among the units of the real files.
EXTRA_UNITS = {(0, 0): "AD38", (0, 1): "M57", (1, 0): "AD31", (1, 1): "M58", (2, 0): "AD39"}
FIRST_IS_ZERO = 0.3  # how often a clip begins at frame 0
CENSUS = {
    "training": Census(
        176,
        {
            **{"disgust": 548, "surprise": 298, "sadness": 278, "fear": 265},
            **{"happiness": 206, "anger": 161, "contempt": 100},
        },
    ),
    "test_a": Census(
        42,
        {
            **{"disgust": 129, "surprise": 101, "sadness": 46, "fear": 62},
            **{"happiness": 63, "anger": 39, "contempt": 34},
        },
    ),
    "test_b": Census(
        41,
        {
            **{"disgust": 58, "surprise": 48, "sadness": 35, "fear": 38},
            **{"happiness": 42, "anger": 41, "contempt": 37},
        },
    ),
}


@dataclass(frozen=True)
class DfmeLayout:
    """A workbook and a folder for each of three parts, one folder per clip below it, png frames numbered from 0.

    Parameters
    ----------
    part : str
        ``training``, ``test_a`` or ``test_b``: all people are in it; empty: they are dealt to the parts.
    before : int
        People in other parts, whose numbers come first.
    """

    corpus: str = "dfme"
    words: dict[str, tuple[str, float]] = field(default_factory=lambda: WORDS)
    anchors: tuple[str, ...] = ("surprise", "happiness", "disgust")
    lead: int = 0
    tail: int = 0
    fps: float = 200.0  # of the tracks; the clips' own rates stand in the workbook
    census: Census = field(
        default_factory=lambda: Census(
            sum(part.subjects for part in CENSUS.values()),
            {word: sum(part.words[word] for part in CENSUS.values()) for word in WORDS},
        )
    )
    part: str = ""
    before: int = 0

    def subject_name(self, subject: int) -> str:
        """``sub0003``, ``sub0004``, ...: the public part of the corpus does not begin at 1 and has gaps."""
        number = subject + self.before
        return f"sub{3 + number + number // 5:04d}"

    def clip_name(self, subject: int, clip: int, rng: np.random.Generator) -> str:
        """``sub0003_01``."""
        return f"{self.subject_name(subject)}_{clip + 1:02d}"

    def first_frame(self, rng: np.random.Generator) -> int:
        """Often 0, which is a frame like any other here; otherwise somewhere in the recording."""
        return 0 if rng.random() < FIRST_IS_ZERO else int(rng.integers(1, 900))

    def ids(self, name: str, subject_name: str, clip_name: str) -> tuple[str, str]:
        """``dfme/sub0003/sub0003_01`` and ``sub0003/sub0003_01``."""
        return f"{name}/{subject_name}/{clip_name}", f"{subject_name}/{clip_name}"

    def write_frames(
        self, root: Path, recordings: list[tuple[Recording, np.ndarray, np.random.Generator]], archives: bool
    ) -> None:
        """``DFME_train/sub0003_01/00109.png``, without a folder of the person; or one archive per person."""
        files = (
            (f"{one.clip_name}/{one.onset + i:05d}.png", _png(image))
            for one, frames, _ in recordings
            for i, image in enumerate(frames)
        )
        place = root / FOLDERS[self.part_of(recordings[0][0].subject)]
        if archives:
            pictures.write_archive(place / f"{recordings[0][0].subject_name}.zip", files)
        else:
            pictures.write_folder(place, files)

    def write_annotation(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """One workbook per part that has people; the frame rate stands in every row."""
        for part, file in FILES.items():
            rows = [self._row(one, seed) for one in recordings if self.part_of(one.subject) == part]
            if rows:
                write_workbook(root / file, {"Sheet1": [HEADER, *rows]})

    def write_full_table(self, root: Path, seed: int, frames: bool = True) -> list[Recording]:
        """Write the three files in their full size: 1856, 474 and 299 rows of 176, 42 and 41 people."""
        written, before = [], 0
        for part, census in CENSUS.items():
            layout = replace(self, part=part, before=before, census=census)
            own = int(generator(seed, self.corpus, "full table", part).integers(2**31))
            written += write_full_table(layout, root, own, frames)
            before += census.subjects
        return written

    def part_of(self, subject: int) -> str:
        """Say in which part a person is."""
        return self.part or PARTS[subject % len(PARTS)]

    def _row(self, one: Recording, seed: int) -> list[object]:
        terms = list(one.code.terms)
        if extra := EXTRA_UNITS.get((one.subject, one.clip)):
            terms.append(extra)
        units: object = int(terms[0]) if len(terms) == 1 and terms[0].isdigit() else "+".join(terms)
        rate = int(generator(seed, self.corpus, one.subject_name, "fps").choice(RATES))
        return [
            *(one.subject_name, one.clip_name, one.onset, one.apex, one.offset),
            *(one.word, IDS[one.word], rate, units),
        ]


def _png(image: np.ndarray) -> bytes:
    """Encode one picture, (H, W, 3) RGB, without loss."""
    done, data = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    if not done:
        raise RuntimeError("OpenCV could not encode a PNG")
    return data.tobytes()
