"""The layouts of SMIC (Li et al., FG 2013): folders without an annotation file, and the long videos of SMIC-E."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from mmer.synthetic import pictures
from mmer.synthetic.full_table import Census, Named
from mmer.synthetic.layout import Recording
from mmer.synthetic.workbook import write_workbook
from mmer.types.face_track import FaceTrack

WORDS = {
    "negative": ("disgust", 0.42),
    "positive": ("happiness", 0.32),
    "surprise": ("surprise", 0.26),
}
LETTERS = {"negative": "ne", "positive": "po", "surprise": "sur"}
FPS = {"hs": 100.0, "vis": 25.0, "nir": 25.0}
SUBJECTS = (*range(1, 7), 8, 9, *range(11, 16), *range(18, 21))  # people whose numbers are missing showed nothing
FEW = dict(zip(WORDS, (23, 28, 20), strict=True))
# Of the sixteen, one has 39 clips and two have 2; how many the others have is invented.
CENSUSES = {
    "hs": Census(
        16, dict(zip(WORDS, (70, 51, 43), strict=True)), per_subject=(9, 9, 39, 9, 2, *[9] * 5, *[10] * 4, 2, 9)
    ),
    "vis": Census(8, FEW),
    "nir": Census(8, FEW),
}
NOTHING = 5  # frames of a moment without an expression

# What is odd about a row of SMIC-E.
TWICE, BACKWARDS, THRICE = "two expressions", "two expressions, the later one first", "three expressions"
AGAIN, GARBAGE = "two expressions, the second listed twice", "remains of a formula as third pair"
TIMES = {TWICE: 2, BACKWARDS: 2, AGAIN: 2, THRICE: 3}
QUIRKS = {(0, 1): AGAIN, (0, 2): GARBAGE, (1, 0): BACKWARDS, (1, 1): THRICE, (1, 3): TWICE}
# 157 rows with 8 second and 7 third pairs, of which 8 + 1 are expressions: 166. Three oddities belong to known people.
LONG_CENSUS = Census(
    subjects=16,
    words=dict(zip(WORDS, (66, 51, 40), strict=True)),
    named=(
        *(Named(3, "negative", THRICE), Named(7, "surprise", AGAIN), Named(13, "surprise", BACKWARDS)),
        *(Named(subject, "positive", TWICE) for subject in (0, 2, 5, 8, 11)),
        *(Named(subject, "negative", GARBAGE) for subject in (1, 2, 6, 9, 12)),
    ),
)
HEADERS = {
    "hs": [
        *("Subject", "Filename", None, "OnsetF", "OffsetF", "Onset2F", "Offset2F", "Onset3F", "Offset3F", None),
        *("FirstF", "LastF", "TotalMF1", "TotalMF2", "TotalMF3", "TotalVL", "Emotion", None),
    ],
    "vis": [
        *("Subject", "Filename", None, "OnsetF", "OffsetF", "Onset2F", "Offset2F", None),
        *("FirstF", "TotalMF1", "TotalMF2", "TotalVL", "Emotion"),
    ],
}


@dataclass(frozen=True)
class SmicLayout:
    """Folders by person and class, and no annotation file; numbers of the camera's counter, padded to six digits."""

    variant: str = "hs"
    words: dict[str, tuple[str, float]] = field(default_factory=lambda: WORDS)
    anchors: tuple[str, ...] = ("surprise", "positive", "negative")
    lead: int = 0  # a folder holds exactly onset..offset
    tail: int = 0

    @property
    def corpus(self) -> str:
        """``smic`` for the high-speed camera, ``smic_vis`` and ``smic_nir`` for the others."""
        return "smic" if self.variant == "hs" else f"smic_{self.variant}"

    @property
    def fps(self) -> float:
        """Hertz."""
        return FPS[self.variant]

    @property
    def census(self) -> Census:
        """What is known of the release."""
        return CENSUSES[self.variant]

    def subject_name(self, subject: int) -> str:
        """``s1``, ``s2``, ...: without padding, and with gaps."""
        return _subject_name(subject)

    def clip_name(self, subject: int, clip: int, rng: np.random.Generator) -> str:
        """Not known without the emotion; ``worded_name`` is asked instead."""
        raise NotImplementedError

    def worded_name(self, subject: int, clip: int, word: str, rng: np.random.Generator) -> str:
        """``s3_po_08``."""
        return f"{_subject_name(subject)}_{LETTERS[word]}_{clip + 1:02d}"

    def first_frame(self, rng: np.random.Generator) -> int:
        """Between one and six digits."""
        return int(np.exp(rng.uniform(np.log(5), np.log(900_000))))

    def ids(self, name: str, subject_name: str, clip_name: str) -> tuple[str, str]:
        """``smic/s03/s03_po_08`` and ``s03/s03_po_08``, padded as the list of MEGC2019 is."""
        return _ids("smic" if name == self.corpus else name, subject_name, clip_name)  # cameras share the name

    def write_frames(
        self, root: Path, recordings: list[tuple[Recording, np.ndarray, np.random.Generator]], archives: bool
    ) -> None:
        """``SMIC_all_raw/HS/s3/micro/positive/s3_po_08/image000412.bmp``, or the person's folder as one archive.

        Beside ``micro`` lies ``non_micro``, moments without an expression, which no reader of expressions may take.
        """
        person = recordings[0][0].subject_name
        place = root / "SMIC_all_raw" / self.variant.upper() / person
        if archives:
            pictures.write_archive(place.with_name(f"{person}.zip"), self._files(recordings))
        else:
            pictures.write_folder(place, self._files(recordings))

    def write_annotation(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """Write nothing: the folders are the annotation."""

    def _files(
        self, recordings: list[tuple[Recording, np.ndarray, np.random.Generator]]
    ) -> Iterator[tuple[str, bytes]]:
        for one, frames, _ in recordings:
            folder = f"micro/{one.word}/{one.clip_name}"
            yield from self._numbered(folder, one.onset, frames)
        one, frames, _ = recordings[0]
        yield from self._numbered(f"non_micro/{one.subject_name}_non_01", 1, frames[:1].repeat(NOTHING, 0))

    def _numbered(self, folder: str, first: int, frames: np.ndarray) -> Iterator[tuple[str, bytes]]:
        """Name pictures; those of the infrared camera have one channel."""
        for number, image in enumerate(frames, first):
            grey = self.variant == "nir"
            yield f"{folder}/image{number:06d}.bmp", _bitmap(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if grey else image)


@dataclass(frozen=True)
class SmicLongLayout:
    """SMIC-E: whole videos, and a workbook with up to three expressions in a row.

    Rendered is one expression per video; where a row lists several, the film of it runs several times.
    """

    variant: str = "hs"
    dated: bool = False  # the file of 2019, which alone marks an apex
    words: dict[str, tuple[str, float]] = field(default_factory=lambda: WORDS)
    anchors: tuple[str, ...] = ("surprise", "positive", "negative")
    lead: int = 8
    tail: int = 6
    corpus: str = "smic_long"
    census: Census = LONG_CENSUS

    @property
    def fps(self) -> float:
        """Hertz."""
        return FPS[self.variant]

    def subject_name(self, subject: int) -> str:
        """``s1``, ``s2``, ...: without padding, and with gaps."""
        return _subject_name(subject)

    def clip_name(self, subject: int, clip: int, rng: np.random.Generator) -> str:
        """Not known without the emotion; ``worded_name`` is asked instead."""
        raise NotImplementedError

    def worded_name(self, subject: int, clip: int, word: str, rng: np.random.Generator) -> str:
        """``s3_po_08``; with ``@onset``, which ids need, where the video has several expressions."""
        name = f"{_subject_name(subject)}_{LETTERS[word]}_{clip + 1:02d}"
        if QUIRKS.get((subject, clip)) not in TIMES:
            return name
        return f"{name}@{self.first_frame(copy.deepcopy(rng)) + self.lead}"  # the number that is drawn next

    def first_frame(self, rng: np.random.Generator) -> int:
        """The camera counts on from video to video, into eight digits."""
        return int(np.exp(rng.uniform(np.log(40_000), np.log(17_000_000))))

    def ids(self, name: str, subject_name: str, clip_name: str) -> tuple[str, str]:
        """``smic/s03/s03_po_08`` and ``s03/s03_po_08``, perhaps with ``@onset``."""
        return _ids("smic" if name == self.corpus else name, subject_name, clip_name)  # cameras share the name

    def write_frames(
        self, root: Path, recordings: list[tuple[Recording, np.ndarray, np.random.Generator]], archives: bool
    ) -> None:
        """``SMIC-E_raw image/HS_long/SMIC-HS-E/s3/s3_po_08/image17581039.jpg``, or one archive per person."""
        person = recordings[0][0].subject_name
        place = self._folder(root) / f"SMIC-{self.variant.upper()}-E" / person
        files = (
            (f"{_video(one)}/image{number:06d}.jpg", data)
            for one, frames, _ in recordings
            for number, data in enumerate(self._film(one, frames), one.onset - self.lead)
        )
        if archives:
            pictures.write_archive(place.with_name(f"{person}.zip"), files)
        else:
            pictures.write_folder(place, files)
        for one, _, _ in recordings:
            self._copy_track(root, one)

    def write_annotation(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """``SMIC-HS-E_annotation.xlsx``, sheet HS, with an empty row and remarks below the table."""
        name = f"SMIC-{self.variant.upper()}-E_annotation{'_2019' if self.dated else ''}.xlsx"
        header = [*HEADERS["hs" if self.variant == "hs" else "vis"], *(["ApexF"] if self.dated else [])]
        rows = [[self._cells(one).get(title) for title in header] for one in recordings]
        for row in rows[1::7]:
            row.append("checked")  # remarks stand beside the table too, in columns without a header
        remarks = [[], [None, None, None, None, None, "synthetic, no row of it is real"]]
        self._folder(root).mkdir(parents=True, exist_ok=True)
        write_workbook(self._folder(root) / name, {self.variant.upper(): [header, *rows, *remarks]})

    def _folder(self, root: Path) -> Path:
        return root / "SMIC-E_raw image" / f"{self.variant.upper()}_long"

    def _film(self, one: Recording, frames: np.ndarray) -> Iterator[bytes]:
        """Encode a video; a further expression is the first one, shown again."""
        encoded = [pictures.encode(image) for image in frames]
        yield from encoded
        for _ in range(1, TIMES.get(_quirk(one), 1)):
            yield from encoded[self.lead :]

    def _starts(self, one: Recording) -> list[int]:
        """Return the onsets of a video's expressions."""
        step = one.offset - one.onset + 1 + self.tail
        return [one.onset + step * time for time in range(TIMES.get(_quirk(one), 1))]

    def _copy_track(self, root: Path, one: Recording) -> None:
        """Give the second and third expression of a rendered video the first one's track, with their own numbers."""
        _, place = _ids("", one.subject_name, one.clip_name)
        path = root / f"tracks/{place}.parquet"
        if not path.is_file():  # a full-size table has none
            return
        track = FaceTrack.load(path)
        for start in self._starts(one)[1:]:
            new, shift = place.replace(f"@{one.onset}", f"@{start}"), start - one.onset
            shifted = replace(track, clip_id=track.clip_id.replace(place, new), frame=track.frame + shift)
            shifted.save(root / f"tracks/{new}.parquet")

    def _cells(self, one: Recording) -> dict[str | None, object]:
        """Write a row, by header."""
        starts, length, quirk = self._starts(one), one.offset - one.onset, _quirk(one)
        first, last = one.onset - self.lead, starts[-1] + length + self.tail
        pairs = [(start, start + length) for start in starts]
        if quirk == BACKWARDS:
            pairs.reverse()
        if quirk == AGAIN:
            pairs.append(pairs[-1])
        pairs += [("", "")] * (3 - len(pairs))
        if quirk == GARBAGE:
            pairs[2] = (last, first)
        cells: dict[str | None, object] = {
            "Subject": int(one.subject_name[1:]),
            "Filename": _video(one),
            "FirstF": first,
            "LastF": last,
            "TotalVL": last - first + 1,
            "Emotion": one.word,
            "ApexF": one.apex if quirk != BACKWARDS else pairs[0][0] + one.apex - one.onset,
        }
        for number, (onset, offset) in zip(("", "2", "3"), pairs, strict=True):
            known = onset != ""
            cells[f"Onset{number}F"], cells[f"Offset{number}F"] = (onset, offset) if known else (None, None)
            cells[f"TotalMF{number or 1}"] = offset - onset + 1 if known else None
        return cells


def _subject_name(subject: int) -> str:
    number = SUBJECTS[subject] if subject < len(SUBJECTS) else SUBJECTS[-1] + 1 + subject - len(SUBJECTS)
    return f"s{number}"


def _ids(name: str, subject_name: str, clip_name: str) -> tuple[str, str]:
    subject = f"s{int(subject_name[1:]):02d}"
    clip = clip_name.replace(subject_name, subject, 1)
    return f"{name}/{subject}/{clip}", f"{subject}/{clip}"


def _video(one: Recording) -> str:
    return one.clip_name.partition("@")[0]


def _quirk(one: Recording) -> str:
    return QUIRKS.get((one.subject, one.clip), "") if one.quirk is None else one.quirk


def _bitmap(image: np.ndarray) -> bytes:
    """Encode one picture, (H, W, 3) RGB or (H, W) grey, as bmp."""
    done, data = cv2.imencode(".bmp", image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    if not done:
        raise RuntimeError("OpenCV could not encode a bmp")
    return data.tobytes()
