"""Every test clip of every experiment as data of the page: clips.js lists, filters and opens them.

What several experiments share (facts of clips, pictures, places of nodes) stands once in the page. Pictures and what
models saw have a limit of size: clips shown as cards go first, then those that an experiment predicts wrong, then the
others by name, and the page says how many have none.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from mmer.report.clip_answers import Answers, answers_of, per_mille
from mmer.report.clip_marks import packed_graph, packed_places, packed_tile
from mmer.report.clip_pictures import MOST_CHARACTERS, ClipPictures, PictureStore
from mmer.report.records import ExperimentRecord
from mmer.report.saw_faces import saw_tiles
from mmer.report.saw_groups import groups_of

MOST_SAW = 160_000  # characters of one experiment


@dataclass(frozen=True)
class BrowserBox:
    """What the page holds of the test clips of one experiment.

    Parameters
    ----------
    data : Markup
        JSON for clips.js.
    clips, wrong, runs : int
        Test clips, those predicted wrong, and seeds times repeats.
    without_saw : int
        Clips of which the page does not hold what the models saw, for its size.
    """

    data: Markup
    clips: int
    wrong: int
    runs: int
    without_saw: int


@dataclass(frozen=True)
class SharedClips:
    """What the page holds of the clips of all experiments.

    Parameters
    ----------
    data : Markup
        JSON for clips.js.
    clips, without : int
        Test clips of the page, and those that have motion but no pictures, for the size of the page.
    """

    data: Markup
    clips: int
    without: int


class ClipBrowser:
    """Collects the test clips of all experiments."""

    def __init__(self, store: PictureStore) -> None:
        self._store = store
        self._facts: dict[str, list[Any]] = {}  # in the order in which clips come, which is their number
        self._numbers: dict[str, int] = {}
        self._ever_wrong: set[str] = set()
        self._places: dict[str, int] = {}

    def add(self, record: ExperimentRecord, chosen: Sequence[str] = ()) -> BrowserBox:
        """Add the test clips of an experiment; ``chosen`` are those of its cards."""
        answers = answers_of(record.predictions)
        self._add_facts(record, answers)
        wrong = answers.wrong
        self._ever_wrong |= {clip for clip, failed in zip(answers.clip_ids, wrong, strict=True) if failed}
        folds = sorted({name for names in answers.folds for name in names})
        fold_at = {name: at for at, name in enumerate(folds)}
        saw, without_saw = self._saw(record, answers, chosen)
        data = {
            "experiment": record.name,
            "names": answers.names,
            "units": answers.units,
            "runs": answers.runs,
            "clips": [self._numbers[clip] for clip in answers.clip_ids],
            "truth": _shown(answers.truth, answers.units),
            "said": _shown(answers.said, answers.units),
            "right": [int(count) for count in answers.right],
            "mean": per_mille(answers.mean),
            "by_run": None if answers.by_run is None else per_mille(answers.by_run),
            "folds": folds,
            "fold": [[fold_at[name] for name in names] for names in answers.folds],
            "saw": saw,
        }
        if record.samples is not None and record.samples.positions is not None and len(record.samples.node_names):
            data["graph"] = packed_graph(record.samples)
            data["places"] = [self._place(packed_places(record.samples, clip)) for clip in answers.clip_ids]
        return BrowserBox(_json(data), len(answers.clip_ids), int(wrong.sum()), answers.runs, without_saw)

    def shared(self, most: int = MOST_CHARACTERS) -> SharedClips:
        """Return what all experiments share; called when all are added, and all cards made."""
        wanted = sorted(self._facts, key=lambda clip: (clip not in self._ever_wrong, clip))
        more = self._store.fill([(self._facts[clip][2], clip) for clip in wanted], most)
        made = self._store.made | more
        pictures = {self._numbers[clip]: _pictures(made[clip]) for clip in self._facts if clip in made}
        without = [
            clip
            for clip in self._facts
            if clip not in made and self._store.motion(self._facts[clip][2], clip) is not None
        ]
        data = {"clips": list(self._facts.values()), "pictures": pictures, "places": list(self._places)}
        return SharedClips(_json(data), len(self._facts), len(without))

    def _add_facts(self, record: ExperimentRecord, answers: Answers) -> None:
        """Add what is known of clips that no experiment had before."""
        who = record.predictions.drop_duplicates("clip_id").set_index("clip_id")
        known = {} if record.clips is None else record.clips.set_index("clip_id").to_dict("index")
        for clip in answers.clip_ids:
            if clip not in self._facts:
                self._numbers[clip] = len(self._facts)
                subject, dataset = str(who.subject[clip]), str(who.dataset[clip])
                self._facts[clip] = [clip, subject, dataset, *_annotated(known.get(clip, {}))]

    def _place(self, packed: str) -> int:
        return self._places.setdefault(packed, len(self._places)) if packed else -1

    def _saw(self, record: ExperimentRecord, answers: Answers, chosen: Sequence[str]) -> tuple[dict[int, list], int]:
        """Return what the models saw, by the place of the clip among the answers, and of how many it has no room."""
        if record.saw is None:
            return {}, 0
        groups, nodes = groups_of(record.saw), record.samples.node_names if record.samples is not None else ()
        dataset = dict(zip(record.predictions.clip_id, record.predictions.dataset, strict=True))
        order = sorted(
            range(len(answers.clip_ids)),
            key=lambda at: (answers.clip_ids[at] not in chosen, not answers.wrong[at], answers.clip_ids[at]),
        )
        found, left, without, seen = {}, MOST_SAW, 0, set(record.saw.clip_ids)
        for at in order:
            clip = answers.clip_ids[at]
            if without:
                without += clip in seen
                continue
            motion = self._store.motion(str(dataset[clip]), clip)
            tiles = saw_tiles(record.saw, groups, record.samples, motion, clip)
            packed = [packed_tile(tile, nodes, motion is None) for tile in tiles]
            left -= len(json.dumps(packed, separators=(",", ":")))
            if packed and left >= 0:
                found[at] = packed
            elif packed:
                without = 1  # and all after it
        return dict(sorted(found.items())), without


def _shown(values: np.ndarray, units: bool) -> list[Any]:
    """Write the class of each clip as its number; units as a word of 1, 0 and - per clip."""
    if not units:
        return [int(at) for at in values.argmax(1)]
    return ["".join("-" if value < 0 else str(int(value)) for value in row) for row in values]


def _annotated(row: Mapping[str, Any]) -> list[Any]:
    """Return emotion word, action units, onset, apex, offset and frames per second; None where nobody knows."""
    units = row.get("action_units")
    units = " ".join(map(str, units)) if isinstance(units, list | tuple | np.ndarray) else None
    emotion = _known(row.get("emotion"))
    numbers = [_known(row.get(name)) for name in ("onset", "apex", "offset")]
    fps = _known(row.get("fps"))
    return [
        None if emotion is None else str(emotion),
        units,
        *(None if number is None else int(number) for number in numbers),
        None if fps is None else round(float(fps), 3),
    ]


def _known(value: Any) -> Any:
    return None if value is None or pd.isna(value) else value


def _pictures(one: ClipPictures) -> dict[str, Any]:
    """Write the pictures of a clip; those of a card stand in the page already and are named by their number."""
    data = {
        "size": [one.width, one.height],
        "apex": [one.apex_frame, one.apex_source],
        "full": [f"{one.flow_full:.2g}", f"{one.strain_full:.2g}"],
        "steps": [number for step in one.steps for number in step],
        "number": one.number,
    }
    kinds = {"onset": one.onset, "apex": one.apex, "flow": one.flow, "strain": one.strain}
    return data | {"shown": {kind: uri if not one.number else "" for kind, uri in kinds.items() if uri}}


def _json(data: Mapping[str, Any]) -> Markup:
    """Write JSON that cannot end the element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
