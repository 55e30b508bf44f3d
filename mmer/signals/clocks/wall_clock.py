"""WallClock: the time of day at which the recording started, and at which the video was taken."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from mmer.signals.alignment import Alignment, Unaligned
from mmer.signals.clocks.csv_rows import csv_rows, names_clip
from mmer.signals.pictures import picture_clock
from mmer.signals.recordings import Recordings
from mmer.types.errors import InputError

if TYPE_CHECKING:
    from mmer.signals.recording import Recording

DAY = 86400.0
HOUR = 3600.0


@dataclass(frozen=True)
class WallClock(Recordings):
    """Both machines state the time of day; how well their clocks agree is for the corpus to know.

    A recording states when it started. The video's time comes from the names of its pictures (``video: pictures``), or
    from a csv file with the time of each video's second 0. Time zones are not compared: times of day are taken as they
    are written, and ``offset`` corrects them.

    Parameters
    ----------
    offset : float
        Seconds to add to the video's time of day to get the recording's: 3600 where the video's clock is an hour late.
    times : str
        csv file with the columns ``clip`` (a clip id or its last part) and ``started`` (``2024-05-01 16:00:31.433``, or
        a time of day alone), for ``video: frames``.
    """

    offset: float = 0.0
    times: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.video == "frames" and not self.times:
            raise InputError(
                f"recordings {self.name}: say when each video started (`times`, a csv file), or read it from the names "
                "of pictures (`video: pictures`)"
            )

    def align_all(
        self, clips: pd.DataFrame, recording: "Recording", column: str
    ) -> Mapping[str, "Alignment | Unaligned"]:
        """Take the difference of the two clocks."""
        found: dict[str, Alignment | Unaligned] = {}
        for _, clip in clips.iterrows():
            try:
                found[clip["clip_id"]] = self._aligned(clip, recording)
            except Unaligned as reason:
                found[clip["clip_id"]] = reason
        return found

    def video_seconds(self, clip: pd.Series, frame_number: int) -> float:
        """Return the second of a clip's video; with pictures, from the first picture of the folder on."""
        if self.video == "pictures":
            clock = picture_clock(str(clip["frames"]))
            clock.marker(frame_number)  # refuses a picture that is not there
            return clock.times[frame_number] - min(clock.times.values())
        return super().video_seconds(clip, frame_number)

    def _aligned(self, clip: pd.Series, recording: "Recording") -> Alignment:
        """Align one clip."""
        if recording.started is None:
            raise Unaligned(
                f"{recording.path}: the file does not say when it was started (anonymised ones do not); use a trigger, "
                "a marker file or a constant offset (`recordings` of the dataset)"
            )
        started = recording.started.replace(tzinfo=UTC).timestamp()
        dated, video = self._zero(clip)
        offset = video + self.offset - started
        notes = []
        if not dated or started < DAY:  # a time of day alone, or a date that was removed
            offset = math.remainder(offset, DAY)  # the nearest one: a session may run past midnight
            notes.append("dates unknown: the nearest time of day was taken")
        length = recording.n_samples / recording.sfreq
        if not -HOUR / 2 < offset < length:
            hours = round(offset / HOUR)
            zone = f" (a time zone? try `offset: {self.offset - hours * HOUR:g}`)" if 0 < abs(hours) <= 14 else ""
            raise Unaligned(
                f"{clip['clip_id']}: its video starts {offset:.1f} s after {recording.path}, which is {length:.1f} s "
                f"long; do the two clocks agree?{zone}"
            )
        return Alignment(1.0, offset, notes=tuple(notes))

    def _zero(self, clip: pd.Series) -> tuple[bool, float]:
        """Return whether the date is known, and when second 0 of the clip's video was, seconds since 1970."""
        if self.video == "pictures":
            try:
                return True, min(picture_clock(str(clip["frames"])).times.values())
            except Unaligned:
                raise
            except InputError as reason:
                raise Unaligned(str(reason)) from reason
        path = Path(self.root) / self.times
        rows = [row for row in csv_rows(path, ("clip", "started")) if names_clip(row["clip"], clip["clip_id"])]
        if len(rows) != 1:
            raise Unaligned(f"{path}: {len(rows) or 'no'} rows for {clip['clip_id']}; there must be one")
        text = rows[0]["started"].strip()
        for form, dated in (("{}", True), ("1970-01-01T{}", False)):
            try:
                return dated, datetime.fromisoformat(form.format(text)).replace(tzinfo=UTC).timestamp()
            except ValueError:
                continue
        raise Unaligned(
            f"{path}, line {rows[0]['line']}: {text!r} is no time; write it as 2024-05-01 16:00:31.433, or 16:00:31.433"
        )
