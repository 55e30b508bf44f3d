"""Studies of invented trials, and what a search leaves of them."""

import math

import optuna
import pandas as pd

from mmer.report.records import TuningRecord
from mmer.tuning.analysis import summarise
from mmer.tuning.search import Search

SPACE = {
    "model.lr": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True},
    "model.hidden": {"type": "categorical", "choices": [16, 32]},
    "loss": {"type": "categorical", "choices": ["cross_entropy", "focal"]},
    "loss.gamma": {"type": "float", "low": 0.5, "high": 5.0, "when": {"loss": "focal"}},
}


def study_of(trials: int = 12, seed: int = 0, failed: tuple[int, ...] = (3,)) -> optuna.Study:
    """Return a study whose score depends on the learning rate alone."""
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=seed))
    for number in range(trials):
        trial = study.ask()
        rate = trial.suggest_float("model.lr", 1e-4, 1e-1, log=True)
        trial.suggest_categorical("model.hidden", [16, 32])
        if trial.suggest_categorical("loss", ["cross_entropy", "focal"]) == "focal":
            trial.suggest_float("loss.gamma", 0.5, 5.0)
        if number in failed:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(trial, 0.9 - 0.2 * abs(math.log10(rate) + 2))
    return study


def table_of(studies: dict[str, optuna.Study]) -> pd.DataFrame:
    """Return their trials as a table, two seconds each."""
    rows = [
        {"study": key, "number": trial.number, "state": trial.state.name, "value": trial.value, "seconds": 2.0}
        | {"overrides": " ".join(f"{name}={value}" for name, value in trial.params.items())}
        | trial.params
        for key, study in studies.items()
        for trial in study.trials
    ]
    return pd.DataFrame(rows).astype({"value": float})


def search_of(mode: str = "nested", subjects: tuple[str, ...] = ()) -> Search:
    """Return a search over ``SPACE``."""
    subjects = {"development_subjects": list(subjects)} if subjects else {}
    return Search.of("demo", {"mode": mode, "trials": 12, "space": SPACE, **subjects}, "conf/search/demo.yaml")


def tuning_record(folds: tuple[str, ...], **changes) -> TuningRecord:
    """Return the record of a nested search with trials for the first two folds, which is enough to draw."""
    studies = {fold: study_of(seed=seed) for seed, fold in enumerate(folds[:2])}
    table = table_of(studies)
    given = {
        "search": "demo",
        "mode": "nested",
        "metric": "uf1",
        "trials": 12,
        "chosen": {fold: (0.8 + 0.01 * place, (f"model.lr=0.0{place + 1}",)) for place, fold in enumerate(folds)},
        "summary": summarise("demo", search_of(), studies, table, "d" * 64),
        "table": table,
    }
    return TuningRecord(**{**given, **changes})
