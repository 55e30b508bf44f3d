"""MarkerFile: a csv file that says when the same moments were in the video and in the recording."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from mmer.signals.alignment import Alignment, Unaligned, fit_markers
from mmer.signals.clocks.csv_rows import csv_rows, names_clip, names_file
from mmer.signals.clocks.events import Markers, markers
from mmer.signals.recordings import Recordings
from mmer.types.errors import InputError

if TYPE_CHECKING:
    from mmer.signals.recording import Recording

VIDEO = ("frame", "video_seconds")
OTHER = ("recording_seconds", "code")


@dataclass(frozen=True)
class MarkerFile(Recordings):
    """One row per marker; two or more markers of a recording give its drift.

    Columns: ``recording`` (name of the file, or the end of its path); ``clip`` (a clip id or the end of it; empty or
    not there: of all clips of the recording, whose frames are then numbered through one video); ``frame`` or
    ``video_seconds``; ``recording_seconds`` or ``code`` (a marker of the recording's trigger channel). Others are not
    read.

    Parameters
    ----------
    file : str
        The csv file, in ``root``.
    channel : dict of str to str
        Where codes are to be found; see ``Trigger``.
    mask, bounce
        See ``Trigger``.
    """

    file: str = "markers.csv"
    channel: dict[str, str] = field(default_factory=dict, hash=False)
    mask: int = 0
    bounce: float = 0.02

    def align_all(
        self, clips: pd.DataFrame, recording: "Recording", column: str
    ) -> Mapping[str, "Alignment | Unaligned"]:
        """Fit a line through the markers of each clip, or of the recording.

        Raises
        ------
        InputError
            The file cannot be read, or lacks a column: no clip can be aligned.
        """
        path = Path(self.root) / self.file
        every = csv_rows(path, ("recording",))
        for needed in (VIDEO, OTHER):
            if not set(needed) & set(every[0]):
                raise InputError(f"{path}: no column {' or '.join(needed)}; it has {', '.join(every[0])}")
        rows = [row for row in every if names_file(row["recording"], recording.path)]
        where = f"{path} ({recording.path.name})"
        if not rows:
            return dict.fromkeys(clips["clip_id"], Unaligned(f"{path}: no marker of {recording.path.name}"))
        sent: Markers | None = None
        try:
            if any(not row.get("recording_seconds") for row in rows):
                sent = markers(recording, self.channel.get(column, ""), self.mask, self.bounce)
        except Unaligned as reason:
            return dict.fromkeys(clips["clip_id"], reason)
        found: dict[str, Alignment | Unaligned] = {}
        for _, clip in clips.iterrows():
            own = [row for row in rows if names_clip(row.get("clip", ""), clip["clip_id"])]
            own = own or [row for row in rows if not row.get("clip")]
            try:
                found[clip["clip_id"]] = self._aligned(clip, own, sent, where)
            except Unaligned as reason:
                found[clip["clip_id"]] = reason
        return found

    def _aligned(self, clip: pd.Series, rows: list[dict[str, str]], sent: Markers | None, where: str) -> Alignment:
        """Fit the markers of one clip."""
        if not rows:
            raise Unaligned(f"{where}: no marker of {clip['clip_id']}, and none without a clip")
        seen: dict[float, tuple[float, str]] = {}
        for row in rows:
            at = f"{where}, line {row['line']}"
            if row.get("video_seconds"):
                video = _number(row, "video_seconds", at)
            else:
                video = self.video_seconds(clip, int(_number(row, "frame", at)))
            if row.get("recording_seconds"):
                second = _number(row, "recording_seconds", at)
            else:
                second = sent.at(int(_number(row, "code", at)))
            before = seen.setdefault(video, (second, row["line"]))
            if before[0] != second:
                raise Unaligned(
                    f"{at}: the same moment of the video as in line {before[1]}, but {second:g} s of the recording "
                    f"instead of {before[0]:g} s; keep one of the two"
                )
        return fit_markers(list(seen), [second for second, _ in seen.values()], self.allowed(clip), where)


def _number(row: dict[str, str], column: str, at: str) -> float:
    """Read a cell as a finite number."""
    try:
        value = float(row.get(column, ""))
        if value - value == 0:
            return value
    except ValueError:
        pass
    raise Unaligned(f"{at}: {column} is {row.get(column, '')!r}, it must be a number")
