"""The papers' recipes of the networks over videos, composed as a person would choose them: each takes one step."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from mmer.stages.build import build
from mmer.stages.config import resolve
from mmer.stages.recipe import split_model
from mmer.training.fit import fit
from mmer.training.seeds import Key
from mmer.types.samples import Samples
from mmer.types.targets import FACS, Targets

CLIPS = ("made/s1/0", "made/s1/1")  # as few as a norm over clips can do with: a clip costs a second


@pytest.mark.parametrize("model", ["mer_gcn", "au_gacn", "au_flow"])
def test_the_papers_recipe_takes_a_step_of_training(model):
    params = {"datasets": {"casme2": {}}, "use": {}, "set": {}}
    params["experiments"] = {"x": {"datasets": ["casme2"], "experiment": f"{model}_paper"}}
    config, rng = resolve(params)["experiments"]["x"], np.random.default_rng(0)
    nodes, rule = build(config["nodes"]), build(config["edges"])
    node_set, features = nodes.node_set(), nodes.feature_names()
    node, recipe = split_model(config["model"])
    streams = {
        "graph": rng.normal(size=(2, nodes.n_frames, len(node_set.names), len(features))).astype(np.float32),
        "video": rng.random((2, 1, node["frames"], node["size"], node["size"]), np.float32),
    }
    there = dict.fromkeys(streams, np.ones(2, bool))
    samples = Samples(CLIPS, streams, there, node_set.names, features, rule.edge_index(node_set))
    units = np.zeros((2, len(FACS)), np.float32)
    units[0, 3] = units[1, 11] = 1
    targets = Targets(CLIPS, ("a", "b"), np.arange(2), FACS, units, np.ones(2, np.float32))
    fitted = fit(
        samples,
        targets,
        partial(build, node),
        partial(build, config["loss"]),
        rule.fit(node_set, targets),
        replace(recipe, epochs=1),
        Key("x", 0, "fold"),
        torch.device("cpu"),
    )
    assert np.isfinite(fitted.curve.loss).all()
    assert len(fitted.curve) == 1
