"""Read what the report shows of the search behind an experiment."""

import json
from typing import Any

import pandas as pd

from mmer.report.records import TuningRecord
from mmer.stages import paths
from mmer.types.errors import InputError

KEYS = ("digest", "studies", "parameters", "importances", "seconds")  # of the summary, which the page reads


def tuning_record(found: dict[str, Any]) -> TuningRecord:
    """Read the trials of a search, where they are at hand and are of the search that was adopted.

    What was adopted is in git, its trials are not: a clone has the one without the other, and a search may have gone on
    since. The page then says so.

    Parameters
    ----------
    found : dict
        The part ``tuned`` of an experiment's config.
    """
    nested = found["mode"] == "nested"
    chosen = found["folds"] if nested else {"development": found}
    name, summary, table, missing = found["search"], None, None, ""
    try:
        summary, table = _trials(name)
        if summary["digest"] != found["digest"]:
            summary = table = None
            missing = f"The trials at hand are of another state of the search {name}; `mmer adopt {name}` takes them."
    except InputError as error:
        missing = f"{error}; `mmer tune {name}` makes them."
    return TuningRecord(
        search=name,
        mode=found["mode"],
        metric=found["metric"],
        trials=found["trials"],
        chosen={fold: (float(one["inner_score"]), tuple(one["overrides"])) for fold, one in chosen.items()},
        subjects=() if nested else tuple(found["development_subjects"]),
        summary=summary,
        table=table,
        missing=missing,
    )


def _trials(search: str) -> tuple[dict[str, Any], pd.DataFrame]:
    """Read summary and trials."""
    folder = paths.tune(search)
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        table = pd.read_parquet(folder / "trials.parquet")
    except FileNotFoundError as error:
        raise InputError("The trials of the search are not on this machine") from error
    except (OSError, ValueError) as error:
        raise InputError(f"The trials in {folder} are not readable ({type(error).__name__})") from error
    if not isinstance(summary, dict) or any(key not in summary for key in KEYS):
        raise InputError(f"The summary in {folder} is not as a search writes it")
    if missing := {"study", "number", "state", "value"} - set(table):
        raise InputError(f"The trials in {folder} lack the columns {sorted(missing)}")
    return summary, table
