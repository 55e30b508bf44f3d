"""Look for one recording on both sides of a fold; what a clip shows is kept in .mmer/cache."""

import hashlib
import json
from pathlib import Path

import pandas as pd

from mmer.audit.duplicates import duplicates
from mmer.audit.signature import ClipPicture, describe_clip, load_pictures, save_pictures
from mmer.stages import paths
from mmer.stages.code import code_digest, file_digest
from mmer.stages.experiment import Experiment
from mmer.stages.parallel import parallel_map
from mmer.stages.progress import progress
from mmer.types.audit import Finding
from mmer.types.errors import InputError, listing
from mmer.types.frames import Frames
from mmer.types.motion import ClipMotion, Motion


def audit_duplicates(experiment: Experiment, motions: dict[str, Motion]) -> Finding:
    """Look at every clip, and compare them across the sides of each fold."""
    known = {clip: motion for motion in motions.values() for clip in motion.clip_ids}
    rows = [
        (row, None if _has_frames(row) else known[row.clip_id].of(row.clip_id))
        for _, row in experiment.clips.iterrows()
    ]
    label = f"audit {experiment.name} duplicates"
    code = code_digest(["mmer.audit.signature"])
    pictures = list(progress(parallel_map(_picture, code, rows), len(rows), label))
    found = duplicates(pictures, experiment.splits)
    by_level = {level: [one.message for one in found if one.level == level] for level in ("leak", "warning", "note")}
    details = {
        **{f"{level}s": messages for level, messages in by_level.items()},
        "clips": len(pictures),
        "pairs": [{"clips": one.clips, "folds": one.folds, "level": one.level} for one in found if one.folds],
    }
    for level in ("leak", "warning"):
        if by_level[level]:
            return Finding("duplicates", level, listing(by_level[level], 2), details)
    notes = f"; notes: {listing(by_level['note'], 2)}" if by_level["note"] else ""
    summary = (
        f"no decoded frame of {len(pictures)} clips, and no clip alike in every moment, is on both sides of a fold"
    )
    return Finding("duplicates", "clean", summary + notes, details)


def _has_frames(row: pd.Series) -> bool:
    return not pd.isna(row.frames)


def _picture(code: str, item: tuple[pd.Series, ClipMotion | None]) -> ClipPicture:
    """Describe one clip, or take its description from the cache."""
    row, motion = item
    if motion is not None:
        return describe_clip(row, None, motion)
    try:
        frames = Frames.open(row.frames)
        facts = [code, row.clip_id, str(row.onset), str(row.offset), _content(row, frames)]
        path = paths.CACHE / "pictures" / f"{hashlib.sha256(json.dumps(facts).encode()).hexdigest()}.npz"
        if path.is_file():
            return load_pictures(path)[0]
        picture = describe_clip(row, frames)
    except InputError as error:
        return ClipPicture.unseen(row.clip_id, str(error))
    save_pictures(path, [picture])
    return picture


def _content(row: pd.Series, frames: Frames) -> str:
    """Digest the pictures of a clip."""
    if Path(row.frames).is_file():
        return file_digest(row.frames)
    return (frames if pd.isna(row.onset) or pd.isna(row.offset) else frames.between(row.onset, row.offset)).digest()
