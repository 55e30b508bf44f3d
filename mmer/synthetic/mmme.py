"""The layout of MMME (Ma et al., arXiv 2506.09834): pictures and workbook of the faces, no signals."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from mmer.synthetic import pictures
from mmer.synthetic.full_table import Census
from mmer.synthetic.layout import Recording
from mmer.synthetic.workbook import write_workbook

WORDS = {
    "happy": ("happiness", 0.25),
    "disgust": ("disgust", 0.23),
    "angry": ("anger", 0.17),
    "fear": ("fear", 0.12),
    "sad": ("sadness", 0.12),
    "surprise": ("surprise", 0.06),
    "tense": ("others", 0.05),
}
# The words of the released file. How many people it has is not known; the paper of the sister corpus counts 60.
CENSUS = Census(
    subjects=60,
    words={"happy": 239, "disgust": 217, "angry": 160, "fear": 114, "sad": 113, "surprise": 51, "tense": 50},
)
HEADER = [
    *("Subject", "Filename", "Marker", "OnsetTime", "ApexTime", "OffsetTime", "OnsetFrame", "ApexFrame", "OffsetFrame"),
    *("Action Units", "Estimated Emotion", "Date", "dif"),
]
FPS = 150.0
BLANK = 3  # rows of blanks at the end of the real file
APEX_UNKNOWN = (0, 1)  # the (subject, clip) whose apex is '/'


@dataclass(frozen=True)
class MmmeLayout:
    """Workbook with times of day instead of frame numbers and with people's names; tif pictures named by the clock."""

    corpus: str = "mmme"
    words: dict[str, tuple[str, float]] = field(default_factory=lambda: WORDS)
    anchors: tuple[str, ...] = ("surprise", "happy", "disgust")
    lead: int = 4  # a folder holds a whole trial
    tail: int = 3
    fps: float = FPS
    census: Census = CENSUS

    def subject_name(self, subject: int) -> str:
        """``Nobody_01``, ...: the real file holds names, so these stand where a name would."""
        return f"Nobody_{subject + 1:02d}"

    def clip_name(self, subject: int, clip: int, rng: np.random.Generator) -> str:
        """``m100``: the marker of the stimulus; one event per stimulus keeps it unique."""
        return f"m{100 + clip}"

    def first_frame(self, rng: np.random.Generator) -> int:
        """Pictures of a trial are counted; an event comes anywhere in it."""
        return int(rng.integers(60, 1400))

    def ids(self, name: str, subject_name: str, clip_name: str) -> tuple[str, str]:
        """``mmme/s01/m100`` and ``s01/m100``: no name of a person."""
        subject = f"s{subject_name.rpartition('_')[2]}"
        return f"{name}/{subject}/{clip_name}", f"{subject}/{clip_name}"

    def write_frames(
        self, root: Path, recordings: list[tuple[Recording, np.ndarray, np.random.Generator]], archives: bool
    ) -> None:
        """``face/Nobody_01/Nobody_01_m100/2000-01-01-09-00-03-433-515-100.tif``; or a zip of the person's folder."""
        place = root / "face" / recordings[0][0].subject_name
        if archives:
            pictures.write_archive(place.with_name(place.name + ".zip"), _files(recordings))
        else:
            pictures.write_folder(place, _files(recordings))

    def write_annotation(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """``coding_file.xlsx``, Sheet1, with three rows of blanks at the end."""
        blanks = [[" "] * len(HEADER)] * BLANK
        write_workbook(root / "coding_file.xlsx", {"Sheet1": [HEADER, *map(_row, recordings), *blanks]})


def _files(recordings: list[tuple[Recording, np.ndarray, np.random.Generator]]) -> Iterator[tuple[str, bytes]]:
    """Name and encode the pictures of one person."""
    for one, frames, _ in recordings:
        first = one.onset - MmmeLayout.lead
        for at, image in enumerate(frames):
            done, data = cv2.imencode(".tif", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
            if not done:
                raise RuntimeError("OpenCV could not encode a TIFF")
            name = f"{_moment(one, first + at).date()}-{_clock(one, first + at)}-{_marker(one)}.tif"
            yield f"{_folder(one)}/{name}", data.tobytes()


def _row(one: Recording) -> list[object]:
    """Write one event; seconds are counted from the trial's first picture."""
    marks = (one.onset, one.apex, one.offset)
    seconds = [round(number / FPS, 3) for number in marks]
    clocks: list[object] = [_clock(one, number) for number in marks]
    if (one.subject, one.clip) == APEX_UNKNOWN:
        seconds[1], clocks[1] = None, "/"
    return [
        *(one.subject_name, _folder(one), _marker(one), *seconds, *clocks),
        *(", ".join(f"AU{number}" for _, number in one.code.units), one.word),
        *(_moment(one, one.onset).date().isoformat(), round((one.offset - one.onset) / FPS, 3)),
    ]


def _moment(one: Recording, number: int) -> datetime.datetime:
    """Say when a picture was taken: one session a day and person, one stimulus a minute."""
    start = datetime.datetime(2000, 1, 1, 9) + datetime.timedelta(days=one.subject, minutes=one.clip)
    return start + datetime.timedelta(milliseconds=round(1000 * number / FPS))


def _clock(one: Recording, number: int) -> str:
    """``09-00-03-433-515``."""
    moment = _moment(one, number)
    return f"{moment:%H-%M-%S}-{moment.microsecond // 1000:03d}-{number}"


def _marker(one: Recording) -> int:
    return int(one.clip_name[1:])


def _folder(one: Recording) -> str:
    return f"{one.subject_name}_{one.clip_name}"
