"""The layout of CASME II (Yan et al., PLoS ONE 2014), with the quirks of its 2014-05-08 coding."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mmer.synthetic import pictures
from mmer.synthetic.full_table import Census, Named
from mmer.synthetic.layout import Recording
from mmer.synthetic.workbook import write_workbook

WORDS = {
    "happiness": ("happiness", 0.22),
    "disgust": ("disgust", 0.24),
    "repression": ("repression", 0.13),
    "surprise": ("surprise", 0.20),
    "others": ("others", 0.17),
    "sadness": ("sadness", 0.04),
}
HEADER = [
    *("Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None),
    *("Action Units", "Estimated Emotion"),
]
# Rows that carry a quirk of the real file, as (subject, clip).
APEX_UNKNOWN, UNITS_UNKNOWN, APEX_AT_ONSET = "apex is '/'", "action units are '?'", "apex is the onset"
QUIRKS = {(0, 1): APEX_UNKNOWN, (1, 0): UNITS_UNKNOWN, (2, 2): APEX_AT_ONSET}
# The coding of 2014-05-08 with its objective classes. Two people show none of happiness, disgust, repression and
# surprise. The challenge of 2019 leaves out two clips by name; how the other odd rows are called does not matter.
CENSUS = Census(
    subjects=26,
    words={
        **{"others": 99, "disgust": 63, "happiness": 32, "repression": 27, "surprise": 25},
        **{"sadness": 7, "fear": 2},
    },
    objective={"I": 25, "II": 15, "III": 99, "IV": 26, "V": 20, "VI": 1, "VII": 69},
    joint={
        "disgust": {"III": 35, "IV": 25, "VII": 3},
        "fear": {"VI": 1, "VII": 1},
        "happiness": {"I": 23, "V": 1, "VII": 8},
        "others": {"I": 2, "III": 64, "IV": 1, "VII": 32},
        "repression": {"V": 8, "VII": 19},
        "sadness": {"V": 7},
        "surprise": {"II": 15, "V": 4, "VII": 6},
    },
    reach=((("happiness", "disgust", "repression", "surprise"), 24), (("I", "II", "III", "IV", "V"), 26)),
    named=(
        Named(3, "disgust", APEX_UNKNOWN, "EP12_01f"),
        Named(4, "disgust", APEX_AT_ONSET, "EP09_05f"),
        *(Named(subject, "others", APEX_AT_ONSET) for subject in (6, 11, 19, 24)),
        *(Named(subject, "others", UNITS_UNKNOWN) for subject in (2, 5, 7, 18, 25)),
    ),
)


ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII")
LEFTOVERS = 10


@dataclass(frozen=True)
class Casme2Layout:
    """Workbook with two unnamed columns, colour frames numbered absolutely without padding, 200 frames per second."""

    corpus: str = "casme2"
    words: dict[str, tuple[str, float]] = field(default_factory=lambda: WORDS)
    anchors: tuple[str, ...] = ("surprise", "happiness", "disgust")
    lead: int = 0  # the released folders hold exactly onset..offset
    tail: int = 0
    fps: float = 200.0
    census: Census = CENSUS

    def subject_name(self, subject: int) -> str:
        """``01``, ``02``, ..."""
        return f"{subject + 1:02d}"

    def clip_name(self, subject: int, clip: int, rng: np.random.Generator) -> str:
        """``EP02_01``, ``EP02_01f``, now and then one of three rare shapes; one film per clip keeps it unique."""
        film, part, shape = 1 + 2 * clip + int(rng.integers(2)), int(rng.integers(1, 15)), rng.random()
        if shape < 0.94:
            return f"EP{film:02d}_{part:02d}" + ("f" if shape < 0.28 else "")
        if shape < 0.96:
            return f"EP{film:02d}_{part % 9 + 1}"
        return f"EP{film:02d}_{part:02d}_01" if shape < 0.98 else f"EP{film:02d}f"

    def first_frame(self, rng: np.random.Generator) -> int:
        """Somewhere in the film; often the numbers get a third digit within the clip."""
        return int(rng.integers(16, 240))

    def ids(self, name: str, subject_name: str, clip_name: str) -> tuple[str, str]:
        """``casme2/sub01/EP02_01f`` and ``sub01/EP02_01f``."""
        return f"{name}/sub{subject_name}/{clip_name}", f"sub{subject_name}/{clip_name}"

    def write_frames(
        self, root: Path, recordings: list[tuple[Recording, np.ndarray, np.random.Generator]], archives: bool
    ) -> None:
        """``CASME2_RAW_selected/sub01/EP02_01f/img46.jpg``, or the person's folder as one archive."""
        files = (
            (f"{one.clip_name}/img{one.onset + i}.jpg", pictures.encode(image))
            for one, frames, _ in recordings
            for i, image in enumerate(frames)
        )
        place = root / "CASME2_RAW_selected" / f"sub{recordings[0][0].subject_name}"
        if archives:
            pictures.write_archive(place.with_name(place.name + ".zip"), files)
        else:
            pictures.write_folder(place, files)

    def write_annotation(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """``CASME2-coding-20140508.xlsx``: Sheet1, and two empty sheets as Excel once made them.

        The objective classes are a file of their own, ``CASME2-ObjectiveClasses.xlsx``, whose second sheet holds rows
        that somebody left there, without a header.
        """
        rows = [HEADER, *(self._row(one) for one in recordings)]
        write_workbook(root / "CASME2-coding-20140508.xlsx", {"Sheet1": rows, "Sheet2": [], "Sheet3": []})
        classes = [[one.subject_name, one.clip_name, ROMAN.index(one.code.objective_class) + 1] for one in recordings]
        sheets = {"Sheet1": [["Subject", "Filename", "Objective Class"], *classes], "Sheet2": classes[:LEFTOVERS]}
        write_workbook(root / "CASME2-ObjectiveClasses.xlsx", sheets)

    def _row(self, one: Recording) -> list[object]:
        terms, quirk = one.code.terms, one.quirk
        if quirk is None:
            quirk = QUIRKS.get((one.subject, one.clip), "")
        # A single unit without a side is a number cell, everything else is text.
        units: object = int(terms[0]) if len(terms) == 1 and terms[0].isdigit() else "+".join(terms)
        apex: object = {APEX_UNKNOWN: "/", APEX_AT_ONSET: one.onset}.get(quirk, one.apex)
        units = "?" if quirk == UNITS_UNKNOWN else units
        return [one.subject_name, one.clip_name, None, one.onset, apex, one.offset, None, units, one.word]
