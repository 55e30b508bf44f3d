"""Cards of some clips: what the model was asked, what it said, and what it saw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mmer.metrics.runs import is_multilabel
from mmer.report.charts import GraphDrawing, arrows, graph_drawing
from mmer.report.clip_choice import choose_clips, choose_clips_of_units, first_run
from mmer.report.pictures import face_picture, flow_picture, strain_picture
from mmer.report.records import DatasetRecord, ExperimentRecord
from mmer.report.saw_faces import SawTile, saw_tiles
from mmer.report.saw_groups import Group, groups_of
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
    clip_id, subject, fold : str
    right : bool
        Whether all that was asked of the clip is predicted right.
    mark, truth, predicted : str
        In words.
    bars : tuple of (name, probability, is true, is predicted)
        One per class in the order of the scheme, or one per annotated action unit: how probable it is that it shows.
    pictures : ClipPictures or None
    graph : GraphDrawing or None
    saw : tuple of SawTile
        What the models saw of it.
    """

    clip_id: str
    subject: str
    fold: str
    right: bool
    mark: str
    truth: str
    predicted: str
    bars: tuple[tuple[str, float, bool, bool], ...]
    pictures: ClipPictures | None
    graph: GraphDrawing | None
    saw: tuple[SawTile, ...] = ()


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
        table = record.predictions
        if is_multilabel(table):
            rows = first_run(table)
            chosen = choose_clips_of_units(table, faces.__contains__)
            answers = [_answer_of_units(rows[rows.clip_id == clip]) for clip in chosen]
        else:
            classes = class_names(table)
            answers = [_answer(row, classes) for row in choose_clips(table, faces.__contains__).to_dict("records")]
        seen = () if record.saw is None else groups_of(record.saw)
        return [self._card(record, seen, **answer) for answer in answers]

    def _card(self, record: ExperimentRecord, seen: Sequence[Group], dataset: str, clip_id: str, **answer: Any) -> Card:
        # An entry of `datasets` may have another name than its corpus: the one of that name goes first.
        holders = sorted((name != dataset, name) for name, ids in self._ids.items() if clip_id in ids)
        motion = self._motion[holders[0][1]].of(clip_id) if holders else None
        if motion is not None and clip_id not in self._made:
            self._made[clip_id] = _pictures(motion, len(self._made) + 1)
        pictures = self._made.get(clip_id)
        size = (pictures.height, pictures.width) if pictures else None
        graph = None if record.samples is None else graph_drawing(record.samples, clip_id, size)
        saw = saw_tiles(record.saw, seen, record.samples, motion, clip_id) if seen else ()
        return Card(clip_id=clip_id, pictures=pictures, graph=graph, saw=saw, **answer)


def _answer(row: Mapping[str, Any], classes: Sequence[str]) -> dict[str, Any]:
    """Put in words what was asked of a clip and answered: its class."""
    right = row["truth"] == row["predicted"]
    return {key: row[key] for key in ("dataset", "clip_id", "subject", "fold", "truth", "predicted")} | {
        "right": right,
        "mark": "right" if right else "wrong",
        "bars": tuple((one, float(row[f"p_{one}"]), one == row["truth"], one == row["predicted"]) for one in classes),
    }


def _answer_of_units(rows: pd.DataFrame) -> dict[str, Any]:
    """Put in words what was asked of a clip and answered: which of the annotated units it shows."""
    first, (_, present) = rows.iloc[0], class_names(rows)
    units = [
        (one.target, getattr(one, f"p_{present}"), one.truth == present, one.predicted == present)
        for one in rows.sort_values("target").itertuples()
    ]
    right = sum(true == said for _, _, true, said in units)
    return {key: first[key] for key in ("dataset", "clip_id", "subject", "fold")} | {
        "right": right == len(units),
        "mark": f"{right} of {len(units)} right",
        "truth": " ".join(name for name, _, true, _ in units if true) or "none",
        "predicted": " ".join(name for name, _, _, said in units if said) or "none",
        "bars": tuple((name, float(p), true, said) for name, p, true, said in units),
    }


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
