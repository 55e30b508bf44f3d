"""Check that the frames an annotation file speaks of are there, before anything is computed from them."""

import logging
from collections.abc import Callable, Iterable, Mapping

from mmer.types.errors import InputError, listing
from mmer.types.frames import Frames
from mmer.types.gathering import is_gathering, refuse

log = logging.getLogger("mmer")


def with_frames(
    name: str, clips: Iterable[Mapping], open_frames: Callable[[str], Frames], clamp: bool = False
) -> list[dict]:
    """Open every clip's frames; refuse clips without frames at onset, apex and offset, warn of gaps between them.

    Released corpora lack single frames here and there, and motion and tracks can live with a gap; but a clip whose
    onset, apex or offset picture is gone cannot be described, and leaving it out is a person's choice to write down.

    Parameters
    ----------
    name : str
        The dataset, for messages.
    clips : iterable of mapping
        Records with ``clip_id``, ``frames``, ``onset``, ``apex``, ``offset``.
    open_frames : callable
        What opens a source.
    clamp : bool
        An offset behind the last frame is that frame, with a warning that names the clip; an apex behind it is none.

    Returns
    -------
    list of dict
        The records; where they had no onset or offset, with the first or last frame.

    Raises
    ------
    InputError
        One message for all clips concerned, with the first five and the count.
    """
    gaps, cut, records = [], [], []
    problems: dict[str, str] = {}
    for clip in map(dict, clips):
        records.append(clip)
        if clip["frames"] is None:
            continue
        try:
            frames = open_frames(clip["frames"])
        except InputError as error:
            problems[clip["clip_id"]] = str(error)
            continue
        numbers = set(frames.numbers)
        last = frames.numbers[-1]
        if clamp and clip["offset"] is not None and (clip["onset"] or 0) <= last < clip["offset"]:
            cut.append(f"{clip['clip_id']} ({clip['offset']}, now {last})")
            clip["offset"] = last
        if clamp and clip["apex"] is not None and clip["apex"] > last:
            log.warning(
                "%s: apex %d lies behind the last frame %d and is not used", clip["clip_id"], clip["apex"], last
            )
            clip["apex"] = clip["apex_source"] = None
        for mark, place in (("onset", 0), ("offset", -1)):
            clip[mark] = frames.numbers[place] if clip[mark] is None else clip[mark]
        marked = {mark: clip[mark] for mark in ("onset", "apex", "offset") if clip[mark] is not None}
        absent = [f"{mark} {number}" for mark, number in marked.items() if number not in numbers]
        if absent:
            problems[clip["clip_id"]] = (
                f"no frame at {', '.join(absent)} in {frames.source} (it has {frames.numbers[0]}..{frames.numbers[-1]})"
            )
            continue
        here = sum(clip["onset"] <= number <= clip["offset"] for number in numbers)
        if lacking := clip["offset"] - clip["onset"] + 1 - here:
            gaps.append((clip["clip_id"], lacking))
    if problems and is_gathering():
        for clip_id, problem in problems.items():
            refuse("frames", f"{clip_id}: {problem}", clip_id)
        records = [clip for clip in records if clip["clip_id"] not in problems]
    elif problems:
        more = f"\n  and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise InputError(
            f"dataset {name}: {len(problems)} clip(s) have no usable frames:\n  "
            + "\n  ".join(f"{clip_id}: {problem}" for clip_id, problem in list(problems.items())[:5])
            + more
            + "\nAdd the frames, or name the clips under `exclude` of the dataset's yaml"
        )
    if cut:
        log.warning(
            "dataset %s: %d clip(s) end behind the last frame, which is taken: %s", name, len(cut), listing(cut)
        )
    if gaps:
        log.warning(
            "dataset %s: %d frame(s) between onset and offset are missing, in %d clip(s): %s",
            name,
            sum(lacking for _, lacking in gaps),
            len(gaps),
            listing([f"{clip_id} ({lacking})" for clip_id, lacking in gaps]),
        )
    return records
