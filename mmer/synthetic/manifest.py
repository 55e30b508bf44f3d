"""A lab's own recordings: one mp4 per clip, and ``manifest.csv``."""

import csv
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from mmer.synthetic.layout import Recording
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


@dataclass(frozen=True)
class ManifestLayout:
    """Videos with neutral frames around the expression; frames are numbered from 0 within each video."""

    corpus: str = "manifest"
    words: dict[str, tuple[str, float]] = field(default_factory=lambda: WORDS)
    anchors: tuple[str, ...] = ("surprise", "happiness", "disgust")
    lead: int = 6
    tail: int = 4
    fps: float = 60.0

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

    def write_annotation(self, root: Path, recordings: list[Recording], seed: int) -> None:
        """``manifest.csv``. Culture, sex and age are invented: they belong to no person."""
        with (root / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(HEADER)
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
                    ]
                )


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
