"""The layout of CASME (Yan et al., FG 2013), with the quirks of its coding sheet."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mmer.synthetic import pictures
from mmer.synthetic.full_table import Census
from mmer.synthetic.layout import Recording
from mmer.synthetic.seeds import generator
from mmer.synthetic.workbook import write_workbook

WORDS = {
    "tense": ("others", 0.30),
    "disgust": ("disgust", 0.22),
    "repression": ("repression", 0.16),
    "surprise": ("surprise", 0.16),
    "happiness": ("happiness", 0.10),
    "sadness": ("sadness", 0.06),
}
# Two columns have no header: the sheet leaves them empty.
HEADER = ["Subject", "Filename", None, "OnsetF", "ApexF1", "ApexF2", "OffsetF", None, "AU", "Emotion"]
# Films that hold several expressions, as person -> how many: the first clips of the person have one name. The real
# sheet has 33 such rows in 14 groups, one of them of six rows and one of three.
REPEATED = {**dict.fromkeys((0, 1, 2, 3, 4, *range(6, 13)), 2), 5: 6, 13: 3}
APART = 100  # frames from the beginning of one clip of such a film to that of the next; a rendered clip is shorter
APEX_OUTSIDE = (2, 2)  # a row whose apex lies behind its offset; the real sheet has a few such
UNITS_UNKNOWN = (1, 2)  # action units '?'
NAME_SHAPES = (0.75, 0.87, 0.93, 0.98)  # shares of EP01_1, EP01_1_2, EP01_12, EP01; few other names


# Counted in the released file: 189 rows of 18 people.
# How many each of them has is invented: enough that every repeated name of REPEATED occurs.
CENSUS = Census(
    subjects=18,
    per_subject=(11, 10) * 9,
    words={
        "tense": 68,
        "disgust": 45,
        "repression": 39,
        "surprise": 20,
        "happiness": 7,
        "sadness": 6,
        "contempt": 2,
        "fear": 2,
    },
)


@dataclass(frozen=True)
class CasmeLayout:
    """Workbook with numbers as subjects, films with several expressions, two ways to number files, 60 frames a second.

    Section B was recorded with another camera than section A, and only its file names are padded: people with odd
    numbers stand for it here. Rendered frames of both have one size.

    The first two clips of most people share a film. A release of one clip per person cannot repeat a name; there the
    tracks of these first clips are not found, for their names have the onset.
    """

    corpus: str = "casme"
    words: dict[str, tuple[str, float]] = field(default_factory=lambda: WORDS)
    anchors: tuple[str, ...] = ("tense", "disgust", "surprise")
    lead: int = 0  # the released folders hold exactly onset..offset
    tail: int = 0
    fps: float = 60.0
    census: Census = CENSUS

    def subject_name(self, subject: int) -> str:
        """``01``, ``02``, ... without 10: somebody showed nothing, so one number of the real corpus is missing too."""
        return f"{subject + 1 + (subject >= 9):02d}"

    def clip_name(self, subject: int, clip: int, rng: np.random.Generator) -> str:
        """``EP21_1`` and rarer shapes; in a film with several expressions ``EP01_12@116``: ids have the onset."""
        if clip < REPEATED.get(subject, 0):
            return f"EP{subject + 1:02d}_12@{self.starts(subject, clip)}"
        film, part, shape = 20 + 2 * clip + int(rng.integers(2)), int(rng.integers(1, 10)), rng.random()
        shapes = (f"EP{film}_{part}", f"EP{film}_{part}_2", f"EP{film}_{part + 10}", f"EP{film}")
        return next((name for name, share in zip(shapes, NAME_SHAPES, strict=True) if shape < share), f"EP{film}-1")

    def starts(self, subject: int, clip: int) -> int:
        """Somewhere in the film, often so that the numbers get a third digit; apart from other clips of the film."""
        place = int(generator(self.corpus, "starts", subject, clip).integers(16, 16 + APART))
        return APART * clip + 16 + subject if clip < REPEATED.get(subject, 0) else place

    def first_frame(self, rng: np.random.Generator) -> int:
        """``starts`` is asked instead."""
        return int(rng.integers(16, 16 + APART))

    def ids(self, name: str, subject_name: str, clip_name: str) -> tuple[str, str]:
        """``casme/sub01/EP01_12@118`` and ``sub01/EP01_12@118``."""
        return f"{name}/sub{subject_name}/{clip_name}", f"sub{subject_name}/{clip_name}"

    def write_frames(
        self, root: Path, recordings: list[tuple[Recording, np.ndarray, np.random.Generator]], archives: bool
    ) -> None:
        """``CASME_raw_selected/sub01/EP01_12/EP01_12-118.jpg``, or the person's folder as one archive."""
        subject = recordings[0][0].subject
        digits = 3 if subject % 2 else 1
        files = (
            (f"{film}/{film}-{one.onset + i:0{digits}d}.jpg", pictures.encode(image))
            for one, frames, _ in recordings
            for film in [_film(one)]
            for i, image in enumerate(frames)
        )
        place = root / "CASME_raw_selected" / f"sub{recordings[0][0].subject_name}"
        if archives:
            pictures.write_archive(place.with_name(place.name + ".zip"), files)
        else:
            pictures.write_folder(place, files)

    def write_annotation(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """``casme.xlsx``, one sheet."""
        write_workbook(root / "casme.xlsx", {"Sheet1": [HEADER, *(self._row(one) for one in recordings)]})

    def _row(self, one: Recording) -> list[object]:
        place, terms = (one.subject, one.clip), one.code.terms
        # A single unit without a side is a number cell, everything else is text.
        units: object = int(terms[0]) if len(terms) == 1 and terms[0].isdigit() else "+".join(terms)
        units = "?" if place == UNITS_UNKNOWN else units
        apex = one.offset + 4 if place == APEX_OUTSIDE else one.apex
        # A plateau has a first and a last apex frame; nearly all rows have one only.
        second = min(one.apex + 3, one.offset) if one.clip % 5 == 2 else None
        marks = [one.onset, apex, second, one.offset]
        return [int(one.subject_name), _film(one), None, *marks, None, units, one.word]


def _film(one: Recording) -> str:
    """Drop the onset from a clip's name: the sheet and the folders do not have it."""
    return one.clip_name.partition("@")[0]
