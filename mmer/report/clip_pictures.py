"""Pictures of clips, each made once for the whole page: where the motion is, and how much of it a page can hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mmer.report.charts import arrow_steps, arrows
from mmer.report.pictures import face_picture, flow_picture, strain_picture
from mmer.report.records import DatasetRecord
from mmer.types.motion import ClipMotion

MOST_CHARACTERS = 2_300_000  # of all pictures of a page, so that one of 12 experiments stays below 5 MB
COARSE = 68  # quality of a picture that is shown when a reader asks for it; a third smaller than that of a card


@dataclass(frozen=True)
class ClipPictures:
    """Pictures of one clip, shared by all experiments that show it.

    Parameters
    ----------
    number : int
        Unique in the page.
    height, width : int
        Of the aligned face, pixels.
    onset, apex, flow, strain : str or None
        Data URIs; None where the motion has no such picture or channel.
    steps : tuple of (x, y, step in x, step in y)
        The flow's arrows, pixels.
    flow_full, strain_full : float
        Where the colours are full.
    apex_frame : int or None
        The corpus's own number.
    apex_source : str
    """

    number: int
    height: int
    width: int
    onset: str | None
    apex: str | None
    flow: str | None
    strain: str | None
    steps: tuple[tuple[int, int, float, float], ...]
    flow_full: float
    strain_full: float
    apex_frame: int | None
    apex_source: str

    @property
    def characters(self) -> int:
        """How much of a page they take."""
        return sum(len(part or "") for part in (self.onset, self.apex, self.flow, self.strain)) + 16 * len(self.steps)

    @property
    def arrows(self) -> str:
        """Path data of the flow's arrows."""
        return arrows(self.steps)


class PictureStore:
    """Finds the motion of clips and makes each clip's pictures once."""

    def __init__(self, datasets: Sequence[DatasetRecord]) -> None:
        self._motion = {dataset.name: dataset.motion for dataset in datasets if dataset.motion is not None}
        self._rows = {
            name: {clip: row for row, clip in enumerate(motion.clip_ids)} for name, motion in self._motion.items()
        }
        self.with_face = frozenset(
            clip
            for motion in self._motion.values()
            for clip, pair in zip(motion.clip_ids, motion.pictures, strict=True)
            if pair.any()
        )
        self._made: dict[str, ClipPictures] = {}

    def motion(self, dataset: str, clip_id: str) -> ClipMotion | None:
        """Return a clip's motion, or None. An entry of `datasets` may have another name than its corpus."""
        holders = sorted((name != dataset, name) for name, rows in self._rows.items() if clip_id in rows)
        return self._motion[holders[0][1]].of(clip_id) if holders else None

    def make(self, motion: ClipMotion) -> ClipPictures:
        """Return the pictures of a clip that the page shows in any case."""
        if motion.clip_id not in self._made:
            self._made[motion.clip_id] = clip_pictures(motion, len(self._made) + 1)
        return self._made[motion.clip_id]

    @property
    def made(self) -> dict[str, ClipPictures]:
        """Clip -> pictures, of all clips that are shown in any case."""
        return dict(self._made)

    def fill(self, clips: Iterable[tuple[str, str]], most: int = MOST_CHARACTERS) -> dict[str, ClipPictures]:
        """Make pictures of more clips, as long as all of the page stay below a size.

        Parameters
        ----------
        clips : iterable of (str, str)
            Corpus and clip id, the most wanted first.
        most : int
            Characters of all pictures, those already made included.

        Returns
        -------
        dict of str to ClipPictures
            Only of clips that were not yet made.
        """
        left = most - sum(pictures.characters for pictures in self._made.values())
        found: dict[str, ClipPictures] = {}
        for dataset, clip_id in clips:
            if clip_id in self._made or clip_id in found or (motion := self.motion(dataset, clip_id)) is None:
                continue
            pictures = clip_pictures(motion, 0, COARSE)
            left -= pictures.characters
            if left < 0:
                break
            found[clip_id] = pictures
        return found


def clip_pictures(motion: ClipMotion, number: int, quality: int | None = None) -> ClipPictures:
    """Encode what there is of one clip: precomputed motion has no faces, and may lack channels."""
    planes = dict(zip(motion.channels, motion.values, strict=True))
    onset, apex = (None, None) if motion.pictures is None else motion.pictures
    flow, flow_full, steps = None, 0.0, ()
    if {"u", "v"} <= set(planes):
        flow, flow_full = flow_picture(planes["u"], planes["v"], onset, quality)
        steps = arrow_steps(planes["u"], planes["v"], flow_full)
    strain, strain_full = strain_picture(planes["strain"], onset, quality) if "strain" in planes else (None, 0.0)
    height, width = motion.values.shape[1:]
    return ClipPictures(
        number=number,
        height=height,
        width=width,
        onset=None if onset is None else face_picture(onset, quality),
        apex=None if apex is None else face_picture(apex, quality),
        flow=flow,
        strain=strain,
        steps=steps,
        flow_full=flow_full,
        strain_full=strain_full,
        apex_frame=motion.apex if motion.apex >= 0 else None,
        apex_source=motion.apex_source,
    )
