"""A lab's own recordings: one mp4 per clip, ``manifest.csv``, and if wanted an EDF of EEG and of ECG per person."""

import csv
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from mmer.synthetic.layout import Recording
from mmer.synthetic.physiology.edf import write_edf
from mmer.synthetic.physiology.eeg import GENEVA
from mmer.synthetic.physiology.record import record_eeg, record_heart
from mmer.synthetic.physiology.session import STREAMS, Session, Trial
from mmer.synthetic.seeds import generator

WORDS = {
    "happiness": ("happiness", 0.3),
    "disgust": ("disgust", 0.25),
    "surprise": ("surprise", 0.3),
    "sadness": ("sadness", 0.15),
}
HEADER = (
    *("clip", "subject", "emotion", "video", "onset", "apex", "offset", "fps", "action_units", "tracks"),
    *("culture", "sex", "age"),
)
SPACING = 9.0  # seconds from clip to clip in a session
TRIAL = 6.0  # seconds from a clip's first frame to the marker at the end of its trial
EEG, ECG = 128.0, 256.0  # hertz
REACH = {"eeg": ("uV", 500.0), "ecg": ("mV", 5.0)}  # of the amplifiers


@dataclass(frozen=True)
class ManifestLayout:
    """Videos with neutral frames around the expression; frames are numbered from 0 within each video.

    With ``physiology`` there are also ``signals/p01_eeg.edf`` (32 channels, 128 Hz) and ``signals/p01_ecg.edf`` (256
    Hz), the columns ``eeg`` and ``ecg`` in ``manifest.csv``, and ``markers.csv``: two markers a clip, at its first
    frame and at the end of the trial, on the video's and on the recording's clock.
    """

    corpus: str = "manifest"
    words: dict[str, tuple[str, float]] = field(default_factory=lambda: WORDS)
    anchors: tuple[str, ...] = ("surprise", "happiness", "disgust")
    lead: int = 6
    tail: int = 4
    fps: float = 60.0
    physiology: bool = False

    def subject_name(self, subject: int) -> str:
        """``p01``, ``p02``, ..."""
        return f"p{subject + 1:02d}"

    def clip_name(self, subject: int, clip: int, rng: np.random.Generator) -> str:
        """``p01_c01``."""
        return f"{self.subject_name(subject)}_c{clip + 1:02d}"

    def first_frame(self, rng: np.random.Generator) -> int:
        """Videos start at 0."""
        return 0

    def ids(self, name: str, subject_name: str, clip_name: str) -> tuple[str, str]:
        """``manifest/p01/p01_c01`` and ``p01_c01``."""
        return f"{name}/{subject_name}/{clip_name}", clip_name

    def write_frames(
        self, root: Path, recordings: list[tuple[Recording, np.ndarray, np.random.Generator]], archives: bool
    ) -> None:
        """``videos/p01_c01.mp4``; a video is an archive already, so ``archives`` changes nothing."""
        (root / "videos").mkdir(exist_ok=True)
        for one, frames, _ in recordings:
            _write_video(root / "videos" / f"{one.clip_name}.mp4", frames, self.fps)

    def write_signals(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """Write what was recorded of one person; which people lack what: ``mmer.synthetic.physiology.session``."""
        session = self.session(recordings, seed)
        (root / "signals").mkdir(exist_ok=True)
        if session.recorded("eeg"):
            values = record_eeg(session, GENEVA, EEG)
            write_edf(root / _signal(recordings[0], "eeg"), GENEVA, values, EEG, *REACH["eeg"], session.subject)
        if session.recorded("ecg"):
            values = record_heart(session, ECG).ecg[None]
            write_edf(root / _signal(recordings[0], "ecg"), ("ECG",), values, ECG, *REACH["ecg"], session.subject)

    def session(self, recordings: list[Recording], seed: int) -> Session:
        """Say when the clips of one person were shown."""
        person = (seed, self.corpus, "subject", recordings[0].subject)
        pauses = generator(*person, "session")
        trials = []
        for one in recordings:
            start = SPACING * one.clip + pauses.uniform(0, 0.5)
            trials.append(Trial(one.clip_name, self.words[one.word][0], start, start + one.apex / self.fps))
        return Session(person, recordings[0].subject, tuple(trials))

    def write_annotation(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """``manifest.csv``. Culture, sex and age are invented: they belong to no person."""
        with (root / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow([*HEADER, *(STREAMS if self.physiology else ())])
            for one in recordings:
                facts = generator(seed, self.corpus, "subject", one.subject, "facts")
                culture, sex, age = facts.choice(["north", "south"]), facts.choice(["f", "m"]), facts.integers(19, 60)
                # A coder's side marks are dropped here: this file lists units.
                units = "+".join(f"AU{number:02d}" for _, number in one.code.units)
                table.writerow(
                    [
                        *(one.clip_name, one.subject_name, one.word, f"videos/{one.clip_name}.mp4"),
                        *(one.onset, one.apex, one.offset, f"{self.fps:g}", units),
                        *(f"tracks/{one.clip_name}.parquet", culture, sex, age),
                        *(self._signals(one) if self.physiology else ()),
                    ]
                )
        if self.physiology:
            self._write_markers(root / "markers.csv", recordings, seed)

    def _signals(self, one: Recording) -> list[str]:
        """Name the recordings of a clip; nothing where there is none."""
        session = Session((), one.subject, ())
        return [_signal(one, stream) if session.recorded(stream) else "" for stream in STREAMS]

    def _write_markers(self, path: Path, recordings: list[Recording], seed: int) -> None:
        """Write what a marker box kept of both clocks, to a microsecond."""
        people: dict[int, list[Recording]] = {}
        for one in recordings:
            people.setdefault(one.subject, []).append(one)
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["recording", "clip", "video_seconds", "recording_seconds"])
            for person in people.values():
                session = self.session(person, seed)
                for stream in filter(session.recorded, STREAMS):
                    for trial in session.trials:
                        for seconds in (0.0, TRIAL):
                            moment = session.at(stream, trial.start + seconds)
                            table.writerow([_signal(person[0], stream), trial.name, f"{seconds:g}", f"{moment:.6f}"])


def _signal(one: Recording, stream: str) -> str:
    return f"signals/{one.subject_name}_{stream}.edf"


def _write_video(path: Path, frames: np.ndarray, fps: float) -> None:
    """Write frames (T, H, W, 3) RGB as MPEG-4."""
    height, width = frames.shape[1:3]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), fps, (width, height))
    if not writer.isOpened():
        raise RuntimeError(f"{path}: this OpenCV cannot write mp4v videos")
    try:
        for image in frames:
            writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    finally:
        writer.release()
