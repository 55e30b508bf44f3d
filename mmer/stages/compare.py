"""Compare experiments that predict the same clips: paired tests, printed as a table."""

from textwrap import fill

import pandas as pd

from mmer.metrics.comparison import compare
from mmer.metrics.runs import is_multilabel
from mmer.report.comparisons import READING, comparison_text, score_label
from mmer.stages import paths
from mmer.stages.read_config import read_all
from mmer.types.errors import InputError, nearest
from mmer.types.predictions import load_predictions


def main(names: list[str], score: str = "uf1") -> None:
    """Print the paired tests between all pairs of the experiments ``names``.

    Action units have no UF1: where the experiments detect them, ``uf1`` stands for its like, the macro F1 over units.
    """
    config = read_all()["experiments"]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"{', '.join(twice)} is named twice; name each experiment once")
    if len(names) < 2:
        others = ", ".join(sorted(set(config) - set(names))) or "none"
        raise InputError(
            f"one experiment alone cannot be compared; name another: mmer compare {names[0]} OTHER ({others})"
        )
    tables = {name: _predictions(name, config) for name in names}
    if score == "uf1" and all(is_multilabel(table) for table in tables.values()):
        score = "macro_f1"
    try:
        table = compare(tables, score)
    except InputError as error:
        raise InputError(str(error).removeprefix("compare: ")) from error  # the command line says it already
    first = tables[names[0]]
    print(comparison_text(table, score_label(score)))
    sizes = f"{first.clip_id.nunique()} test clips of {first.subject.nunique()} subjects."
    print(fill(f"{sizes} {READING}", 100))
    protocols = sorted({str(config[name]["protocol"]["name"]) for name in names})
    if len(protocols) > 1:
        print(f"The protocols differ ({', '.join(protocols)}), so a difference may be theirs and not the models'.")


def _predictions(name: str, config: dict) -> pd.DataFrame:
    if name not in config:
        raise InputError(f"{paths.CONFIG}: there is no experiment {name!r}; {nearest(name, config)}")
    if not paths.predictions(name).is_file():
        raise InputError(f"{name} has no predictions yet; `dvc repro evaluate@{name}` makes them")
    return load_predictions(paths.predictions(name))
