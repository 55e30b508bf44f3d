"""Clips: one row per annotated micro-expression clip."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from mmer.types.errors import InputError, listing
from mmer.types.whole_file import whole_file

TEXT = ("clip_id", "dataset", "subject", "emotion")
NULLABLE_TEXT = (
    "objective_class",
    "event",
    "apex_source",
    "frames",
    "eeg",
    "ecg",
    "tracks",
    "motion",
    "culture",
    "sex",
)
WHOLE = ("onset", "apex", "offset")
NUMBERS = ("fps", "age")
COLUMNS = (*TEXT, *NULLABLE_TEXT, "action_units", *WHOLE, *NUMBERS)
# What a person said of a clip's meaning. No room that works before the split is given these columns.
LABELS = ("emotion", "objective_class", "action_units")


def validate_clips(clips: pd.DataFrame) -> pd.DataFrame:
    """Check a Clips table, add the nullable columns it lacks, and put rows and columns in their fixed order.

    Parameters
    ----------
    clips : DataFrame
        One row per clip. ``clip_id`` (unique, ``casme2/sub01/EP02_01f``), ``dataset``, ``subject`` (carries its corpus:
        ``casme2/sub01``), ``emotion`` (the corpus's own word); nullable ``objective_class``, ``action_units`` (list of
        ``AU04``-like codes; empty list: none coded, null: not annotated), ``event`` (one word for all clips that show
        the same moment of a face, see ``mmer.types.events``), ``onset``, ``apex``, ``offset`` (the corpus's own frame
        numbers, inclusive), ``apex_source``, ``fps`` (hertz), ``frames`` (folder, archive member folder or video),
        paths ``eeg``, ``ecg``, ``tracks``, ``motion``, and facts ``culture``, ``sex``, ``age`` (years).

    Returns
    -------
    DataFrame
        Sorted by ``clip_id``, columns in the order of ``COLUMNS``, nullable dtypes.

    Raises
    ------
    InputError
        A required column is missing or empty, a ``clip_id`` occurs twice, a subject or clip does not carry its corpus,
        a clip has neither frames nor motion, fps is no positive number, or onset, apex and offset are out of order.
    """
    clips = clips.copy()
    if missing := [name for name in TEXT if name not in clips]:
        raise InputError(f"clips table: columns {missing} are missing; it has {sorted(clips.columns)}")
    if unknown := [name for name in clips if name not in COLUMNS]:
        raise InputError(f"clips table: unknown columns {unknown}; known: {', '.join(COLUMNS)}")
    for name in COLUMNS:
        if name not in clips:
            clips[name] = None
    for name in (*TEXT, *NULLABLE_TEXT):
        clips[name] = clips[name].astype("str" if name in TEXT and clips[name].notna().all() else "string")
    for name in WHOLE:
        clips[name] = clips[name].astype("Int64")
    for name in NUMBERS:
        clips[name] = pd.to_numeric(clips[name]).astype("Float64")
    clips["action_units"] = pd.Series(
        [_units(value) for value in clips["action_units"]], index=clips.index, dtype=object
    )

    for name in TEXT:
        clips[name] = clips[name].astype("string")
        if (empty := clips[name].isna() | (clips[name] == "")).any():
            raise InputError(f"clips table: {name} is empty for {listing(clips.clip_id[empty])}")
    if (twice := clips.clip_id.duplicated()).any():
        raise InputError(
            f"clips table: clip_id must be unique, but {listing(sorted(set(clips.clip_id[twice])))} occur(s) twice; "
            "where a corpus repeats a clip name, add '@onset' to the id"
        )
    for name in ("clip_id", "subject"):
        wrong = [row[name] for _, row in clips.iterrows() if not row[name].startswith(row["dataset"] + "/")]
        if wrong:
            raise InputError(
                f"clips table: {name} must start with its dataset, e.g. 'casme2/sub01'; got {listing(wrong)}"
            )
    sourceless = clips.frames.isna() & clips.motion.isna()
    if sourceless.any():
        raise InputError(f"clips without frames and without motion: {listing(clips.clip_id[sourceless])}")
    blind = clips.frames.notna() & clips.motion.isna() & (clips.onset.isna() | clips.offset.isna())
    if blind.any():
        raise InputError(f"clips with frames need onset and offset: {listing(clips.clip_id[blind])}")
    if (rateless := (clips.fps.notna() & ~((clips.fps > 0) & (clips.fps < float("inf")))).fillna(True)).any():
        raise InputError(
            f"fps must be a number of hertz above 0, got {clips.fps[rateless].iloc[0]} for "
            f"{listing(clips.clip_id[rateless])}; correct it in the annotation file or in the dataset's yaml"
        )
    _check_order(clips)
    return clips[list(COLUMNS)].sort_values("clip_id", kind="stable").reset_index(drop=True)


def without_labels(clips: pd.DataFrame) -> pd.DataFrame:
    """Return a Clips table without what a person said of its clips: emotions, objective classes, action units.

    This is what protocols are given, so that none of them can look.
    """
    return clips.drop(columns=[name for name in LABELS if name in clips])


def visible(clips: pd.DataFrame, reads: Sequence[str]) -> pd.DataFrame:
    """Return a Clips table with only those annotations that a component says it reads.

    Face backends, motion and graphs work on test clips too. What a person annotated there is an input that a recogniser
    in the field would not have, so a component names it in ``reads``, the audit reports it, and nothing else is there
    to be looked at.

    Parameters
    ----------
    clips : DataFrame
        Clips table.
    reads : sequence of str
        Some of ``onset``, ``apex``, ``offset``, ``action_units``.

    Raises
    ------
    InputError
        A component reads what no component may: an emotion or an objective class.
    """
    if strange := sorted(set(reads) - {*WHOLE, "action_units"}):
        raise InputError(f"a component may read onset, apex, offset or action_units of a test clip, not {strange}")
    return clips.drop(columns=[name for name in (*LABELS, *WHOLE) if name in clips and name not in reads])


def _check_order(clips: pd.DataFrame) -> None:
    """Refuse onset > offset and an apex outside onset..offset."""
    for before, after in (("onset", "offset"), ("onset", "apex"), ("apex", "offset")):
        wrong = (clips[before] > clips[after]).fillna(False).astype(bool)
        if wrong.any():
            rows = [
                f"{row.clip_id} ({before} {row[before]}, {after} {row[after]})" for _, row in clips[wrong].iterrows()
            ]
            raise InputError(
                f"{before} lies after {after} in {listing(rows)}; correct the annotation file, "
                "or name the clips under `exclude` of the dataset's yaml"
            )


def _units(value: object) -> list[str] | None:
    """Turn one action_units cell into a list of codes, or None where a clip is not annotated."""
    if value is None or value is pd.NA or (isinstance(value, float) and pd.isna(value)):
        return None
    if isinstance(value, str):
        raise InputError(f"clips table: action_units must be a list of codes such as ['AU04'], got the text {value!r}")
    return [str(code) for code in value]


def save_clips(clips: pd.DataFrame, path: str | Path) -> None:
    """Validate a Clips table and write it to one parquet file."""
    clips = validate_clips(clips)
    with whole_file(path) as partial:
        clips.to_parquet(partial, index=False)


def load_clips(path: str | Path) -> pd.DataFrame:
    """Read a Clips table and validate it."""
    try:
        table = pd.read_parquet(path)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: not a readable clips table; run `dvc repro` ({error})") from error
    return validate_clips(table)
