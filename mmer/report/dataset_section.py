"""One dataset -> what the page says of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmer.report.records import DatasetRecord
from mmer.report.unit_counts import UnitCounts, unit_counts
from mmer.report.wording import config_text


@dataclass(frozen=True)
class DatasetSection:
    """Everything the page shows of one dataset."""

    anchor: str
    name: str
    synthetic: bool
    facts: dict[str, str]
    excluded: dict[str, list[str]]
    config: str
    units: UnitCounts | None


def dataset_section(record: DatasetRecord, number: int) -> DatasetSection:
    """Describe a dataset; ``number`` is its place in the page."""
    clips, motion = record.clips, record.motion
    facts = {
        "clips": str(len(clips)),
        "subjects": str(clips.subject.nunique()),
        "emotion words": _tally(clips.emotion),
        "frames per second": _tally(clips.fps),
    }
    if record.computed:
        facts["objective class"] = f"computed from action units for {record.computed} of {len(clips)} clips"
    if motion is not None:
        height, width = motion.values.shape[2:]
        facts["motion"] = f"{', '.join(motion.channels)} of {len(motion.clip_ids)} clips, {width} × {height} px"
        facts["apex"] = _tally(pd.Series(motion.apex_source))
    return DatasetSection(
        anchor=f"dataset-{number}",
        name=record.name,
        synthetic=record.synthetic,
        facts=facts,
        excluded={} if motion is None else by_reason(motion.excluded),
        config=config_text(record.config),
        units=unit_counts(clips),
    )


def by_reason(excluded: Mapping[str, str]) -> dict[str, list[str]]:
    """Turn clip -> reason into reason -> clips, both sorted."""
    reasons: dict[str, list[str]] = {}
    for clip, reason in sorted(excluded.items()):
        reasons.setdefault(str(reason), []).append(str(clip))
    return dict(sorted(reasons.items()))


def _tally(column: pd.Series) -> str:
    """Count values, the most frequent first: ``disgust (12), happiness (9)``."""
    words = column.map(lambda value: "unknown" if pd.isna(value) else f"{value:g}" if _is_number(value) else str(value))
    counts = sorted(words.value_counts().items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{word} ({count})" for word, count in counts)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number)
