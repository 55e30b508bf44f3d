"""Study: one of Optuna's per outer fold, made once; refused where its trials could not be compared with new ones."""

import re
import warnings
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import optuna
from optuna.trial import TrialState

from mmer.tuning.beat import dead, on_this_machine
from mmer.tuning.sampler import PlaceSeeded
from mmer.tuning.search import PrunerOptions, Search
from mmer.tuning.space import Space
from mmer.tuning.storage import Storage, refusals
from mmer.types.errors import InputError

MADE_WITH = "made with"  # attribute of a study
DIGEST = re.compile(r"[0-9a-f]{16,}")


def open_study(
    search: Search, storage: Storage, study_name: str, identity: Mapping[str, str], fresh: bool = False
) -> optuna.Study:
    """Open a study, or make it.

    Parameters
    ----------
    search : Search
    storage : Storage
    study_name : str
        ``SEARCH/FOLD``.
    identity : dict of str to str
        What else a score depends on: name -> digest or version of code, data, libraries.
    fresh : bool
        Put a study of this name aside under another one, and make a new one.

    Raises
    ------
    InputError
        The study was made with another space, metric, inner folds, code, data or library; it is none of a search; or
        ``fresh`` is asked for while a worker of this machine trains one of its trials.
    """
    made_with = {"search": search.identity(), "identity": {"optuna": optuna.__version__, **identity}}
    about = {
        "sampler": PlaceSeeded(search.sampler, search.sampler_seed, any(p.when for p in search.space.parameters)),
        "pruner": make_pruner(search.pruner),
        "storage": storage.optuna,
        "study_name": study_name,
    }
    with storage.exclusive(), refusals(storage.shown):
        names = optuna.get_all_study_names(storage.optuna)
        if fresh and study_name in names:
            _set_aside(study_name, names, storage)
        elif study_name in names:
            study = optuna.load_study(**about)
            if MADE_WITH in study.user_attrs:
                _compare(study, made_with, search.name, storage)
                return study
            if study.get_trials(deepcopy=False):
                raise InputError(
                    f"storage {storage.shown}: study {study_name!r} was not made by `mmer tune`; rename it, or set "
                    "storage.url to another place"
                )
        study = optuna.create_study(direction="maximize", load_if_exists=True, **about)
        study.set_user_attr(MADE_WITH, made_with)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study.set_metric_names([f"inner {search.metric}"])  # the dashboard's axes say it
        return study


def make_pruner(options: PrunerOptions) -> optuna.pruners.BasePruner:
    """Make Optuna's pruner; a step is the place of an inner fold."""
    if options.name == "median":
        return optuna.pruners.MedianPruner(options.startup_trials, n_warmup_steps=options.startup_folds - 1)
    if options.name == "wilcoxon":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.pruners.WilcoxonPruner(p_threshold=options.p_threshold, n_startup_steps=options.startup_folds)
    return optuna.pruners.NopPruner()


def _compare(study: optuna.Study, now: Mapping[str, Any], search: str, storage: Storage) -> None:
    """Refuse a study that was made with something else, and say what."""
    before = study.user_attrs[MADE_WITH]
    differs = []
    for part in ("search", "identity"):
        old, new = before[part], now[part]
        for key in sorted({*old, *new}):
            if old.get(key) == new.get(key):
                continue
            if key == "space":
                spaces = [Space.of(each["space"], f"study {study.study_name!r}: space") for each in (old, new)]
                differs += [f"search space: {said}" for said in spaces[0].difference(spaces[1])]
            else:
                differs.append(f"{key} {_short(old.get(key))}, now {_short(new.get(key))}")
    if differs:
        raise InputError(
            f"storage {storage.shown}: study {study.study_name!r} was made with something else, and its trials cannot "
            f"be compared with new ones: {'; '.join(differs)}. Go back to that, or start anew with `mmer tune {search} "
            "--fresh`, which keeps the old trials under another name"
        )


def _set_aside(name: str, names: list[str], storage: Storage) -> None:
    """Give a study another name; Optuna can only copy and delete."""
    for trial in optuna.load_study(study_name=name, storage=storage.optuna).get_trials(
        deepcopy=False, states=(TrialState.RUNNING,)
    ):
        worker = trial.user_attrs.get("worker")
        if worker and on_this_machine(worker) and not dead(worker):
            raise InputError(
                f"storage {storage.shown}: study {name!r}: process {worker['pid']} trains its trial {trial.number}; "
                "end that one first, or wait for it"
            )
    aside = f"{name} until {datetime.now():%Y-%m-%d %H:%M:%S}"
    while aside in names:
        aside += "+"
    optuna.copy_study(from_study_name=name, from_storage=storage.optuna, to_storage=storage.optuna, to_study_name=aside)
    optuna.delete_study(study_name=name, storage=storage.optuna)


def _short(value: Any) -> str:
    """Write a value with digests cut to what tells them apart."""
    return "(none)" if value is None else DIGEST.sub(lambda digest: digest[0][:8], str(value))
