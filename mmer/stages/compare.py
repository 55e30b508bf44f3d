"""Compare experiments that predict the same clips: paired tests, printed as a table, and a page on them."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from textwrap import fill

from mmer.metrics.comparison import compare
from mmer.metrics.runs import is_multilabel
from mmer.report.compare_page import render
from mmer.report.compare_pair import Side
from mmer.report.comparisons import READING, comparison_text, score_label
from mmer.report.records import DatasetRecord
from mmer.stages import paths
from mmer.stages.compare_side import read_side
from mmer.stages.report_records import is_synthetic
from mmer.types.clips import load_clips
from mmer.types.errors import InputError
from mmer.types.motion import Motion
from mmer.types.whole_file import whole_file


def main(names: list[str], score: str = "uf1", common: bool = False) -> None:
    """Print the paired tests between all pairs of the experiments ``names``, and write a page on their differences.

    Action units have no UF1: where the experiments detect them, ``uf1`` stands for its like, the macro F1 over units.

    Parameters
    ----------
    names : list of str
        Each an experiment, or ``NAME@REVISION`` (``mmer.stages.compare_side``).
    score : str
    common : bool
        Compare the clips that all of them predict, where they predict different ones.
    """
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"{', '.join(twice)} is named twice; name each experiment once, or another revision of it")
    if len(names) < 2:
        raise InputError(
            f"one experiment alone cannot be compared; name another: mmer compare {names[0]} OTHER, or "
            f"mmer compare {names[0]} {names[0].partition('@')[0]}@HEAD"
        )
    sides, notes = [read_side(name) for name in names], []
    if common:
        sides, notes = _common(sides)
    tables = {side.name: side.predictions for side in sides}
    if score == "uf1" and all(is_multilabel(table) for table in tables.values()):
        score = "macro_f1"
    try:
        table = compare(tables, score)
    except InputError as error:
        way = _way_out(sides) if "predictions of other clips" in str(error) else ""
        raise InputError(str(error).removeprefix("compare: ") + way) from error  # the command line says the rest
    protocols = sorted({str(side.config["protocol"]["name"]) for side in sides})
    if len(protocols) > 1:
        notes.append(
            f"The protocols differ ({', '.join(protocols)}), so a difference may be theirs and not the models'."
        )
    print(comparison_text(table, score_label(score)))
    first = sides[0].predictions
    sizes = f"{first.clip_id.nunique()} test clips of {first.subject.nunique()} subjects."
    print("\n".join(fill(text, 100) for text in (f"{sizes} {READING}", *notes)))
    datasets, synthetic = _datasets(sides)
    path = paths.comparison([side.name for side in sides])
    with whole_file(path) as partial:
        partial.write_text(render(sides, table, datasets, notes, synthetic), encoding="utf-8")
    print(f"\nThe page: {path.resolve()}")


def _common(sides: Sequence[Side]) -> tuple[list[Side], list[str]]:
    """Keep the clips that all predict, and say how many are left out."""
    clips = [set(side.predictions.clip_id) for side in sides]
    both = set.intersection(*clips)
    if not both:
        raise InputError(f"{' and '.join(side.name for side in sides)} have no clip in common")
    if all(one == both for one in clips):
        return list(sides), []
    cut = [replace(side, predictions=side.predictions[side.predictions.clip_id.isin(both)]) for side in sides]
    out = ", ".join(f"{len(one - both)} of {side.name}" for one, side in zip(clips, sides, strict=True))
    return cut, [f"Only the {len(both)} clips that all of them predict are compared; left out: {out}."]


def _way_out(sides: Sequence[Side]) -> str:
    """Offer to compare common clips where clips are what differs."""
    for a, b in combinations([set(side.predictions.clip_id) for side in sides], 2):
        if a != b and a & b:
            return f"; `--common` compares the {len(a & b)} clips that both have"
    return ""


def _datasets(sides: Sequence[Side]) -> tuple[list[DatasetRecord], bool]:
    """Read the motion of the corpora at hand, for pictures of clips; what is not at hand has none."""
    names = sorted({str(name) for side in sides for name in side.config.get("datasets") or ()})
    found = [
        DatasetRecord(name, {}, load_clips(paths.clips(name)), Motion.load(paths.motion(name)))
        for name in names
        if paths.motion(name).is_file() and paths.clips(name).is_file()
    ]
    return found, any(is_synthetic(name) for name in names)
