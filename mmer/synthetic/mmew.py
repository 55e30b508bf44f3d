"""The layout of MMEW (Ben et al., IEEE TPAMI 44(9), 2022), with the quirks of its workbook."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mmer.synthetic import pictures
from mmer.synthetic.full_table import Census, Named
from mmer.synthetic.layout import Recording
from mmer.synthetic.workbook import write_workbook

WORDS = {
    "surprise": ("surprise", 0.28),
    "disgust": ("disgust", 0.22),
    "others": ("others", 0.18),
    "happiness": ("happiness", 0.14),
    "fear": ("fear", 0.07),
    "sadness": ("sadness", 0.06),
    "anger": ("anger", 0.05),
}
FOLDERS = {"others": "repression"}  # the release names this folder otherwise than the workbook names the word
HEADER = [
    *("Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Action Units", "Estimated Emotion", "remarks"),
]
# Quirks of the real file, and the row that carries each in a rendered release, as (subject, clip): 16 of its 300 rows
# have an apex or offset that their folder does not hold.
BEHIND, EMPTY, UNKNOWN = "apex and offset behind the last frame", "apex and offset empty", "no apex"
QUIRKS = {(2, 0): BEHIND, (2, 1): EMPTY, (2, 2): UNKNOWN}
# Published counts (Ben et al. 2022). The survey's 102 of others makes 336, which is not the number of clips.
CENSUS = Census(
    subjects=36,
    words={"happiness": 36, "anger": 8, "surprise": 89, "disgust": 72, "fear": 16, "sadness": 13, "others": 66},
    named=tuple(Named(2 * place, "surprise", (BEHIND, EMPTY)[place % 2]) for place in range(16)),
)


@dataclass(frozen=True)
class MmewLayout:
    """Workbook with its header on top, folders by emotion, faces numbered from 1 in each clip, 90 frames per second."""

    corpus: str = "mmew"
    words: dict[str, tuple[str, float]] = field(default_factory=lambda: WORDS)
    anchors: tuple[str, ...] = ("surprise", "others", "happiness", "disgust")
    lead: int = 0  # a folder holds exactly onset..offset
    tail: int = 0
    fps: float = 90.0
    census: Census = CENSUS

    def subject_name(self, subject: int) -> str:
        """``S01``, ``S02``, ..."""
        return f"S{subject + 1:02d}"

    def clip_name(self, subject: int, clip: int, rng: np.random.Generator) -> str:
        """``S03-01-002``: person, emotion, sample."""
        return self.worded_name(subject, clip, next(iter(self.words)), rng)

    def worded_name(self, subject: int, clip: int, word: str, rng: np.random.Generator) -> str:
        """``S03-01-002``: person, emotion, sample; which number is which emotion is ours."""
        return f"{self.subject_name(subject)}-{1 + list(self.words).index(word):02d}-{clip + 1:03d}"

    def first_frame(self, rng: np.random.Generator) -> int:
        """Every clip begins at 1."""
        return 1

    def ids(self, name: str, subject_name: str, clip_name: str) -> tuple[str, str]:
        """``mmew/S03/S03-01-002`` and ``S03/S03-01-002``."""
        return f"{name}/{subject_name}/{clip_name}", f"{subject_name}/{clip_name}"

    def write_frames(
        self, root: Path, recordings: list[tuple[Recording, np.ndarray, np.random.Generator]], archives: bool
    ) -> None:
        """``MMEW_Final/Micro_Expression/disgust/S03-01-002/1.jpg``, or one archive per person with the same folders.

        Beside them a macro-expression as the release has it: one picture, named like a clip.
        """
        base, person = root / "MMEW_Final", recordings[0][0].subject_name
        files = (
            (f"{FOLDERS.get(one.word, one.word)}/{one.clip_name}/{1 + i}.jpg", pictures.encode(image))
            for one, frames, _ in recordings
            for i, image in enumerate(frames)
        )
        if archives:
            pictures.write_archive(base / "Micro_Expression" / f"{person}.zip", files)
        else:
            pictures.write_folder(base / "Micro_Expression", files)
        one, frames, _ = recordings[0]
        still = (f"{person}/{one.word}/{one.clip_name}.jpg", pictures.encode(frames[one.apex - 1]))
        pictures.write_folder(base / "Macro_Expression", [still])

    def write_annotation(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """``MMEW_Micro_Exp.xlsx``, header in the first row."""
        write_workbook(root / "MMEW_Micro_Exp.xlsx", {"Sheet1": [HEADER, *map(self._row, recordings)]})

    def _row(self, one: Recording) -> list[object]:
        terms = one.code.terms
        # A single unit without a side is a number cell, everything else is text.
        units: object = int(terms[0]) if len(terms) == 1 and terms[0].isdigit() else "+".join(terms)
        quirk = QUIRKS.get((one.subject, one.clip), "") if one.quirk is None else one.quirk
        apex, offset = {
            BEHIND: (one.offset + 20, one.offset + 35),
            EMPTY: (None, None),
            UNKNOWN: ("/", one.offset),
        }.get(quirk, (one.apex, one.offset))
        return [one.subject + 1, one.clip_name, one.onset, apex, offset, units, one.word, one.code.note or None]
