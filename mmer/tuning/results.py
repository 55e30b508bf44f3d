"""Results: all trials of a search as one table, and the best one of a study."""

from collections.abc import Mapping
from typing import Any

import optuna
import pandas as pd
import yaml
from optuna.trial import FrozenTrial, TrialState

from mmer.tuning.ledger import is_lost, origin
from mmer.types.errors import InputError

COLUMNS = ("study", "number", "state", "value", "started", "seconds", "worker", "overrides", "error")


def trials_table(studies: Mapping[str, optuna.Study]) -> pd.DataFrame:
    """List all trials.

    Parameters
    ----------
    studies : dict of str to Study

    Returns
    -------
    DataFrame
        Sorted by ``study`` (the key) and ``number``: ``state`` (COMPLETE, PRUNED, FAIL or RUNNING); ``value``, the
        score of a complete one, NaN otherwise; ``started``, by the clock of its worker's machine; ``seconds`` of its
        trainings; ``worker``, HOST:PROCESS; ``overrides`` as one line that can be pasted; ``error``; and one column per
        parameter with the values as they were trained, empty in trials that have no such parameter.
    """
    rows, values = [], []
    for key in sorted(studies):
        for trial in studies[key].get_trials(deepcopy=False):
            about = trial.user_attrs
            if trial.state == TrialState.WAITING or about.get("withdrawn"):
                continue
            overrides = about.get("overrides", [])
            worker = about.get("worker")
            error = "its worker died; see the trial that follows it" if is_lost(trial) else about.get("error")
            rows.append(
                {
                    "study": key,
                    "number": trial.number,
                    "state": trial.state.name,
                    "value": trial.value if trial.state == TrialState.COMPLETE else None,
                    "started": trial.datetime_start,
                    "seconds": about.get("seconds"),
                    "worker": f"{worker['host']}:{worker['pid']}" if worker else None,
                    "overrides": " ".join(overrides),
                    "error": error,
                }
            )
            values.append({name: yaml.safe_load(text) for name, _, text in (each.partition("=") for each in overrides)})
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table = table.assign(
        started=pd.to_datetime(table.started), value=table.value.astype(float), seconds=table.seconds.astype(float)
    )
    for name in sorted({name for each in values for name in each}):
        table[name] = _column([each.get(name) for each in values], [name in each for each in values])
    return table


def _column(values: list[Any], there: list[bool]) -> pd.Series:
    """Make a column of numbers where all are, of words otherwise."""
    kinds = {type(value) for value, known in zip(values, there, strict=True) if known}
    if kinds == {int} and all(there):
        return pd.Series(values, dtype="int64")
    if kinds <= {int, float}:
        return pd.Series(values, dtype="float64")
    words = [str(value) if known else None for value, known in zip(values, there, strict=True)]
    return pd.Series(words, dtype="str")


def best(study: optuna.Study) -> FrozenTrial:
    """Return the complete trial with the highest score; of equal ones the first.

    Raises
    ------
    InputError
        None is complete; the message says why the first one failed.
    """
    trials = study.get_trials(deepcopy=False)
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if not complete:
        errors = [trial.user_attrs["error"] for trial in trials if "error" in trial.user_attrs]
        why = f"the first one failed with: {errors[0]}" if errors else "none was trained to its end"
        raise InputError(
            f"study {study.study_name!r}: none of its {len(trials)} trials is complete; {why}. Narrow the search space "
            "to values that can be trained"
        )
    return max(complete, key=lambda trial: (trial.value, -origin(trial), -trial.number))
