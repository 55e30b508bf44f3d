"""The layout of CAS(ME)^2 (Qu et al., IEEE Transactions on Affective Computing 2018), with its workbook's quirks."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from mmer.synthetic import pictures
from mmer.synthetic.full_table import PIXELS, Census, draw_recordings
from mmer.synthetic.layout import Recording
from mmer.synthetic.seeds import generator
from mmer.synthetic.workbook import write_workbook

WORDS = {
    "negative": ("disgust", 0.38),
    "others": ("others", 0.30),
    "surprise": ("surprise", 0.18),
    "positive": ("happiness", 0.14),
}
# What a person may have reported after a film; not always what its coder saw.
REPORTS = ("disgust", "happiness", "surprise", "anger", "fear", "pain", "helpless", "sadness")
FOLDERS = (15, 16, 19, 20, 21, 22, 23, 24, 25, 26, 27, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 40)  # of 22 people
FILMS = {
    "disgust1": "0101",
    "disgust2": "0102",
    "anger1": "0401",
    "anger2": "0402",
    "happy1": "0501",
    "happy2": "0502",
    "happy3": "0503",
    "happy4": "0504",
    "happy5": "0505",
}
MACRO = 1000  # numbers of macro-expressions begin here; those of micro-expressions lie below
SLOWER = 2  # a macro-expression of a rendered release is a micro-expression, slowed down
# Rows that carry a quirk of the real file, as (subject, clip).
APEX_NOT_SEEN = ((0, 1),)  # apex 0
OFFSET_NOT_SEEN = ((2, 1), (1, MACRO))  # offset 0
# Of the release: 57 micro- and 300 macro-expressions, 22 people. How many of these show a micro-expression, and as what
# the macro-expressions are coded, is not known; that is invented.
CENSUS = Census(subjects=22, words={"negative": 21, "others": 19, "surprise": 9, "positive": 8})
MACRO_CENSUS = Census(subjects=22, words={"negative": 120, "positive": 90, "surprise": 30, "others": 60})


@dataclass(frozen=True)
class CasmeSqLayout:
    """Workbook of three sheets without headers, a folder per clip, 30 frames a second; macro-expressions among them."""

    corpus: str = "casme_sq"
    words: dict[str, tuple[str, float]] = field(default_factory=lambda: WORDS)
    anchors: tuple[str, ...] = ("negative", "others", "surprise")
    lead: int = 0  # the folders of selected pictures hold exactly onset..offset
    tail: int = 0
    fps: float = 30.0
    census: Census = CENSUS

    def subject_name(self, subject: int) -> str:
        """``s15``, ``s16``, ``s19``, ...: the folders' numbers begin at 15 and have gaps."""
        past = subject - len(FOLDERS) + 1
        return f"s{FOLDERS[subject] if past <= 0 else FOLDERS[-1] + past}"

    def clip_name(self, subject: int, clip: int, rng: np.random.Generator | None = None) -> str:
        """``anger1_1``: film, and which expression in it; here odd numbers are micro-, even ones macro-expressions."""
        place, macro = clip % MACRO, clip // MACRO
        return f"{list(FILMS)[place % len(FILMS)]}_{1 + 2 * (place // len(FILMS)) + macro}"

    def starts(self, subject: int, clip: int) -> int:
        """Somewhere in a film of some minutes, counted from 1; in some clips the numbers get a fourth digit."""
        return int(np.exp(generator(self.corpus, "starts", subject, clip).uniform(np.log(20), np.log(2400))))

    def first_frame(self, rng: np.random.Generator) -> int:
        """``starts`` is asked instead."""
        return int(rng.integers(1, 2400))

    def ids(self, name: str, subject_name: str, clip_name: str) -> tuple[str, str]:
        """``casme_sq/s15/anger1_1`` and ``s15/anger1_1``."""
        return f"{name}/{subject_name}/{clip_name}", f"{subject_name}/{clip_name}"

    def write_frames(
        self, root: Path, recordings: list[tuple[Recording, np.ndarray, np.random.Generator]], archives: bool
    ) -> None:
        """``selectedpic/selectedpic/s15/anger1_1/img046.jpg``, three digits or more; or ``s15`` as an archive.

        The person's first clip is there once more, slowed down, as a macro-expression.
        """
        first, frames, _ = recordings[0]
        slow = (self._macro(first), np.repeat(frames, SLOWER, axis=0))
        self._write_person(root, [*((one, frames) for one, frames, _ in recordings), slow], archives)

    def _write_person(self, root: Path, clips: list[tuple[Recording, np.ndarray]], archives: bool) -> None:
        place = root / "selectedpic" / "selectedpic" / clips[0][0].subject_name
        if archives:
            pictures.write_archive(place.with_name(place.name + ".zip"), _files(clips))
        else:
            pictures.write_folder(place, _files(clips))

    def _macro(self, first: Recording) -> Recording:
        """Make a macro-expression of a person's first clip."""
        onset = self.starts(first.subject, MACRO)
        return replace(
            first,
            clip=MACRO,
            clip_name=self.clip_name(first.subject, MACRO),
            onset=onset,
            apex=onset + SLOWER * (first.apex - first.onset),
            offset=onset + SLOWER * (first.offset - first.onset + 1) - 1,
        )

    def write_annotation(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """``CAS(ME)^2code_final.xlsx``, with a macro-expression of every person."""
        firsts = {one.subject: one for one in reversed(recordings)}
        self._write_workbook(root, [*recordings, *map(self._macro, firsts.values())], seed)

    def write_full_table(self, root: Path, seed: int) -> None:
        """Write a workbook with as many micro- and macro-expressions as the release has, and blank frames."""
        micro = draw_recordings(self, CENSUS, seed)
        macro = [self._renumbered(one) for one in draw_recordings(self, MACRO_CENSUS, seed + 1)]
        for subject in range(CENSUS.subjects):
            own = [one for one in (*micro, *macro) if one.subject == subject]
            blank = [(one, np.full((one.offset - one.onset + 1, PIXELS, PIXELS), 128, np.uint8)) for one in own]
            self._write_person(root, blank, archives=True)
        self._write_workbook(root, [*micro, *macro], seed)

    def _renumbered(self, one: Recording) -> Recording:
        """Give an invented clip the number and name of a macro-expression."""
        return replace(one, clip=MACRO + one.clip, clip_name=self.clip_name(one.subject, MACRO + one.clip))

    def _write_workbook(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """Write the three sheets; none has a header.

        The coding sheet is sorted by person, so that the two kinds of expression are mixed. Of the codes of films some
        lost their zero in front, as numbers do.
        """
        people = range(1 + max(one.subject for one in recordings))
        sheets = {
            "CASFEcode_final": [self._row(one, seed) for one in sorted(recordings, key=lambda one: one.subject)],
            "naming rule1": [[1 + n, self.subject_name(n), 1 + n] for n in people],
            "naming rule2": [[code if n % 2 else int(code), film] for n, (film, code) in enumerate(FILMS.items())],
        }
        write_workbook(root / "CAS(ME)^2code_final.xlsx", sheets)

    def _row(self, one: Recording, seed: int) -> list[object]:
        place, terms = (one.subject, one.clip), one.code.terms
        # A single unit without a side is a number cell, everything else is text.
        units: object = int(terms[0]) if len(terms) == 1 and terms[0].isdigit() else "+".join(terms)
        apex = 0 if place in APEX_NOT_SEEN else one.apex
        offset = 0 if place in OFFSET_NOT_SEEN else one.offset
        kind = "macro-expression" if one.clip >= MACRO else "micro-expression"
        report = generator(seed, self.corpus, "report", *place).choice(REPORTS)
        return [1 + one.subject, one.clip_name, one.onset, apex, offset, units, one.word, kind, str(report)]


def _files(clips: list[tuple[Recording, np.ndarray]]) -> Iterator[tuple[str, bytes]]:
    """Name and encode the pictures of one person."""
    for one, frames in clips:
        for number, image in enumerate(frames, one.onset):
            yield f"{one.clip_name}/img{number:03d}.jpg", pictures.encode(image)
