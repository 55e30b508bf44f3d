"""Experiments that are compared -> one HTML file of the report's looks that needs nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from mmer.report.assets import environment, frame
from mmer.report.clip_pictures import ClipPictures, PictureStore
from mmer.report.compare_pair import ClipRow, PairBox, Side, SubjectRow, pair_box
from mmer.report.comparisons import READING, score_label
from mmer.report.pictures import wheel_picture
from mmer.report.records import DatasetRecord
from mmer.report.wording import interval_text, number_text, p_text, score_text, signed_text

CARDS = 12  # clips with pictures of each side; the others are in the table
WIDTH, ROW, LEFT, RIGHT = 640, 22, 190, 80  # of the drawing of subjects
FILTERS = {"score": score_text, "interval": interval_text, "number": number_text, "signed": signed_text, "p": p_text}


@dataclass(frozen=True)
class Card:
    """A clip and its pictures."""

    clip: ClipRow
    pictures: ClipPictures | None


@dataclass(frozen=True)
class Line:
    """A subject in the drawing: where its line is, and where it begins and ends."""

    row: SubjectRow
    y: float
    a: float
    b: float


@dataclass(frozen=True)
class Part:
    """One pair on the page."""

    box: PairBox
    lines: tuple[Line, ...]
    sides: tuple[tuple[str, tuple[Card, ...], tuple[ClipRow, ...]], ...]


def render(
    sides: Sequence[Side],
    table: pd.DataFrame,
    datasets: Sequence[DatasetRecord] = (),
    notes: Sequence[str] = (),
    synthetic: bool = False,
) -> str:
    """Render the comparison of two or more experiments.

    Parameters
    ----------
    sides : sequence of Side
        All on the same clips.
    table : DataFrame
        Of ``mmer.metrics.comparison.compare``, in their order.
    datasets : sequence of DatasetRecord
        For the pictures of clips.
    notes : sequence of str
        What a reader must know first: other protocols, clips left out.
    synthetic : bool
        Whether any clip is of a synthetic release.

    Returns
    -------
    str
        The same text for the same input.
    """
    store, named = PictureStore(datasets), {side.name: side for side in sides}
    rows = table.to_dict("records")
    parts = []
    for row in rows:
        box = pair_box(named[row["a"]], named[row["b"]], row, len(rows))
        shown = [
            (f"{box.a} right, {box.b} wrong", box.gained),
            (f"{box.b} right, {box.a} wrong", box.lost),
        ]
        drawn = tuple((title, tuple(_card(one, store) for one in clips[:CARDS]), clips) for title, clips in shown)
        parts.append(Part(box, _lines(box.subjects), drawn))
    first = sides[0].predictions
    templates = environment()
    templates.filters.update(FILTERS)
    return templates.get_template("compare.html.jinja").render(
        title=" and ".join(side.name for side in sides),
        lead=f"{first.clip_id.nunique()} test clips of {first.subject.nunique()} subjects, predicted by each.",
        notes=notes,
        synthetic=synthetic,
        label=score_label(str(rows[0]["score"])),
        rows=rows,
        reading=READING,
        parts=parts,
        pictures=list(store.made.values()),
        wheel=wheel_picture(),
        width=WIDTH,
        left=LEFT,
        right=RIGHT,
        **frame(),
    )


def _card(clip: ClipRow, store: PictureStore) -> Card:
    motion = store.motion(clip.dataset, clip.clip_id)
    return Card(clip, None if motion is None else store.make(motion))


def _lines(rows: Sequence[SubjectRow]) -> tuple[Line, ...]:
    span = WIDTH - LEFT - RIGHT
    return tuple(
        Line(row, 30 + ROW * at, round(LEFT + span * row.a, 1), round(LEFT + span * row.b, 1))
        for at, row in enumerate(rows)
    )
