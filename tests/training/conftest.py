"""Invented experiments, small enough to train in a moment."""

from dataclasses import fields
from functools import partial

import numpy as np
import pandas as pd
import pytest

from mmer.stages.build import build, read_option
from mmer.training.folds import Task
from mmer.training.recipe import Recipe
from mmer.types.samples import Samples
from mmer.types.split import Split
from mmer.types.targets import Targets

CLASSES = ("negative", "positive", "surprise")


@pytest.fixture
def corpus():
    """(samples, targets, clips, LOSO splits) of invented clips; ``signal`` moves the classes apart."""

    def make(subjects=6, per_subject=4, nodes=5, frames=1, signal=1.5, seed=0):
        rng = np.random.default_rng(seed)
        rows = [
            (f"fake/s{s:02}/k{k}", f"fake/s{s:02}", (s + k) % 3) for s in range(subjects) for k in range(per_subject)
        ]
        clips = pd.DataFrame([row[:2] for row in rows], columns=["clip_id", "subject"]).assign(dataset="fake")
        index = np.array([row[2] for row in rows])
        x = rng.normal(size=(len(rows), frames, nodes, 2)) + signal * rng.normal(size=(3, frames, nodes, 2))[index]
        edge_index = np.array([[i, j] for i in range(nodes) for j in range(nodes) if abs(i - j) == 1]).T.copy()
        samples = Samples(
            clip_ids=tuple(clips.clip_id),
            streams={"graph": x.astype(np.float32)},
            present={"graph": np.ones(len(rows), bool)},
            node_names=tuple(f"lm{i}" for i in range(nodes)),
            feature_names=("u", "v"),
            edge_index=edge_index,
        )
        units = np.zeros((len(rows), 1), np.float32)
        targets = Targets(samples.clip_ids, CLASSES, index, ("AU04",), units, np.ones(len(rows), np.float32))
        splits = [
            Split.of(name, clips[clips.subject != name], clips[clips.subject == name])
            for name in sorted(set(clips.subject))
        ]
        return samples, targets, clips, splits

    return make


@pytest.fixture
def task():
    """A Task that trains the model of a yaml for a few epochs on the CPU."""

    def make(samples, targets, model="logreg", seed=0, fit_edges=None, loss="weighted_cross_entropy", **recipe):
        keys = {field.name for field in fields(Recipe)}
        node = read_option("model", model)
        values = {key: value for key, value in node.items() if key in keys} | {"epochs": 5, "batch_size": 8} | recipe
        return Task(
            experiment="invented",
            seed=seed,
            samples=samples,
            targets=targets,
            make_model=partial(build, {key: value for key, value in node.items() if key not in keys}),
            make_loss=partial(build, read_option("loss", loss)),
            fit_edges=fit_edges,
            recipe=Recipe(**values),
            device="cpu",
        )

    return make
