"""Every model, by its small recipe, learns 16 clips by heart: all of them are right after a fixed number of epochs.

The recipe is that of conf/experiment/NAME_demo.yaml (of conf/model where there is none), with its optimiser, learning
rate, schedule and weight decay. Only the epochs are fixed here, for 16 clips are one step each; and dropout is 0, for
with it a fit by heart takes longer, which says nothing of whether a network can. Clips and nodes are few and small.
"""

from functools import partial

import numpy as np
import pytest
import torch
import yaml
from model_inputs import CLASSES, RECIPE_KEYS, sizes, small_node

from conf_groups import models
from mmer.losses.cross_entropy import CrossEntropy
from mmer.stages.build import CONF, build, read_option
from mmer.training.fit import fit, predict
from mmer.training.recipe import Recipe
from mmer.training.seeds import Key
from mmer.types.samples import Samples
from mmer.types.targets import FACS, Targets

CLIPS, EPOCHS = 16, 100
NAMES = tuple(f"clip{i:02d}" for i in range(CLIPS))
TRUTH = np.arange(CLIPS) % CLASSES


def recipe(name: str) -> Recipe:
    demo = CONF / "experiment" / f"{name}_demo.yaml"
    node = read_option("model", name) | (yaml.safe_load(demo.read_text())["model"] if demo.is_file() else {})
    return Recipe(**{key: value for key, value in node.items() if key in RECIPE_KEYS} | {"epochs": EPOCHS})


def samples(name: str, streams: tuple[str, ...]) -> Samples:
    """Return noise, and in each stream something else for every class."""
    random, shapes = np.random.default_rng(0), sizes(name)
    values = {key: random.normal(size=(CLIPS, *shapes.streams[key])).astype(np.float32) for key in streams}
    for row, kind in enumerate(TRUTH):
        if "graph" in values:
            values["graph"][row, :, kind, 0] += 3
        if "flow" in values:
            values["flow"][row, :, 4:12, 8 * kind : 8 * kind + 8] += 3
        if "video" in values:  # in its last moments
            values["video"][row, :, 2:, 4:12, 6 * kind : 6 * kind + 6] += 3
        for key, layout in shapes.signals.items():  # a band, or an oscillation
            if layout.features:
                values[key][row, :, kind] += 3
            else:
                time = np.arange(values[key].shape[2]) / layout.sfreq
                values[key][row] += 3 * np.sin(2 * np.pi * (3, 6, 12)[kind] * time)
    graph = {"node_names": shapes.node_names, "edge_index": shapes.edge_index} if "graph" in streams else {}
    if graph:
        graph["feature_names"] = tuple(f"x{i}" for i in range(shapes.streams["graph"][-1]))
    return Samples(NAMES, values, {key: np.ones(CLIPS, bool) for key in streams}, **graph, signals=shapes.signals)


@pytest.mark.parametrize("name", models(classical=False))
def test_sixteen_clips_are_learned_by_heart(name):
    node = small_node(name)
    node |= {key: 0.0 for key in node if "dropout" in key}
    make_model = partial(build, node)
    with torch.random.fork_rng(devices=[]):
        clips = samples(name, make_model(sizes(name)).streams)
    units = np.full((CLIPS, len(FACS)), np.nan, np.float32)
    classes = tuple(f"class{i}" for i in range(CLASSES))
    targets = Targets(NAMES, classes, TRUTH, FACS, units, np.ones(CLIPS, np.float32))
    fitted = fit(
        samples=clips,
        targets=targets,
        make_model=make_model,
        make_loss=CrossEntropy,
        edge_weight=np.ones(clips.edge_index.shape[1], np.float32),
        recipe=recipe(name),
        key=Key("by heart", 0, "all"),
        device=torch.device("cpu"),
    )
    assert (predict(fitted, clips).argmax(1) == TRUTH).all()
