"""Poison test: other labels on the test clips of a fold must change no bit of what is trained and predicted there.

The fold is trained alone, three times: as it is; from a Clips table in which the test clips carry the emotions,
objective classes and action units of other clips; and with other values in the features of the test clips, which finds
what reads no label, e.g. a scaler fitted on all clips.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mmer.audit.spread import Watch, unwatched
from mmer.training import folds
from mmer.training.fit import predict
from mmer.training.seeds import derive
from mmer.training.task import Tasks, each_task, task_of
from mmer.types.audit import Finding, worst_of
from mmer.types.clips import LABELS, validate_clips
from mmer.types.errors import InputError, listing
from mmer.types.split import Split
from mmer.types.targets import Targets

PREDICTIONS = "predictions"


@dataclass(frozen=True)
class Trace:
    """Everything that training a fold leaves behind, and the truth that it must not depend on.

    Parameters
    ----------
    parts : dict of str to dict of str to ndarray
        ``training labels``, ``edge weights``, ``scaler``, ``weights``, ``training curve``, ``predictions``: in the
        order in which one comes from the other.
    truth : ndarray of shape (n,) or (n, A)
        What is asked of the test clips.
    consistent : bool
        Whether the predictions are those of the model that ``fit`` returns.
    """

    parts: dict[str, dict[str, np.ndarray]]
    truth: np.ndarray
    consistent: bool


def trace(task: folds.Task, split: Split) -> Trace:
    """Train one fold and keep what it leaves behind."""
    fitted, result = folds.fit_fold(task, split), folds.train_fold(task, split)
    targets = task.targets.subset(split.train)
    parts = {
        "training labels": {name: getattr(targets, name) for name in ("index", "action_units", "weight")},
        "edge weights": {"": fitted.edge_weight},
        "scaler": {
            f"{kind} of {name}": values
            for kind in ("mean", "deviation")
            for name, values in getattr(fitted.scaler, kind).items()
        },
        "weights": {name: value.detach().cpu().numpy() for name, value in fitted.model.state_dict().items()},
        "training curve": {name: result.curve[name].to_numpy() for name in result.curve},
        PREDICTIONS: dict(zip(split.test, result.probabilities, strict=True)),
    }
    again = predict(fitted, task.samples.subset(split.test))
    return Trace(parts, task.targets.subset(split.test).answer, _same(again, result.probabilities))


def poisoned_clips(clips: pd.DataFrame, test_ids: Iterable[str], targets: Targets) -> pd.DataFrame:
    """Give test clips the labels of other clips.

    Parameters
    ----------
    clips : DataFrame
        Clips table of the clips that take part.
    test_ids : iterable of str
    targets : Targets
        Of the same clips: says which clips have another answer.

    Returns
    -------
    DataFrame
        A Clips table in which emotion, objective class and action units of each test clip are those of one other clip
        of its corpus that has another class (another set of the asked units), with other action units where such a clip
        exists. So every label scheme still maps them. A corpus of one class is left as it is.
    """
    clips = clips.sort_values("clip_id").reset_index(drop=True)
    answers = dict(zip(targets.clip_ids, map(str, targets.answer.tolist()), strict=True))
    labels = {name: list(clips[name]) for name in LABELS}
    place = {clip: row for row, clip in enumerate(clips.clip_id)}
    corpus = clips.dataset.tolist()
    poisoned = {name: list(values) for name, values in labels.items()}
    for clip in sorted(test_ids):
        row = place[clip]
        donors = [
            other
            for name, other in place.items()
            if corpus[other] == corpus[row] and name in answers and answers[name] != answers[clip]
        ]
        units = labels["action_units"]
        donors = [other for other in donors if units[other] != units[row]] or donors
        if donors:
            donor = donors[derive("poison", clip) % len(donors)]
            for name in LABELS:
                poisoned[name][row] = labels[name][donor]
    return validate_clips(clips.assign(**{name: pd.Series(poisoned[name], dtype=object) for name in LABELS}))


def with_other_features(task: folds.Task, split: Split) -> tuple[folds.Task, str]:
    """Put other finite numbers into the features of the test clips of a fold, and into those of their siblings.

    Returns
    -------
    task : Task
    kept : str
        The one test clip whose features are as they were, empty where the fold has no other: its prediction must not
        depend on the clips it is tested with.
    """
    clips = sorted(split.test)
    kept = clips.pop(0) if len(clips) > 1 else ""
    rows = np.flatnonzero(np.isin(task.samples.clip_ids, clips))
    changed = {}
    for kind in ("streams", "siblings"):
        changed[kind] = {}
        for name, values in getattr(task.samples, kind).items():
            random = np.random.default_rng(derive("other features", task.experiment, split.fold, name))
            values = values.copy()
            spread = float(values.std()) or 1.0
            values[rows] = float(values.mean()) + 3 * spread * random.standard_normal(values[rows].shape)
            changed[kind][name] = values
    return replace(task, samples=replace(task.samples, **changed)), kept


def poison(
    tasks: Tasks, splits: Sequence[Split], poisoned: Callable[[Split], Trace], watch: Watch = unwatched
) -> Finding:
    """Compare folds with themselves under other labels, and under other features, of their test clips.

    Parameters
    ----------
    tasks : Task, or mapping of str to Task
    splits : sequence of Split
        The folds to test.
    poisoned : callable
        Makes everything that comes after the split anew from a poisoned Clips table (see ``poisoned_clips``) and
        returns the ``trace`` of the fold. An InputError or a file that it does not find is taken as a leak: it went on
        without the truth of the test clips, and something asked for it.
    watch : callable
        Shows how far it is.

    Returns
    -------
    Finding
    """
    folds_found = [_fold(task_of(tasks, split.fold), split, poisoned) for split in watch(splits, len(splits))]
    status = worst_of([found["status"] for found in folds_found])
    details = {"seed": each_task(tasks)[0].seed, "folds": folds_found}
    if status != "clean":
        said: dict[str, list[str]] = {}
        for found in folds_found:
            if found["status"] == status:
                said.setdefault(found["summary"], []).append(found["fold"])
        words = [f"fold{'s' * (len(names) > 1)} {listing(names)}: {summary}" for summary, names in said.items()]
        return Finding("poison", status, listing(words, 3), details)
    changed = sum(found["changed"] for found in folds_found)
    summary = (
        f"{len(splits)} folds ({listing([split.fold for split in splits])}): other labels on {changed} test clips, and "
        "other features of test clips, change no bit of training labels, edge weights, scaler, weights and predictions"
    )
    return Finding("poison", "clean", summary, details)


def _fold(task: folds.Task, split: Split, poisoned: Callable[[Split], Trace]) -> dict:
    """Test one fold."""
    about = {"fold": split.fold, "test_clips": len(split.test), "changed": 0, "labels": [], "features": []}
    clean = trace(task, split)
    try:
        other = poisoned(split)
    except (InputError, FileNotFoundError) as error:
        summary = f"the truth of the test clips is asked for before they are scored: {error}"
        return about | {"status": "leak", "summary": summary}
    about["changed"] = int(_rows_changed(clean.truth, other.truth))
    about["labels"] = differing(clean, other)
    task_changed, kept = with_other_features(task, split)
    about["features"] = differing(clean, trace(task_changed, split), (kept,) if kept else ())
    found = [
        f"with other {what} of the test clips, these change: {listing(about[what])}"
        for what in ("labels", "features")
        if about[what]
    ]
    if found and (unsteady := differing(clean, trace(task, split))):
        summary = (
            f"trained twice alike, these differ already: {listing(unsteady)}; nothing can be told, use device: cpu"
        )
        return about | {"status": "warning", "summary": summary}
    if found:
        return about | {"status": "leak", "summary": "; ".join(found)}
    if not clean.consistent:
        summary = "its predictions are not those of the model that `fit` returns: something chooses after training"
        return about | {"status": "warning", "summary": summary}
    if not about["changed"]:
        summary = "no clip of its corpus has another class, so its labels could not be changed; its features were"
        return about | {"status": "skipped", "summary": summary}
    return about | {"status": "clean", "summary": "no bit changed"}


def differing(first: Trace, second: Trace, tested: Sequence[str] | None = None) -> list[str]:
    """Name the parts that are not bit-identical.

    Parameters
    ----------
    first, second : Trace
    tested : sequence of str, optional
        The test clips whose predictions are compared; all where left out.
    """
    names = []
    for part, values in first.parts.items():
        others = second.parts[part]
        keys = set(values) | set(others)
        if part == PREDICTIONS and tested is not None:
            keys &= set(tested)
        if any(key not in values or key not in others or not _same(values[key], others[key]) for key in keys):
            names.append(part)
    return names


def _same(first: np.ndarray, second: np.ndarray) -> bool:
    """Compare bits, so that NaN is NaN and -0 is not 0."""
    return first.shape == second.shape and first.dtype == second.dtype and first.tobytes() == second.tobytes()


def _rows_changed(first: np.ndarray, second: np.ndarray) -> int:
    """Count the clips whose truth differs."""
    differs = ~((first == second) | ((first != first) & (second != second)))
    return differs.reshape(len(first), -1).any(1).sum()


def largest(splits: Sequence[Split], most: int) -> list[Split]:
    """Return the folds with the most test clips; of equal ones the first by name."""
    return sorted(splits, key=lambda split: (-len(split.test), split.repeat, split.fold))[:most]
