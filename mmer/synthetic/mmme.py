"""The layout of MMME (Ma et al., arXiv 2506.09834): pictures and workbook of the faces, if wanted with recordings."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from mmer.synthetic import pictures
from mmer.synthetic.full_table import Census
from mmer.synthetic.layout import Recording
from mmer.synthetic.physiology.biopac import columns, write_biopac
from mmer.synthetic.physiology.curry import Group, write_curry
from mmer.synthetic.physiology.electrodes import places
from mmer.synthetic.physiology.record import pulses, record_eeg, record_heart
from mmer.synthetic.physiology.session import BEFORE, Session, Trial
from mmer.synthetic.seeds import generator
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
RATE = 1000.0  # hertz of both recorders
ELECTRODES = (
    *("FP1", "FPZ", "FP2", "AF3", "AF4", "F7", "F5", "F3", "F1", "FZ", "F2", "F4", "F6", "F8"),
    *("FT7", "FC5", "FC3", "FC1", "FCZ", "FC2", "FC4", "FC6", "FT8"),
    *("T7", "C5", "C3", "C1", "CZ", "C2", "C4", "C6", "T8", "M1"),
    *("TP7", "CP5", "CP3", "CP1", "CPZ", "CP2", "CP4", "CP6", "TP8", "M2"),
    *("P7", "P5", "P3", "P1", "PZ", "P2", "P4", "P6", "P8"),
    *("PO7", "PO5", "PO3", "POZ", "PO4", "PO6", "PO8", "CB1", "O1", "OZ", "O2", "CB2"),
)
OTHERS = ("HEO", "VEO", "EKG", "EMG", "Trigger")
BLANK = 3  # rows of blanks at the end of the real file
APEX_UNKNOWN = (0, 1)  # the (subject, clip) whose apex is '/'


@dataclass(frozen=True)
class MmmeLayout:
    """Workbook with times of day instead of frame numbers and with people's names; tif pictures named by the clock.

    With ``physiology`` there are also ``eeg/Nobody_01.cdt`` (64 electrodes and 5 other channels) and
    ``biopac/Nobody_01.mat`` (17 columns), both at 1000 Hz. A clip's marker is sent to both when its first picture is
    taken. A session then has a trial every 20 s instead of every minute, so that it is no larger than it must be.
    """

    corpus: str = "mmme"
    words: dict[str, tuple[str, float]] = field(default_factory=lambda: WORDS)
    anchors: tuple[str, ...] = ("surprise", "happy", "disgust")
    lead: int = 4  # a folder holds a whole trial
    tail: int = 3
    fps: float = FPS
    census: Census = CENSUS
    physiology: bool = False

    @property
    def spacing(self) -> datetime.timedelta:
        """Time from trial to trial."""
        return datetime.timedelta(seconds=20) if self.physiology else datetime.timedelta(minutes=1)

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
            pictures.write_archive(place.with_name(place.name + ".zip"), _files(recordings, self.spacing))
        else:
            pictures.write_folder(place, _files(recordings, self.spacing))

    def write_signals(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """Write what was recorded of one person; which people lack what: ``mmer.synthetic.physiology.session``."""
        session = self.session(recordings, seed)
        codes = {one.clip_name: _marker(one) for one in recordings}
        name = recordings[0].subject_name
        heart = record_heart(session, RATE)
        if session.recorded("eeg"):
            (root / "eeg").mkdir(exist_ok=True)
            start = _day(recordings[0]) - datetime.timedelta(seconds=BEFORE["eeg"])
            write_curry(root / f"eeg/{name}.cdt", *_channels(session, codes, heart.ecg), RATE, start)
        if session.recorded("ecg"):
            (root / "biopac").mkdir(exist_ok=True)
            data = columns(
                *(heart.heart, heart.ecg, pulses(session, "ecg", codes, RATE), RATE),
                generator(*session.person, "biopac"),
            )
            write_biopac(root / f"biopac/{name}.mat", data, RATE)

    def session(self, recordings: list[Recording], seed: int) -> Session:
        """Say when the clips of one person were shown."""
        trials = []
        for one in recordings:
            marks = (one.onset - self.lead, one.apex)
            seconds = [(_moment(one, number, self.spacing) - _day(one)).total_seconds() for number in marks]
            trials.append(Trial(one.clip_name, self.words[one.word][0], *seconds))
        return Session((seed, self.corpus, "subject", recordings[0].subject), recordings[0].subject, tuple(trials))

    def write_annotation(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """``coding_file.xlsx``, Sheet1, with three rows of blanks at the end."""
        rows = [_row(one, self.spacing) for one in recordings]
        blanks = [[" "] * len(HEADER)] * BLANK
        write_workbook(root / "coding_file.xlsx", {"Sheet1": [HEADER, *rows, *blanks]})


def _files(
    recordings: list[tuple[Recording, np.ndarray, np.random.Generator]], spacing: datetime.timedelta
) -> Iterator[tuple[str, bytes]]:
    """Name and encode the pictures of one person."""
    for one, frames, _ in recordings:
        first = one.onset - MmmeLayout.lead
        for at, image in enumerate(frames):
            done, data = cv2.imencode(".tif", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
            if not done:
                raise RuntimeError("OpenCV could not encode a TIFF")
            moment = _moment(one, first + at, spacing)
            name = f"{moment.date()}-{_clock(moment, first + at)}-{_marker(one)}.tif"
            yield f"{_folder(one)}/{name}", data.tobytes()


def _channels(session: Session, codes: dict[str, int], ecg: np.ndarray) -> tuple[tuple[Group, ...], np.ndarray]:
    """Record the EEG and what the same amplifier has beside it: eyes, a heart, a muscle, and the trigger.

    Returns
    -------
    groups : tuple of Group
    values : ndarray of shape (69, S)
        Microvolts, and the marker.
    """
    eeg = 1e6 * record_eeg(session, ELECTRODES, RATE)
    front = {name: eeg[ELECTRODES.index(name)] for name in ("F7", "F8", "FPZ")}
    noise = generator(*session.person, "others").standard_normal((2, eeg.shape[1]))
    # The same heart, from when this recorder was started; nothing where the other one stopped before.
    heart = np.zeros(eeg.shape[1])
    same = ecg[round((session.at("ecg", 0.0) - session.at("eeg", 0.0)) * RATE) :][: len(heart)]
    heart[: len(same)] = 1e6 * same
    others = [
        *(front["F8"] - front["F7"], 1.5 * front["FPZ"], heart + 5 * noise[0], 5 * noise[1]),
        pulses(session, "eeg", codes, RATE),
    ]
    groups = (Group("", ELECTRODES, places=places(ELECTRODES)), Group("_OTHERS", OTHERS))
    return groups, np.concatenate([eeg, others])


def _row(one: Recording, spacing: datetime.timedelta) -> list[object]:
    """Write one event; seconds are counted from the trial's first picture."""
    marks = (one.onset, one.apex, one.offset)
    seconds = [round(number / FPS, 3) for number in marks]
    clocks: list[object] = [_clock(_moment(one, number, spacing), number) for number in marks]
    if (one.subject, one.clip) == APEX_UNKNOWN:
        seconds[1], clocks[1] = None, "/"
    return [
        *(one.subject_name, _folder(one), _marker(one), *seconds, *clocks),
        *(", ".join(f"AU{number}" for _, number in one.code.units), one.word),
        *(_moment(one, one.onset, spacing).date().isoformat(), round((one.offset - one.onset) / FPS, 3)),
    ]


def _moment(one: Recording, number: int, spacing: datetime.timedelta) -> datetime.datetime:
    """Say when a picture was taken: one session a day and person, one stimulus after the other."""
    start = _day(one) + one.clip * spacing
    return start + datetime.timedelta(milliseconds=round(1000 * number / FPS))


def _day(one: Recording) -> datetime.datetime:
    """Say when a person's session began."""
    return datetime.datetime(2000, 1, 1, 9) + datetime.timedelta(days=one.subject)


def _clock(moment: datetime.datetime, number: int) -> str:
    """``09-00-03-433-515``."""
    return f"{moment:%H-%M-%S}-{moment.microsecond // 1000:03d}-{number}"


def _marker(one: Recording) -> int:
    return int(one.clip_name[1:])


def _folder(one: Recording) -> str:
    return f"{one.subject_name}_{one.clip_name}"
