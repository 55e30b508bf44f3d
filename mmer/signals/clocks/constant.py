"""Constant: recordings that began at a known moment of the video."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from mmer.signals.alignment import Alignment, Unaligned
from mmer.signals.recordings import Recordings

if TYPE_CHECKING:
    from mmer.signals.recording import Recording


@dataclass(frozen=True)
class Constant(Recordings):
    """Video second 0 is second ``offset`` of the recording; nothing is known of drift.

    Parameters
    ----------
    offset : float
        Seconds; above 0 where the recording began before the video.
    offsets : dict of str to float
        For some subjects or clips another one: ``casme3_c/sub01`` or a clip id -> seconds.
    """

    offset: float = 0.0
    offsets: dict[str, float] = field(default_factory=dict, hash=False)

    def align_all(
        self, clips: pd.DataFrame, recording: "Recording", column: str
    ) -> Mapping[str, "Alignment | Unaligned"]:
        """Give every clip the stated offset."""
        found = {}
        for clip_id, subject in zip(clips["clip_id"], clips["subject"], strict=True):
            found[clip_id] = Alignment(1.0, self.offsets.get(clip_id, self.offsets.get(subject, self.offset)))
        return found
