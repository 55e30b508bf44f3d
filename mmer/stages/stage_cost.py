"""Measure what a stage takes, and read it again: under .mmer/, for it is of a machine and must change no artifact."""

import hashlib
import logging
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mmer.report.stage_cost import StageCost, StageRecord
from mmer.stages import paths
from mmer.types.errors import InputError

END = 1 << 16  # bytes at either end of a file that its digest reads; the end of an npz lists the sums of its parts
OF_DATASETS = ("clips", "tracks", "motion", "graphs", "signals")
UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, bytes

log = logging.getLogger("mmer")


def measured(stage: str, name: str, work: Callable[[], int]) -> int:
    """Run a stage, and write down what it took where it went well.

    Parameters
    ----------
    stage, name : str
        The name is empty for a stage of the whole.
    work : callable
        Runs it and returns its exit code.
    """
    start = time.monotonic()
    code = work()
    if code == 0 and (places := _outputs(stage, name)):
        seconds, children = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        cost = StageCost(stage, name, round(seconds, 3), _most_memory(), children.ru_maxrss * UNIT, _digest(places))
        try:
            cost.save(paths.stage_cost(stage, name))
        except OSError as error:  # a stage that went well is not undone by this
            log.warning("%s %s: what it took could not be kept: %s", stage, name, error)
    return code


def stage_records(config: Mapping[str, Any]) -> list[StageRecord]:
    """Return every stage before the report, in order, with what it took where that is known.

    Parameters
    ----------
    config : mapping
        The whole resolved config: its ``datasets`` and ``experiments``.
    """
    whole = [] if paths.current_table() else [("config", "")]
    return [
        StageRecord(stage, name, _cost(stage, name))
        for stage, name in (
            *whole,
            *((stage, name) for stage in OF_DATASETS for name in config["datasets"]),
            ("inputs", ""),
            *(("evaluate", name) for name in config["experiments"]),
        )
    ]


def _cost(stage: str, name: str) -> StageCost | None:
    """Read what a stage took here; of other artifacts, or one that cannot be read, counts as none."""
    path = paths.stage_cost(stage, name)
    if not path.is_file():
        return None
    try:
        cost = StageCost.load(path)
    except InputError as error:
        log.warning("report: %s", error)
        return None
    return cost if cost.output == _digest(_outputs(stage, name)) else None


def _outputs(stage: str, name: str) -> tuple[Path, ...]:
    """Return the files and folders that a stage leaves; none for those whose cost nobody asks."""
    whole = {"config": paths.CONFIG_FOR_DVC, "inputs": paths.here(paths.INPUTS)}
    if stage in whole:
        return (whole[stage],)
    places = {
        "clips": paths.clips,
        "tracks": paths.tracks,
        "motion": paths.motion,
        "graphs": paths.graphs,
        "signals": paths.signals,
        "evaluate": paths.predictions,
    }
    return (places[stage](name),) if stage in places else ()


def _digest(places: Iterable[Path]) -> str:
    """Return a digest of files that reads little of large ones: it proves nothing, it only tells two apart."""
    digest = hashlib.sha256()
    for path in sorted(_files(places)):
        size = path.stat().st_size
        digest.update(f"{path.as_posix()} {size}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(END))
            file.seek(max(0, size - END))
            digest.update(file.read(END))
    return digest.hexdigest()


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            yield from (path for path in place.rglob("*") if path.is_file())
        elif place.is_file():
            yield place


def _most_memory() -> int:
    """Return the most bytes that this process held at once."""
    try:  # what getrusage says counts the process that started this one too
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT
