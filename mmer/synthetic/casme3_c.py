"""The layout of CAS(ME)^3, part C (Li et al., IEEE TPAMI 2023): one film per person, the labels of part C."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mmer.synthetic import pictures
from mmer.synthetic.casme3 import encode_depth
from mmer.synthetic.full_table import Census
from mmer.synthetic.layout import Recording
from mmer.synthetic.workbook import write_workbook

WORDS = {
    "negative": ("disgust", 0.50),
    "surprise": ("surprise", 0.20),
    "others": ("others", 0.14),
    "positive": ("happiness", 0.16),
}
CENSUS = Census(subjects=30, words={"negative": 99, "surprise": 30, "others": 20, "positive": 16})
HEADER = ["sub", "count", "onset", "offset", "au", "emotion"]
NOBODY = 22  # the number of a person without a clip
SLOT = 400  # frames of the film for each clip
# Quirks of the real file, as (subject, clip).
FULL_WIDTH = {(0, 1)}  # units separated by the comma of a Chinese keyboard
TRAILING = {(0, 2), (1, 0), (2, 1)}  # a comma behind the last unit
UNSURE = {(1, 2)}  # '13?'


@dataclass(frozen=True)
class Casme3CLayout:
    """No apex, no objective class, units between commas; colour and depth of a film in two folders, 30 frames a second.

    A real film has every frame of eight minutes; here it has those of the clips. The signals are not written.
    """

    corpus: str = "casme3_c"
    words: dict[str, tuple[str, float]] = field(default_factory=lambda: WORDS)
    anchors: tuple[str, ...] = ("surprise", "positive", "negative")
    lead: int = 3  # the film goes on before and after
    tail: int = 3
    fps: float = 30.0
    census: Census = CENSUS

    def subject_name(self, subject: int) -> str:
        """``01``, ``02``, ... without 22."""
        return f"{subject + 1 + (subject + 1 >= NOBODY):02d}"

    def clip_name(self, subject: int, clip: int, rng: np.random.Generator) -> str:
        """``1``, ``2``, ...: the file counts the clips of each person."""
        return str(clip + 1)

    def first_frame(self, rng: np.random.Generator) -> int:
        """Films start at 1."""
        return 1

    def starts(self, subject: int, clip: int) -> int:
        """Where in the film a clip begins; clips do not overlap."""
        return 20 + SLOT * clip + (41 * subject + 67 * clip) % 250

    def ids(self, name: str, subject_name: str, clip_name: str) -> tuple[str, str]:
        """``casme3_c/01/3`` and ``01/3``."""
        return f"{name}/{subject_name}/{clip_name}", f"{subject_name}/{clip_name}"

    def write_frames(
        self, root: Path, recordings: list[tuple[Recording, np.ndarray, np.random.Generator]], archives: bool
    ) -> None:
        """``part_C/RGB_Depth/part_C/part_C/01/a/color/57.jpg``, ``01/a/depth/57.png``; or the person as one archive."""
        depth = encode_depth(recordings[0][1][0])
        files = (
            item
            for one, frames, _ in recordings
            for number, image in enumerate(frames, one.onset - self.lead)
            for item in ((f"a/color/{number}.jpg", pictures.encode(image)), (f"a/depth/{number}.png", depth))
        )
        place = root / "part_C" / "RGB_Depth" / "part_C" / "part_C" / recordings[0][0].subject_name
        if archives:
            pictures.write_archive(place.with_name(place.name + ".zip"), files)
        else:
            pictures.write_folder(place, files)

    def write_annotation(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """``CAS(ME)3_part_C_ME.xlsx``, one sheet."""
        write_workbook(root / "CAS(ME)3_part_C_ME.xlsx", {"mockCrimeME": [HEADER, *map(_row, recordings)]})


def _row(one: Recording) -> list[object]:
    """Write one clip; a single unit without a side is a number cell, everything else is text."""
    place, terms = (one.subject, one.clip), one.code.terms
    units: object = int(terms[0]) if len(terms) == 1 and terms[0].isdigit() else ",".join(terms)
    if place in FULL_WIDTH:
        units = "，".join((*terms, "11")[:2])
    elif place in TRAILING:
        units = f"{units},"
    elif place in UNSURE:
        units = f"{terms[0]}?"
    return [int(one.subject_name), int(one.clip_name), one.onset, one.offset, units, one.word]
