"""Oracle gap: what choosing the best test epoch of every fold would have pretended. What not to do.

Much published work keeps, for every held-out subject, the epoch with the best test score. With a handful of test clips
per fold this lifts even a random classifier far above chance (Varanka et al., "Data Leakage and Evaluation Issues in
Micro-Expression Analysis", IEEE TAFFC 15(1), 2024). This is the only place that predicts test clips before training has
ended, and nothing but this finding comes of it.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmer.audit.pooled import SHOWN, right, said, scores
from mmer.audit.spread import Watch, spread, unwatched
from mmer.training import folds
from mmer.training.fit import Fitted, predict
from mmer.training.task import Tasks, each_task, task_of
from mmer.types.audit import Finding
from mmer.types.predictions import class_names
from mmer.types.split import Split

SAME = 1e-9  # largest difference of a probability


def oracle_gap(
    tasks: Tasks,
    splits: Sequence[Split],
    stored: pd.DataFrame | None = None,
    processes: int | None = None,
    watch: Watch = unwatched,
) -> Finding:
    """Train all folds once more, predict their test clips after every epoch, and score honest and peeked choice.

    Parameters
    ----------
    tasks : Task, or mapping of str to Task
    splits : sequence of Split
    stored : DataFrame, optional
        The stored Predictions table; its rows of this seed are compared with the honest predictions.
    processes : int or None
        As in ``mmer.audit.spread``; the result does not depend on it.
    watch : callable
        Shows how far it is.

    Returns
    -------
    Finding
        Never a leak, for the experiment does not use the peeked numbers: clean, or a warning where the stored
        predictions are not those that training gives now. Of epochs of equal test accuracy the first is taken.
    """
    results = list(watch(spread(predicted_epochs, tasks, (), splits, processes), len(splits)))
    task = each_task(tasks)[0]  # scores are of what all folds share
    most = max(one.recipe.epochs for one in each_task(tasks))
    detection = bool(task.targets.units)
    chosen = [
        int(right(task.targets.subset(split.test).answer, said(each, detection)).argmax())
        for split, (each, _) in zip(splits, results, strict=True)
    ]
    honest = _pooled(task, splits, [last for _, last in results])
    peeked = _pooled(task, splits, [each[epoch] for epoch, (each, _) in zip(chosen, results, strict=True)])
    epochs = [epoch + 1 for epoch in chosen]
    details = {
        "seed": task.seed,
        "honest": honest,
        "peeked": peeked,
        "gap": {name: peeked[name] - honest[name] for name in honest},
        "epochs": most,
        "chosen_epochs": {"least": min(epochs), "median": float(np.median(epochs)), "most": max(epochs)},
    }
    summary = "; ".join(f"{_word(name)} {honest[name]:.3f} honest, {peeked[name]:.3f} peeked" for name in honest)
    summary = (
        f"{summary}. The second is what NOT to do: keep the best test epoch of every fold (here epochs {min(epochs)} "
        f"to {max(epochs)} of {most}); seed {task.seed} only"
    )
    if stored is None:
        return Finding("oracle_gap", "clean", summary, details)
    details["stored_difference"] = apart = _difference(task, splits, [last for _, last in results], stored)
    if apart > SAME:
        summary += (
            f". The stored predictions differ from what training gives now by up to {apart:.2g}: they are of another "
            "state or device; run `dvc repro`"
        )
        return Finding("oracle_gap", "warning", summary, details)
    return Finding("oracle_gap", "clean", summary, details)


def predicted_epochs(shared: tuple[Tasks], split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Train one fold; return the test probabilities after every epoch (E, n, K), and those of the result (n, K)."""
    task = task_of(shared[0], split.fold)
    test = task.samples.subset(split.test)
    each: list[np.ndarray] = []

    def look(epoch: int, fitted: Fitted) -> None:
        each.append(predict(fitted, test))

    fitted = folds.fit_fold(task, split, look)
    return np.stack(each), predict(fitted, test)


def _pooled(task: folds.Task, splits: Sequence[Split], probabilities: Sequence[np.ndarray]) -> dict[str, float]:
    """Score all folds of a repeat together; means over repeats."""
    detection, found = bool(task.targets.units), []
    for repeat in sorted({split.repeat for split in splits}):
        places = [place for place, split in enumerate(splits) if split.repeat == repeat]
        clips = tuple(clip for place in places for clip in splits[place].test)
        predicted = said(np.concatenate([probabilities[place] for place in places]), detection)
        found.append(scores(task.targets.subset(clips), predicted, np.arange(len(clips))[None]))
    return {name: float(np.mean([run[name] for run in found])) for name in SHOWN[detection]}


def _difference(
    task: folds.Task, splits: Sequence[Split], probabilities: Sequence[np.ndarray], stored: pd.DataFrame
) -> float:
    """Return the largest difference from the stored probabilities; infinity where a row lacks."""
    rows = stored[stored.seed == task.seed].set_index(["repeat", "fold", "clip_id", "target"])
    columns = ["p_present"] if task.targets.units else [f"p_{name}" for name in task.targets.classes]
    if not task.targets.units and class_names(stored) != task.targets.classes:
        return float("inf")
    table, most = rows[columns].to_dict("index"), 0.0
    for split, p in zip(splits, probabilities, strict=True):
        answer = task.targets.subset(split.test).answer
        for row, clip in enumerate(split.test):
            for unit, target in enumerate(task.targets.units or ("emotion",)):
                if task.targets.units and np.isnan(answer[row, unit]):
                    continue  # nobody annotated it, so it was not stored
                ours = p[row, unit : unit + 1] if task.targets.units else p[row] / p[row].sum()
                theirs = table.get((split.repeat, split.fold, clip, target))
                if theirs is None:
                    return float("inf")
                most = max(most, float(np.abs(ours - np.array(list(theirs.values()))).max()))
    return most


def _word(score: str) -> str:
    return {"macro_f1": "macro F1", "micro_f1": "micro F1"}.get(score, score.upper())
