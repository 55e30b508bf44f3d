"""Trigger: a marker that was sent to the amplifier and, by the clip's name, is known to the video."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from mmer.signals.alignment import Alignment, Unaligned, fit_markers
from mmer.signals.clocks.events import Markers, markers
from mmer.signals.pictures import marker_of, picture_clock
from mmer.signals.recordings import Recordings
from mmer.types.errors import InputError

if TYPE_CHECKING:
    from mmer.signals.recording import Recording

REPEATED = ("error", "first", "last")


@dataclass(frozen=True)
class Trigger(Recordings):
    """The stimulus of each clip has a code, and the recording a trigger channel where it begins.

    Where pictures tell the time (``video: pictures``, MMME), a clip's seconds count from the first picture with its
    marker, and all trials of one recording together give the drift between the two machines. Elsewhere one marker gives
    an offset only.

    Parameters
    ----------
    channel : dict of str to str
        Column (``eeg``, ``ecg``) -> name or pattern of the trigger channel in its recordings: one channel that holds
        the code, several (``*STP*``) that are its bits, or ``annotations``. Columns that are not named: the channel of
        kind ``stim``, or else the annotations.
    mask : int
        Bits of the channel that belong to the code, 255 for the first eight; 0: all.
    code : str
        Regular expression whose first group is the code in a clip's name (``m108`` of ``mmme/s01/m108``).
    codes : dict of str to int
        Clip id -> code, for clips that are called otherwise; ``"*"`` stands for all that are not named, where every
        recording holds one stimulus and marks it alike (MAHNOB).
    invalid : tuple of int
        Codes that mark no trial.
    at : float
        Second of the video at which the marker was sent, for ``video: frames``.
    bounce : float
        The same code again within so many seconds is one marker.
    repeated : str
        Where a code is there twice: ``error`` (the clip lacks the signal), ``first`` or ``last``.
    """

    channel: dict[str, str] = field(default_factory=dict, hash=False)
    mask: int = 0
    code: str = r"m(\d+)"
    codes: dict[str, int] = field(default_factory=dict, hash=False)
    invalid: tuple[int, ...] = ()
    at: float = 0.0
    bounce: float = 0.02
    repeated: str = "error"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.repeated not in REPEATED:
            raise InputError(f"recordings {self.name}: repeated is {self.repeated!r}; it may be {', '.join(REPEATED)}")
        try:
            groups = re.compile(self.code).groups
        except re.error as error:
            raise InputError(
                f"recordings {self.name}: code {self.code!r} is no regular expression ({error})"
            ) from error
        if not groups:
            raise InputError(f"recordings {self.name}: code {self.code!r} needs a group, e.g. 'm(\\d+)'")

    def align_all(
        self, clips: pd.DataFrame, recording: "Recording", column: str
    ) -> Mapping[str, "Alignment | Unaligned"]:
        """Find every clip's marker; the markers of all clips together give the drift where pictures tell the time."""
        try:
            sent = markers(recording, self.channel.get(column, ""), self.mask, self.bounce)
        except Unaligned as reason:
            return dict.fromkeys(clips["clip_id"], reason)
        found, seen = {}, {}
        for _, clip in clips.iterrows():
            try:
                seen[clip["clip_id"]] = (clip, *self._seen(clip, sent))
            except Unaligned as reason:
                found[clip["clip_id"]] = reason
        if self.video == "pictures" and seen:
            return found | self._drifting(seen, recording)
        for clip_id, (clip, video, second) in seen.items():
            found[clip_id] = fit_markers([video], [second], self.allowed(clip), str(recording.path))
        return found

    def video_seconds(self, clip: pd.Series, frame_number: int) -> float:
        """Return the second of a clip's video; with pictures, from the first one with the clip's marker on."""
        if self.video == "pictures":
            marker_of(picture_clock(str(clip["frames"])), frame_number, self.code_of(clip["clip_id"]))
        return super().video_seconds(clip, frame_number)

    def code_of(self, clip_id: str) -> int:
        """Return the code of a clip.

        Raises
        ------
        Unaligned
            The clip's name holds none, or one that marks no trial.
        """
        code = self.codes.get(clip_id, self.codes.get("*"))
        if code is None:
            if not (match := re.search(self.code, clip_id.rpartition("/")[2])) or not (match[1] or "").isdecimal():
                raise Unaligned(
                    f"{clip_id}: its name holds no marker (`code: {self.code}`); name it under `codes` of the "
                    "dataset's recordings"
                )
            code = int(match[1])
        if code in self.invalid:
            raise Unaligned(f"{clip_id}: marker {code} marks no trial (`invalid`)")
        return code

    def _seen(self, clip: pd.Series, sent: Markers) -> tuple[float, float]:
        """Return when a clip's marker was seen: on the video's clock (of the day, with pictures), in the recording."""
        code = self.code_of(clip["clip_id"])
        second = sent.at(code, self.repeated)
        if self.video != "pictures":
            return self.at, second
        try:
            return picture_clock(str(clip["frames"])).zero_of(code), second
        except Unaligned:
            raise
        except InputError as reason:
            raise Unaligned(str(reason)) from reason

    def _drifting(
        self, seen: dict[str, tuple[pd.Series, float, float]], recording: "Recording"
    ) -> dict[str, "Alignment | Unaligned"]:
        """Fit one line through the markers of all clips of a recording."""
        first = min(video for _, video, _ in seen.values())
        pairs = sorted({(video - first, second) for _, video, second in seen.values()})
        try:
            allowed = min(self.allowed(clip) for clip, _, _ in seen.values())
            line = fit_markers(*zip(*pairs, strict=True), allowed, str(recording.path))
        except Unaligned as reason:
            return dict.fromkeys(seen, reason)
        return {
            clip_id: Alignment(line.rate, line(video - first), line.residual, line.notes)
            for clip_id, (_, video, _) in seen.items()
        }
