"""Cards of some clips: what the model was asked, what it said, and what it saw."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmer.report.charts import GraphDrawing, arrows, graph_drawing
from mmer.report.clip_choice import choose_clips
from mmer.report.pictures import face_picture, flow_picture, strain_picture
from mmer.report.records import DatasetRecord, ExperimentRecord
from mmer.types.motion import ClipMotion
from mmer.types.predictions import class_names


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
    arrows : str
        Path data of the flow's arrows.
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
    arrows: str
    flow_full: float
    strain_full: float
    apex_frame: int | None
    apex_source: str


@dataclass(frozen=True)
class Card:
    """One clip of one experiment.

    Parameters
    ----------
    clip_id, subject, fold, truth, predicted : str
    probabilities : tuple of (class, probability)
        In the order of the scheme.
    pictures : ClipPictures or None
    graph : GraphDrawing or None
    """

    clip_id: str
    subject: str
    fold: str
    truth: str
    predicted: str
    probabilities: tuple[tuple[str, float], ...]
    pictures: ClipPictures | None
    graph: GraphDrawing | None


class Gallery:
    """Makes the cards of all experiments and keeps each clip's pictures once."""

    def __init__(self, datasets: Sequence[DatasetRecord]) -> None:
        self._motion = {dataset.name: dataset.motion for dataset in datasets}
        self._ids = {name: frozenset(motion.clip_ids) for name, motion in self._motion.items() if motion is not None}
        self._with_face = {
            name: {clip for clip, pair in zip(motion.clip_ids, motion.pictures, strict=True) if pair.any()}
            for name, motion in self._motion.items()
            if motion is not None
        }
        self._made: dict[str, ClipPictures] = {}

    @property
    def pictures(self) -> list[ClipPictures]:
        """All pictures made so far."""
        return list(self._made.values())

    def cards(self, record: ExperimentRecord) -> list[Card]:
        """Make the cards of one experiment."""
        faces = set().union(*self._with_face.values()) if self._with_face else set()
        classes = class_names(record.predictions)
        return [
            self._card(row, classes, record)
            for row in choose_clips(record.predictions, faces.__contains__).to_dict("records")
        ]

    def _card(self, row: dict, classes: tuple[str, ...], record: ExperimentRecord) -> Card:
        clip_id, dataset = row["clip_id"], row["dataset"]
        if clip_id in self._ids.get(dataset, ()) and clip_id not in self._made:
            self._made[clip_id] = _pictures(self._motion[dataset].of(clip_id), len(self._made) + 1)
        pictures = self._made.get(clip_id)
        size = (pictures.height, pictures.width) if pictures else None
        return Card(
            clip_id=clip_id,
            subject=row["subject"],
            fold=row["fold"],
            truth=row["truth"],
            predicted=row["predicted"],
            probabilities=tuple((name, float(row[f"p_{name}"])) for name in classes),
            pictures=pictures,
            graph=None if record.samples is None else graph_drawing(record.samples, clip_id, size),
        )


def _pictures(motion: ClipMotion, number: int) -> ClipPictures:
    """Encode what there is of one clip: precomputed motion has no faces, and may lack channels."""
    planes = dict(zip(motion.channels, motion.values, strict=True))
    onset, apex = (None, None) if motion.pictures is None else motion.pictures
    flow, flow_full, marks = None, 0.0, ""
    if {"u", "v"} <= set(planes):
        flow, flow_full = flow_picture(planes["u"], planes["v"], onset)
        marks = arrows(planes["u"], planes["v"], flow_full)
    strain, strain_full = strain_picture(planes["strain"], onset) if "strain" in planes else (None, 0.0)
    height, width = motion.values.shape[1:]
    return ClipPictures(
        number=number,
        height=height,
        width=width,
        onset=None if onset is None else face_picture(onset),
        apex=None if apex is None else face_picture(apex),
        flow=flow,
        strain=strain,
        arrows=marks,
        flow_full=flow_full,
        strain_full=strain_full,
        apex_frame=motion.apex if motion.apex >= 0 else None,
        apex_source=motion.apex_source,
    )
