"""Clips of a page: cards of some, data of all; what the model was asked, what it said, and what it saw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mmer.metrics.runs import is_multilabel
from mmer.report.charts import GraphDrawing, graph_drawing
from mmer.report.clip_browser import BrowserBox, ClipBrowser, SharedClips
from mmer.report.clip_choice import choose_clips, choose_clips_of_units, first_run
from mmer.report.clip_pictures import ClipPictures, PictureStore
from mmer.report.records import DatasetRecord, ExperimentRecord
from mmer.report.saw_faces import SawTile, saw_tiles
from mmer.report.saw_groups import Group, groups_of
from mmer.types.predictions import class_names


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
    """Makes the cards and the browsers of all experiments and keeps each clip's pictures once."""

    def __init__(self, datasets: Sequence[DatasetRecord]) -> None:
        self._store = PictureStore(datasets)
        self._browser = ClipBrowser(self._store)

    @property
    def pictures(self) -> list[ClipPictures]:
        """All pictures made so far."""
        return list(self._store.made.values())

    def cards(self, record: ExperimentRecord) -> list[Card]:
        """Make the cards of one experiment."""
        faces, table = self._store.with_face, record.predictions
        if is_multilabel(table):
            rows = first_run(table)
            chosen = choose_clips_of_units(table, faces.__contains__)
            answers = [_answer_of_units(rows[rows.clip_id == clip]) for clip in chosen]
        else:
            classes = class_names(table)
            answers = [_answer(row, classes) for row in choose_clips(table, faces.__contains__).to_dict("records")]
        seen = () if record.saw is None else groups_of(record.saw)
        return [self._card(record, seen, **answer) for answer in answers]

    def browser(self, record: ExperimentRecord, cards: Sequence[Card]) -> BrowserBox:
        """Put together what the page holds of all test clips of one experiment."""
        return self._browser.add(record, [card.clip_id for card in cards])

    def shared(self) -> SharedClips:
        """Return what all experiments share; called last."""
        return self._browser.shared()

    def _card(self, record: ExperimentRecord, seen: Sequence[Group], dataset: str, clip_id: str, **answer: Any) -> Card:
        motion = self._store.motion(dataset, clip_id)
        pictures = None if motion is None else self._store.make(motion)
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
