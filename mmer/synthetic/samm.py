"""The layout of SAMM (Davison et al., IEEE Transactions on Affective Computing 2018), version 2 of its codes."""

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from mmer.synthetic import pictures
from mmer.synthetic.full_table import Census, Named
from mmer.synthetic.layout import Recording
from mmer.synthetic.workbook import write_workbook

WORDS = {
    "Anger": ("anger", 0.20),
    "Happiness": ("happiness", 0.20),
    "Surprise": ("surprise", 0.20),
    "Contempt": ("contempt", 0.10),
    "Disgust": ("disgust", 0.10),
    "Sadness": ("sadness", 0.06),
    "Other": ("others", 0.14),
}
PREAMBLE = [
    ["Micro-movement codes of rendered faces"],
    ["A synthetic release in the layout of SAMM; no row of it comes from that corpus"],
    [],
    ["How to read the codes"],
    ["/", "or"],
    ["?", "the end of the movement is unclear"],
    ["L or R before a unit", "one side of the face only"],
    ["A before a unit", "both sides, one more than the other"],
    ["Frames", "numbered as in the recording, first and last included"],
    ["Duration", "number of frames"],
    ["Objective Classes", "I to VII, from the action units alone"],
    [],
    [],
]
HEADER = [
    *("Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame", "Duration", "Micro"),
    *("Action Units", "Estimated Emotion", "Objective Classes", "Notes"),
]
UNITS_UNSURE = "the last two units are joined by 'or'"
QUIRKS = {(1, 1): UNITS_UNSURE}
# Version 2 of the codes. Of 29 people one shows Other only, two show nothing of the five most common words, and eight
# nothing of the objective classes I to V.
CENSUS = Census(
    subjects=29,
    words={
        **{"Anger": 57, "Other": 26, "Happiness": 26, "Surprise": 15, "Contempt": 12, "Disgust": 9, "Fear": 8},
        "Sadness": 6,
    },
    objective={"I": 24, "II": 13, "III": 20, "IV": 8, "V": 3, "VI": 7, "VII": 84},
    reach=(
        (("Anger", "Happiness", "Surprise", "Contempt", "Disgust", "Fear", "Sadness"), 28),
        (("Anger", "Other", "Happiness", "Surprise", "Contempt"), 27),
        (("I", "II", "III", "IV", "V"), 21),
    ),
    named=tuple(Named(subject, "Anger", UNITS_UNSURE) for subject in (1, 4, 7, 12, 28)),
)


@dataclass(frozen=True)
class SammLayout:
    """Workbook with 13 rows before its header, grey frames whose numbers are padded differently in every clip."""

    corpus: str = "samm"
    words: dict[str, tuple[str, float]] = field(default_factory=lambda: WORDS)
    anchors: tuple[str, ...] = ("Surprise", "Happiness", "Anger")
    lead: int = 0
    tail: int = 0
    fps: float = 200.0
    census: Census = CENSUS

    def subject_name(self, subject: int) -> str:
        """``006``, ``007``, ...: numbers start at 6 and have gaps, for some people showed nothing."""
        return f"{6 + subject + subject // 4:03d}"

    def clip_name(self, subject: int, clip: int, rng: np.random.Generator) -> str:
        """``006_1_2``: subject, inducement 1-7, occurrence."""
        return f"{self.subject_name(subject)}_{1 + clip % 7}_{1 + 2 * (clip // 7) + int(rng.integers(2))}"

    def first_frame(self, rng: np.random.Generator) -> int:
        """Between one and four digits."""
        return int(np.exp(rng.uniform(np.log(60), np.log(9500))))

    def ids(self, name: str, subject_name: str, clip_name: str) -> tuple[str, str]:
        """``samm/006/006_1_2`` and ``006/006_1_2``."""
        return f"{name}/{subject_name}/{clip_name}", f"{subject_name}/{clip_name}"

    def write_frames(
        self, root: Path, recordings: list[tuple[Recording, np.ndarray, np.random.Generator]], archives: bool
    ) -> None:
        """``006/006_1_2/006_05562.jpg``, single-channel; or the person's folder as one archive."""
        person = recordings[0][0].subject_name
        files = (
            (f"{one.clip_name}/{person}_{one.onset + i:0{digits}d}.jpg", pictures.encode(grey))
            for one, frames, rng in recordings
            for digits in [int(rng.choice([1, 4, 5]))]
            for i, grey in enumerate(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in frames)
        )
        if archives:
            pictures.write_archive(root / f"{person}.zip", files)
        else:
            pictures.write_folder(root / person, files)

    def write_annotation(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """``SAMM_Micro_FACS_Codes_v2.xlsx``, sheet MICRO_ONLY, header in row 14."""
        rows = [*PREAMBLE, HEADER, *(self._row(one) for one in recordings)]
        write_workbook(root / "SAMM_Micro_FACS_Codes_v2.xlsx", {"MICRO_ONLY": rows})

    def _row(self, one: Recording) -> list[object]:
        terms = one.code.terms
        units: object = int(terms[0]) if len(terms) == 1 and terms[0].isdigit() else "+".join(terms)
        quirk = QUIRKS.get((one.subject, one.clip), "") if one.quirk is None else one.quirk
        note = one.code.note or None
        if one.quirk is not None:  # in the full table only: the small release stays as it is
            terms, note = _as_coders_write(one)
            units = units if isinstance(units, int) else "+".join(terms)
        if quirk == UNITS_UNSURE and len(terms) > 1:
            units = "+".join(terms[:-1]) + " or " + terms[-1]
        return [
            *(one.subject_name, one.clip_name, int(one.clip_name.split("_")[1]), one.onset, one.apex, one.offset),
            *(one.offset - one.onset + 1, "Micro - 1/2", units, one.word, one.code.objective_class),
            note,
        ]


def _as_coders_write(one: Recording) -> tuple[tuple[str, ...], str | None]:
    """Spell the units with intensities, uneven sides and units held over from before the clip; and remark something."""
    at = one.subject + one.clip
    terms = [f"{term}{'ABC'[at % 3]}" if at % 4 == 1 else term for term in one.code.terms]
    if at % 8 == 5:
        terms[-1] = f"{terms[-1]}/{'BCD'[at % 3]}"  # between two intensities
    if at % 9 == 2:
        terms[0] = terms[0] if terms[0][0] in "LR" else f"A/L{terms[0]}"
    if at % 11 == 3 and len(terms) > 1:
        terms = [*terms, "ref(45B)"]
    return tuple(terms), ("Blink", "Eye movement", "Head moves")[at % 3] if at % 5 < 2 else None
