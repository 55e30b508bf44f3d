"""The layout of SAMM Long Videos (Yap, Kendrick and Yap, FG 2020), with the quirks of its workbook."""

from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np

from mmer.synthetic import pictures
from mmer.synthetic.full_table import Census, Named
from mmer.synthetic.layout import Recording
from mmer.synthetic.workbook import write_workbook

# The file states no emotion, only the type of an expression. Both are rendered alike but for the units that move.
WORDS = {
    "Macro": ("happiness", 0.68),
    "Micro - 1/2": ("disgust", 0.32),
}
PREAMBLE = [
    ["Macro- and micro-movement codes of rendered faces"],
    ["A synthetic release in the layout of SAMM Long Videos; no row of it comes from that corpus"],
    [],
    ["/", "or"],
    ["?", "the end of the movement is unclear"],
    ["L or R before a unit", "one side of the face only"],
    ["Frames", "numbered from 1 in each video, first and last included"],
    ["Type", "Macro, or Micro - 1/2 for at most half a second"],
    [],
]
HEADER = [
    *("Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration", "Type", "Action Units", "Notes"),
]
VIDEOS = 7  # of each person, one per inducement
NEUTRAL = 6  # frames in front of the first interval of a video
SLOT = 40  # frames from one interval's beginning to the next one's; the longest rendered interval has 28
# Quirks of the real file, and the row that carries each in a rendered release, as (subject, clip).
NO_ONSET, NO_OFFSET = "onset 0", "offset 0"  # the beginning or the end is not marked
AT_ONE = "onset 1"  # the video begins within the expression
BEHIND = "offset behind the last frame"  # of the video
QUIRKS = {(2, 0): NO_OFFSET, (2, 1): NO_ONSET, (2, 2): AT_ONE, (2, 3): BEHIND}
# Published counts (Yap, Kendrick and Yap 2020); two intervals end behind their video.
CENSUS = Census(
    subjects=30,
    words={"Macro": 343, "Micro - 1/2": 159},
    named=tuple(
        Named(2 * place, "Macro", quirk) for place, quirk in enumerate((NO_ONSET, NO_OFFSET, AT_ONE, BEHIND, BEHIND))
    ),
)


@dataclass(frozen=True)
class SammLongLayout:
    """Workbook with nine rows above its header; two or more intervals in each grey video, 200 frames per second."""

    corpus: str = "samm_long"
    words: dict[str, tuple[str, float]] = field(default_factory=lambda: WORDS)
    anchors: tuple[str, ...] = ("Macro", "Micro - 1/2")
    lead: int = 0  # the neutral frames between intervals are written here
    tail: int = 0
    fps: float = 200.0
    census: Census = CENSUS

    def subject_name(self, subject: int) -> str:
        """``006``, ``007``, ...: numbers start at 6 and have two gaps."""
        return f"{6 + subject + (subject > 20) + (subject > 21):03d}"

    def clip_name(self, subject: int, clip: int, rng: np.random.Generator) -> str:
        """``006_1_2``: subject, inducement 1-7, occurrence; two intervals per video, then the next video."""
        return f"{self.subject_name(subject)}_{1 + clip // 2 % VIDEOS}_{1 + _slot(clip)}"

    def first_frame(self, rng: np.random.Generator) -> int:
        """Videos start at 1."""
        return 1

    def starts(self, subject: int, clip: int) -> int:
        """Number of an interval's first frame in its video."""
        return 1 if QUIRKS.get((subject, clip)) == AT_ONE else 1 + NEUTRAL + SLOT * _slot(clip)

    def ids(self, name: str, subject_name: str, clip_name: str) -> tuple[str, str]:
        """``samm_long/006/006_1_2`` and ``006/006_1_2``."""
        return f"{name}/{subject_name}/{clip_name}", f"{subject_name}/{clip_name}"

    def write_frames(
        self, root: Path, recordings: list[tuple[Recording, np.ndarray, np.random.Generator]], archives: bool
    ) -> None:
        """``SAMM_longvideos/006_1/006_1_0001.jpg``, single-channel; or the person's videos in one archive.

        Between two intervals the neutral face of the next one's onset stands still.
        """
        files: list[tuple[str, bytes]] = []
        for video, group in groupby(sorted(recordings, key=_place), key=lambda entry: _video(entry[0])):
            intervals = list(group)
            digits = int(intervals[0][2].choice([4, 5]))  # the padding varies per video
            number = 1
            for one, frames, _ in intervals:
                encoded = [pictures.encode(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)) for image in frames]
                for data in [encoded[0]] * (one.onset - number) + encoded:
                    files.append((f"{video}/{video}_{number:0{digits}d}.jpg", data))
                    number += 1
        if archives:
            pictures.write_archive(root / "SAMM_longvideos" / f"{recordings[0][0].subject_name}.zip", files)
        else:
            pictures.write_folder(root / "SAMM_longvideos", files)

    def write_annotation(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """``SAMM_LongVideos_V3_Release.xlsx``, sheet FACS_Movement_Only, header in row 10."""
        rows = [*PREAMBLE, HEADER, *map(self._row, recordings)]
        write_workbook(root / "SAMM_LongVideos_V3_Release.xlsx", {"FACS_Movement_Only": rows})

    def _row(self, one: Recording) -> list[object]:
        terms = one.code.terms
        units: object = int(terms[0]) if len(terms) == 1 and terms[0].isdigit() else "+".join(terms)
        quirk = QUIRKS.get((one.subject, one.clip), "") if one.quirk is None else one.quirk
        onset, offset = {
            NO_OFFSET: (one.onset, 0),
            NO_ONSET: (0, one.offset),
            AT_ONE: (1, one.offset),
            BEHIND: (one.onset, one.offset + 9000),
        }.get(quirk, (one.onset, one.offset))
        return [
            *(int(one.subject_name), one.clip_name, int(one.clip_name.split("_")[1]), onset, one.apex, offset),
            *(max(offset - onset + 1, 0), one.word, units, one.code.note or None),
        ]


def _slot(clip: int) -> int:
    """Say the how manieth interval of its video a clip is, from 0."""
    return clip % 2 + 2 * (clip // (2 * VIDEOS))


def _video(one: Recording) -> str:
    return one.clip_name.rpartition("_")[0]


def _place(entry: tuple[Recording, np.ndarray, np.random.Generator]) -> tuple[str, int]:
    return _video(entry[0]), entry[0].onset
