"""The recipes of the models of landmarks, composed as a person would choose them: one step of training each."""

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
from mmer.types.targets import Targets

CLIPS = tuple(f"made/s1/{i}" for i in range(6))
RECIPES = [f"{model}_{kind}" for model in ("fgrl", "graph_tcn", "lr_gacn") for kind in ("paper", "demo")]


def composed(recipe):
    params = {"datasets": {"casme2": {}}, "use": {}, "set": {}}
    return resolve(params | {"experiments": {"x": {"datasets": ["casme2"], "experiment": recipe}}})["experiments"]["x"]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_takes_a_step_of_training(recipe):
    config, rng = composed(recipe), np.random.default_rng(0)
    nodes, rule = build(config["nodes"]), build(config["edges"])
    node_set, features = nodes.node_set(), nodes.feature_names()
    x = rng.normal(size=(6, nodes.n_frames, len(node_set.names), len(features))).astype(np.float32)
    units = tuple(unit for unit in node_set.action_units if unit) or ("AU04",)
    shows = (rng.random((6, len(units))) < 0.5).astype(np.float32)
    samples = Samples(
        CLIPS, {"graph": x}, {"graph": np.ones(6, bool)}, node_set.names, features, rule.edge_index(node_set)
    )
    targets = Targets(CLIPS, ("a", "b", "c"), np.arange(6) % 3, units, shows, np.ones(6, np.float32))
    node, training = split_model(config["model"])
    fitted = fit(
        samples,
        targets,
        partial(build, node),
        partial(build, config["loss"]),
        rule.fit(node_set, targets),
        replace(training, epochs=1),
        Key("x", 0, "fold"),
        torch.device("cpu"),
    )
    assert np.isfinite(fitted.curve.loss).all()
    assert len(fitted.curve) == 1
    assert all(torch.isfinite(value).all() for value in fitted.model.state_dict().values())


def test_the_paper_of_fgrl_has_as_many_parameters_as_its_code():
    config = composed("fgrl_paper")
    nodes, rule = build(config["nodes"]), build(config["edges"])
    samples = Samples(
        CLIPS[:1],
        {"graph": np.zeros((1, 1, 39, 49), np.float32)},
        {"graph": np.ones(1, bool)},
        nodes.node_set().names,
        nodes.feature_names(),
        rule.edge_index(nodes.node_set()),
    )
    model = build(split_model(config["model"])[0], samples.sizes(3))
    assert sum(value.numel() for value in model.parameters()) == 1_046_669
    assert (rule.direction, rule.kappa) == ("column", 0.0)
