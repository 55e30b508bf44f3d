"""Invented experiments on a Clips table, small enough to train many times, and ways to make a part of them peek."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
import torch
from edges_for_tests import edges_from_units

from fakes import EMOTIONS, clips_table
from mmer.audit.poison import poisoned_clips, trace
from mmer.losses.weighted_bce import WeightedBce
from mmer.losses.weighted_cross_entropy import WeightedCrossEntropy
from mmer.models.logreg import Logreg
from mmer.training.folds import Task
from mmer.training.recipe import Recipe
from mmer.types.samples import Samples
from mmer.types.split import Split
from mmer.types.targets import Targets

SHOWN = {"disgust": ["AU04", "AU09"], "happiness": ["AU12"], "surprise": ["AU01", "AU02"]}
UNITS = ("AU01", "AU04", "AU12")


@dataclass(frozen=True)
class Invented:
    """An experiment; ``targets_of`` and ``task_of`` make what comes after the split from a Clips table."""

    clips: pd.DataFrame
    samples: Samples
    splits: list[Split]
    units: tuple[str, ...]
    recipe: Recipe

    def targets_of(self, clips):
        classes = ("absent", "present") if self.units else EMOTIONS
        return Targets.of(clips, clips.set_index("clip_id").emotion, classes, self.units)

    @property
    def targets(self):
        return self.targets_of(self.clips)

    def with_labels_at_random(self, seed=1):
        """Return the same experiment with emotions that the features know nothing of."""
        emotions = np.random.default_rng(seed).permutation(self.clips.emotion.to_numpy(str))
        return replace(self, clips=self.clips.assign(emotion=emotions))

    @property
    def corpora(self):
        return dict(zip(self.clips.clip_id, self.clips.dataset, strict=True))

    def task_of(self, clips):
        return Task(
            experiment="invented",
            seed=0,
            samples=self.samples,
            targets=self.targets_of(clips),
            make_model=Logreg,
            make_loss=WeightedBce if self.units else WeightedCrossEntropy,
            fit_edges=edges_from_units,
            recipe=self.recipe,
            device="cpu",
        )

    @property
    def task(self):
        return self.task_of(self.clips)

    def poisoned(self, change=lambda task: task):
        """Return what ``poison`` calls: other labels on the test clips, and everything after the split made anew."""

        def poisoned(split):
            return trace(change(self.task_of(poisoned_clips(self.clips, split.test, self.targets))), split)

        return poisoned


@pytest.fixture
def invented():
    def make(datasets=("casme2", "samm"), subjects=3, clips=4, signal=1.0, units=(), epochs=3, seed=0, lr=0.02):
        table = clips_table(datasets, subjects, clips)
        table["action_units"] = pd.Series([SHOWN[word] for word in table.emotion], dtype=object)
        random = np.random.default_rng(seed)
        at = table.emotion.map(EMOTIONS.index).to_numpy()
        x = random.normal(size=(len(table), 1, 5, 2)) + signal * random.normal(size=(3, 1, 5, 2))[at]
        samples = Samples(
            clip_ids=tuple(table.clip_id),
            streams={"graph": x.astype(np.float32)},
            present={"graph": np.ones(len(table), bool)},
            node_names=tuple(f"lm{i}" for i in range(5)),
            feature_names=("u", "v"),
            edge_index=np.array([[i, j] for i in range(5) for j in range(5) if abs(i - j) == 1]).T.copy(),
        )
        splits = [
            Split.of(name, table[table.subject != name], table[table.subject == name])
            for name in sorted(set(table.subject))
        ]
        return Invented(table, samples, splits, units, Recipe(epochs=epochs, batch_size=8, lr=lr))

    return make


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def best_test_epoch(monkeypatch):
    """Plant the classical leak: every fold keeps the epoch with the best test accuracy."""
    from mmer.training import folds
    from mmer.training.fit import predict

    def train_fold(task, split):
        test, each = task.samples.subset(split.test), []
        fitted = folds.fit_fold(task, split, lambda _, now: each.append(predict(now, test)))
        truth = task.targets.subset(split.test).index
        best = max(each, key=lambda p: (p.argmax(1) == truth).mean())
        return folds.FoldResult(split.fold, task.seed, split.test, best, fitted.curve, split.repeat, fitted.seen)

    monkeypatch.setattr(folds, "train_fold", train_fold)


@pytest.fixture
def scaler_on_all_clips(monkeypatch):
    """Plant a scaler that is fitted before the split."""
    from mmer.training import fit, folds
    from mmer.training.scaler import Scaler

    honest = folds.fit_fold

    class Everywhere(Scaler):
        everything = None

        @classmethod
        def fit(cls, samples, streams, how):
            return Scaler.fit(samples if cls.everything is None else cls.everything, streams, how)  # None: timed only

    def fit_fold(task, split, after_epoch=None):
        Everywhere.everything = task.samples
        return honest(task, split, after_epoch)

    monkeypatch.setattr(fit, "Scaler", Everywhere)
    monkeypatch.setattr(folds, "fit_fold", fit_fold)
