"""Shuffle test: a pipeline that is taught shuffled labels must be no better than chance.

What is called chance matters: UF1 of a model that has learned nothing is not 1/C, it depends on how often the model
says each class. So every set of predictions is compared with itself: scored against the truth, and against truth
that was permuted within each corpus (what a model knows about corpora is no leak).

Shuffled labels alone are not enough. A model without any knowledge still says rare classes where features are large,
and large features often are of a rare class: on invented clips of which the rarest class moved four times as much, an
honest logistic regression, taught shuffled labels, exceeded chance by .11 of UF1. So the features of the test clips are
exchanged among the test clips of their corpus as well. Then nothing but the truth itself, got at by whatever way, can
make predictions agree with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mmer.audit.pooled import SHOWN, orders_within, said, scores
from mmer.audit.spread import Watch, spread, unwatched
from mmer.training import folds
from mmer.training.seeds import derive
from mmer.training.task import Tasks, each_task, task_of
from mmer.types.audit import Finding
from mmer.types.errors import InputError
from mmer.types.split import Split

LEAST = 20  # permutations
CHANCE = 200  # permutations of the truth that the predictions of each are compared with
ERRORS = 3.0  # standard errors above chance that count as a leak
ROUNDING = 1e-9  # a model that always says one class differs from chance by rounding alone


def shuffle(
    tasks: Tasks,
    splits: Sequence[Split],
    corpora: Mapping[str, str],
    permutations: int = LEAST,
    processes: int | None = None,
    watch: Watch = unwatched,
) -> Finding:
    """Train all folds on permuted labels, several times, and compare with chance.

    In every fold the classes, action units and weights of the training clips are permuted together, within each corpus;
    and the test clips of all folds exchange their features within each corpus.

    Parameters
    ----------
    tasks : Task, or mapping of str to Task
    splits : sequence of Split
    corpora : mapping of str to str
        Clip -> its corpus.
    permutations : int
        At least 20.
    processes : int or None
        As in ``mmer.audit.spread``; the result does not depend on it.
    watch : callable
        Shows how far it is.

    Returns
    -------
    Finding
        A leak where the score (UF1; for action units macro F1) exceeds chance by more than 3 standard errors, both
        meant over the permutations. A pipeline of which a part sees the truth of the test clips, or chooses by it,
        does.

    Raises
    ------
    InputError
        There are too few permutations.
    """
    if permutations < LEAST:
        raise InputError(f"shuffle test: at least {LEAST} permutations are needed to tell a leak, got {permutations}")
    items = [(number, place) for number in range(permutations) for place in range(len(splits))]
    results = watch(spread(shuffled_fold, tasks, (tuple(splits), dict(corpora)), items, processes), len(items))
    by_permutation: list[list[folds.FoldResult]] = [[] for _ in range(permutations)]
    for (number, _), result in zip(items, results, strict=True):
        by_permutation[number].append(result)
    task = each_task(tasks)[0]  # scores are of what all folds share
    pairs = [_score_and_chance(task, found, corpora, number) for number, found in enumerate(by_permutation)]
    return _judge(np.array(pairs), SHOWN[bool(task.targets.units)][0], task.seed, len(splits))


def shuffled_fold(shared: tuple, item: tuple[int, int]) -> folds.FoldResult:
    """Train one fold on permuted labels, and predict it from exchanged features."""
    tasks, splits, corpora = shared
    number, place = item
    split = splits[place]
    task = task_of(tasks, split.fold)
    tested = sorted(clip for other in splits if other.repeat == split.repeat for clip in other.test)
    task = with_shuffled_labels(task, split, corpora, number)
    return folds.train_fold(with_exchanged_features(task, split, tested, corpora, number), split)


def with_shuffled_labels(task: folds.Task, split: Split, corpora: Mapping[str, str], number: int) -> folds.Task:
    """Return the task with the labels of one fold's training clips permuted within their corpora.

    Which permutation it is derives from the names of experiment and fold and its number.
    """
    train = sorted(split.train)
    place = {clip: row for row, clip in enumerate(task.targets.clip_ids)}
    rows = np.array([place[clip] for clip in train])
    random = np.random.default_rng(derive(task.seed, task.experiment, split.fold, "shuffled labels", number))
    order = np.arange(len(place))
    order[rows] = rows[orders_within([corpora[clip] for clip in train], 1, random)[0]]
    targets = task.targets
    mixed = {name: getattr(targets, name)[order] for name in ("index", "action_units", "weight")}
    return replace(task, targets=replace(targets, **mixed))


def with_exchanged_features(
    task: folds.Task, split: Split, tested: Sequence[str], corpora: Mapping[str, str], number: int
) -> folds.Task:
    """Return the task with each test clip of one fold showing what another tested clip of its corpus shows.

    Parameters
    ----------
    task : Task
    split : Split
    tested : sequence of str
        Test clips of all folds of the repeat; they exchange features in one permutation.
    corpora : mapping of str to str
    number : int
        Of the permutation, which derives from it and the names of experiment and repeat.
    """
    random = np.random.default_rng(derive(task.seed, task.experiment, "exchanged features", split.repeat, number))
    shown = dict(zip(tested, orders_within([corpora[clip] for clip in tested], 1, random)[0], strict=True))
    place = {clip: row for row, clip in enumerate(task.samples.clip_ids)}
    rows = np.arange(len(place))
    for clip in split.test:
        rows[place[clip]] = place[tested[shown[clip]]]
    samples = task.samples
    streams = {name: values[rows] for name, values in samples.streams.items()}
    present = {name: there[rows] for name, there in samples.present.items()}
    siblings = {name: values[rows] for name, values in samples.siblings.items()}
    return replace(task, samples=replace(samples, streams=streams, present=present, siblings=siblings))


def _score_and_chance(
    task: folds.Task, results: Sequence[folds.FoldResult], corpora: Mapping[str, str], number: int
) -> tuple[float, float]:
    """Score the predictions of all folds against the truth, and against permuted truth; means over repeats."""
    detection = bool(task.targets.units)
    pairs = []
    for repeat in sorted({result.repeat for result in results}):
        chosen = [result for result in results if result.repeat == repeat]
        clips = tuple(clip for result in chosen for clip in result.clip_ids)
        predicted = np.concatenate([said(result.probabilities, detection) for result in chosen])
        random = np.random.default_rng(derive(task.seed, task.experiment, "permuted truth", repeat, number))
        orders = orders_within([corpora[clip] for clip in clips], CHANCE, random)
        orders = np.concatenate([np.arange(len(clips))[None], orders])
        found = scores(task.targets.subset(clips), predicted, orders)[SHOWN[detection][0]]
        pairs.append((found[0], found[1:].mean()))
    return tuple(np.mean(pairs, 0))


def _judge(pairs: np.ndarray, score: str, seed: int, n_folds: int) -> Finding:
    """Compare scores with chance, both (P, 2)."""
    excess = pairs[:, 0] - pairs[:, 1]
    mean, error = float(excess.mean()), float(excess.std(ddof=1) / np.sqrt(len(excess)))
    details = {
        "score": score,
        "permutations": len(pairs),
        "seed": seed,
        "mean": float(pairs[:, 0].mean()),
        "chance": float(pairs[:, 1].mean()),
        "excess": mean,
        "standard_error": error,
        "scores": pairs[:, 0].tolist(),
    }
    name = {"uf1": "UF1", "macro_f1": "macro F1"}[score]
    summary = (
        f"{name} {details['mean']:.3f} after {len(pairs)} permutations of the training labels of {n_folds} folds; "
        f"chance {details['chance']:.3f}, difference {mean:+.3f} with a standard error of {error:.3f}"
    )
    if mean > ERRORS * error + ROUNDING:
        way = "something is fitted on, or chosen by, the truth of the test clips"
        return Finding("shuffle", "leak", f"{summary}: {way}", details)
    return Finding("shuffle", "clean", summary, details)
