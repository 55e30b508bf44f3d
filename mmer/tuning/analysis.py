"""What a search found: which parameters mattered, how the best grew, and what it cost.

Everything is written to ``summary.json``, so that who reads it needs no Optuna.
"""

import math
from collections.abc import Mapping
from typing import Any

import optuna
import pandas as pd
from optuna.distributions import CategoricalDistribution
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import TrialState

from mmer.tuning.search import Search

VERSION = 1  # of the format
DEVELOPMENT = "development"  # the study of a search that has one
LEAST_BEST = 5  # trials that stand for the good ones; with fewer, shares are noise that favours conditional parameters


def importances(study: optuna.Study) -> dict[str, float]:
    """Say how much each parameter decides whether a trial is among the best, by PED-ANOVA.

    The method compares where the best trials lie with where all lie (Watanabe, Bansal & Hutter, 2023, IJCAI; for
    conditional parameters arXiv 2601.20800). It draws nothing at random. The best are a tenth of the trials, but at
    least ``LEAST_BEST`` and at most half.

    Parameters
    ----------
    study : Study

    Returns
    -------
    dict of str to float
        Shares that sum to 1, largest first; empty where fewer than twice ``LEAST_BEST`` trials are complete, or where
        so many share a score that the best are no group of their own.
    """
    trials = [trial for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)) if trial.params]
    values = {trial.value for trial in trials}
    if len(trials) < 2 * LEAST_BEST or len(values) < 2:
        return {}
    quantile = min(max(0.1, LEAST_BEST / len(trials)), 0.5)
    # A quantile may hold all trials where many share a score; then nothing is told apart.
    level = sorted((trial.value for trial in trials), reverse=True)[math.ceil(quantile * len(trials)) - 1]
    if level == min(values):
        return {}
    found = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator(target_quantile=quantile))
    found = {name: float(share) for name, share in found.items()}
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def best_so_far(trials: pd.DataFrame) -> list[tuple[int, float]]:
    """Say when a trial of one study was better than all before it.

    Parameters
    ----------
    trials : DataFrame
        Columns ``number``, ``state``, ``value``; of one study.

    Returns
    -------
    list of (int, float)
        Numbers of these trials and their scores, both rising.
    """
    done = trials[trials.state == "COMPLETE"].sort_values("number")
    rises: list[tuple[int, float]] = []
    for number, value in zip(done.number, done.value, strict=True):
        if not rises or value > rises[-1][1]:
            rises.append((int(number), float(value)))
    return rises


def summarise(
    name: str, search: Search, studies: Mapping[str, optuna.Study], trials: pd.DataFrame, digest: str
) -> dict[str, Any]:
    """Put together what ``summary.json`` holds.

    Parameters
    ----------
    name : str
        Of the search.
    search : Search
    studies : mapping of str to Study
        By outer fold; of a search on development subjects the one under ``DEVELOPMENT``.
    trials : DataFrame
        All trials: columns ``study`` (key of ``studies``), ``number``, ``state``, ``value``, ``seconds``,
        ``overrides``.
    digest : str
        Of the search, as in what is adopted from it: by it a reader tells that both are of one search.

    Returns
    -------
    dict
        ``version``, ``search``, ``digest``, ``mode``, ``metric``, ``trials`` (per study), ``sampler``, ``pruner``;
        ``seconds``, of all trainings; ``inner_mean``, the mean over studies of their best inner scores;
        ``parameters``, per parameter its ``type`` (float, int, categorical) with ``low``, ``high``, ``log`` or
        ``choices``; ``importances``, per parameter ``mean``, ``low`` and ``high`` over the studies; ``studies``, a
        list in the order of names: ``study``, ``states`` (how many trials ended how), ``seconds``, ``best``
        (``number``, ``value``, ``overrides``; null where none finished), ``best_so_far``, ``importances``.
    """
    rows = [_study(key, studies[key], trials[trials.study == key]) for key in sorted(studies)]
    best = [row["best"]["value"] for row in rows if row["best"]]
    return {
        "version": VERSION,
        "search": name,
        "digest": digest,
        "mode": search.mode,
        "metric": search.metric,
        "trials": int(search.trials),
        "sampler": search.sampler,
        "pruner": search.pruner.name,
        "seconds": sum(row["seconds"] for row in rows),
        "inner_mean": sum(best) / len(best) if best else None,
        "parameters": _parameters(studies.values()),
        "importances": _over_studies([row["importances"] for row in rows if row["importances"]]),
        "studies": rows,
    }


def _study(key: str, study: optuna.Study, trials: pd.DataFrame) -> dict[str, Any]:
    rises, best = best_so_far(trials), None
    if rises:
        number, value = rises[-1]
        overrides = trials.loc[trials.number == number, "overrides"].iloc[0]
        best = {"number": number, "value": value, "overrides": str(overrides)}
    states = trials.state.value_counts()
    return {
        "study": key,
        "states": {str(state): int(count) for state, count in sorted(states.items())},
        "seconds": float(trials.seconds.fillna(0).sum()),
        "best": best,
        "best_so_far": [list(pair) for pair in rises],
        "importances": importances(study),
    }


def _over_studies(found: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Average importances; a parameter that a study never tried had none there."""
    table = pd.DataFrame(found).fillna(0.0)
    rows = {
        str(name): {"mean": float(column.mean()), "low": float(column.min()), "high": float(column.max())}
        for name, column in table.items()
    }
    return dict(sorted(rows.items(), key=lambda pair: (-pair[1]["mean"], pair[0])))


def _parameters(studies: Any) -> dict[str, dict[str, Any]]:
    """Read the ranges of all parameters that any trial has."""
    found: dict[str, dict[str, Any]] = {}
    for study in studies:
        for trial in study.get_trials(deepcopy=False):
            for name, kind in trial.distributions.items():
                if name not in found:
                    found[name] = _range(kind)
    return dict(sorted(found.items()))


def _range(kind: Any) -> dict[str, Any]:
    if isinstance(kind, CategoricalDistribution):
        return {"type": "categorical", "choices": list(kind.choices)}
    word = "int" if isinstance(kind.low, int) else "float"
    return {"type": word, "low": kind.low, "high": kind.high, "log": kind.log}
