"""Recordings: how a corpus's recordings are read, and on which clock they run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from mmer.signals.alignment import Alignment, Unaligned
from mmer.signals.pictures import picture_clock
from mmer.types.errors import InputError

if TYPE_CHECKING:
    from mmer.signals.recording import Recording

VIDEO_CLOCKS = ("frames", "pictures")


@dataclass(frozen=True)
class Recordings:
    """Base of the clocks (``mmer.signals.clocks``): what a corpus says of its recordings.

    Parameters
    ----------
    name : str
        Of the clock: the stem of its yaml.
    root : str
        Folder of the files that are named here (a marker file); the pipeline puts the dataset's own where it is empty.
        Recordings are named whole by the Clips table.
    rename, kinds, units, montage, drop
        See ``mmer.signals.channels.ChannelNames``.
    sfreq : dict of str to float
        Sampling rate that the recordings of a column (``eeg``, ``ecg``) must have, hertz; a recording with another one
        is refused. Columns that are not named may have any.
    video : str
        What tells a clip's time: ``frames``, frame number / fps of its video, or ``pictures``, the time of day in the
        names of its pictures from the first picture with the same marker on (MMME).
    first_frame : int
        Number of the frame at second 0 of a video, for ``frames``.
    max_residual : float
        How far a marker may lie beside the line through all markers, frames of the video.
    """

    name: str = ""
    root: str = ""
    rename: dict[str, str] = field(default_factory=dict, hash=False)
    kinds: dict[str, str] = field(default_factory=dict, hash=False)
    units: dict[str, str] = field(default_factory=dict, hash=False)
    montage: str = "standard_1020"
    drop: tuple[str, ...] = ()
    sfreq: dict[str, float] = field(default_factory=dict, hash=False)
    video: str = "frames"
    first_frame: int = 0
    max_residual: float = 0.5

    def __post_init__(self) -> None:
        if self.video not in VIDEO_CLOCKS:
            raise InputError(f"recordings {self.name}: video is {self.video!r}; it may be {' or '.join(VIDEO_CLOCKS)}")
        if wrong := {column: rate for column, rate in self.sfreq.items() if not rate > 0}:
            raise InputError(f"recordings {self.name}: sfreq {wrong}; a rate in hertz is above 0")
        if not self.max_residual > 0:
            raise InputError(f"recordings {self.name}: max_residual is {self.max_residual} frames; it must be above 0")

    def open(self, path: str) -> "Recording":
        """Open one recording; nothing but its header is read."""
        from mmer.signals.channels import ChannelNames
        from mmer.signals.recording import open_recording

        how = ChannelNames(rename=self.rename, kinds=self.kinds, units=self.units, montage=self.montage, drop=self.drop)
        return open_recording(path, how)

    def check_rate(self, recording: "Recording", column: str) -> None:
        """Refuse a recording of another sampling rate than the corpus's.

        Raises
        ------
        Unaligned
            The rates differ by more than a clock's drift.
        """
        wanted = self.sfreq.get(column)
        if wanted is not None and abs(recording.sfreq - wanted) > 1e-3 * wanted:
            raise Unaligned(
                f"{recording.path}: {recording.sfreq:g} Hz, but {self.name} expects {wanted:g} Hz in {column}; "
                f"export it again, or correct `sfreq.{column}` of the dataset's recordings"
            )

    def align(self, clip: pd.Series, recording: "Recording", column: str) -> Alignment:
        """Put one clip on the clock of its recording.

        Parameters
        ----------
        clip : Series
            Row of the Clips table.
        recording : Recording
            Open.
        column : str
            ``eeg`` or ``ecg``: which column of the Clips table named the recording.

        Raises
        ------
        Unaligned
            This clip cannot be aligned; the message is the reason.
        """
        found = self.align_all(clip.to_frame().T, recording, column)[clip["clip_id"]]
        if isinstance(found, Unaligned):
            raise found
        return found

    def align_all(
        self, clips: pd.DataFrame, recording: "Recording", column: str
    ) -> Mapping[str, "Alignment | Unaligned"]:
        """Align all clips of one recording; clocks that learn drift from several clips do it here.

        Returns
        -------
        mapping of str to Alignment or Unaligned
            By clip id; where a clip cannot be aligned, the reason.
        """
        raise NotImplementedError

    def video_seconds(self, clip: pd.Series, frame_number: int) -> float:
        """Return the second of a clip's video at which a frame was taken.

        Raises
        ------
        Unaligned
            The clip has no frame rate, or its pictures do not tell the time.
        """
        if self.video == "pictures":
            return picture_clock(str(clip["frames"])).seconds(frame_number)
        return (frame_number - self.first_frame) / frame_rate(clip)

    def allowed(self, clip: pd.Series) -> float:
        """Return how far a marker may lie beside the line, seconds.

        Where pictures tell the time, the first picture with a marker is up to a frame late, and half a frame is added.
        """
        frames = self.max_residual + (0.5 if self.video == "pictures" else 0.0)
        return frames / frame_rate(clip)


def frame_rate(clip: pd.Series) -> float:
    """Return the frames per second of a clip's video.

    Raises
    ------
    Unaligned
        It is not known.
    """
    if pd.isna(clip["fps"]):
        raise Unaligned(f"{clip['clip_id']}: fps is empty, so its frames have no time; state `fps` of the dataset")
    return float(clip["fps"])
