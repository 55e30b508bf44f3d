"""Every recipe, composed as a person would choose it: one step of training, of all that there is to train.

A recipe is a file of conf/experiment, and a model without a paper's file there, as `model=NAME` has it.
"""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from conf_groups import models, options
from mmer.stages.build import build, read_option
from mmer.stages.config import resolve
from mmer.stages.fused import build_model
from mmer.stages.model_traits import model_traits
from mmer.stages.recipe import split_model
from mmer.training.fit import fit
from mmer.training.seeds import Key
from mmer.types.samples import Samples, Sizes
from mmer.types.signal_window import SignalLayout
from mmer.types.targets import FACS, Targets

CLASSES = ("a", "b", "c")
FILES = [name for name in options("experiment") if name.endswith(("_paper", "_demo"))]
CASES = [{"experiment": name} for name in FILES]
CASES += [{"model": name} for name in models(classical=False) if f"{name}_paper" not in FILES]
SIGNALS = {
    case["model"]: model_traits(read_option("model", case["model"])).signals for case in CASES if "model" in case
}


def composed(chosen: dict[str, str]) -> dict:
    params = {"datasets": {"casme2": {}}, "use": {}, "set": {}}
    own = {"datasets": ["casme2"], "signals": list(SIGNALS.get(chosen.get("model"), ())), **chosen}
    return resolve(params | {"experiments": {"x": own}})["experiments"]["x"]


def invented(config: dict, clips: int) -> tuple[Samples, Targets, np.ndarray]:
    """Return noise of the sizes that the recipe asks for, its labels, and the edges' weights fitted on them."""
    node, rng = config["model"], np.random.default_rng(0)
    names, reads = tuple(f"made/s1/{i}" for i in range(clips)), model_traits(node).streams
    shows = (rng.random((clips, len(FACS))) < 0.5).astype(np.float32)
    targets = Targets(names, CLASSES, np.arange(clips) % 3, FACS, shows, np.ones(clips, np.float32))
    streams, graph, weight = {}, {}, np.zeros(0, np.float32)
    if "graph" in reads:
        nodes, rule = build(config["nodes"]), build(config["edges"])
        of, features = nodes.node_set(), nodes.feature_names()
        streams["graph"] = rng.normal(size=(clips, nodes.n_frames, len(of.names), len(features)))
        graph = {"node_names": of.names, "feature_names": features, "edge_index": rule.edge_index(of)}
        weight = rule.fit(of, targets)
    if "flow" in reads:
        streams["flow"] = rng.normal(size=(clips, 3, 64, 64))
    if "video" in reads:
        streams["video"] = rng.random((clips, 1, node["frames"], node["size"], node["size"]))
    layouts = {name: layout_of(signal) for name, signal in config.get("signals", {}).items()}
    for name, (length, layout) in layouts.items():
        streams[name] = rng.normal(size=(clips, len(layout.channels), length))
    signals = {name: layout for name, (_, layout) in layouts.items()}
    streams = {name: values.astype(np.float32) for name, values in streams.items()}
    return (
        Samples(names, streams, dict.fromkeys(streams, np.ones(clips, bool)), **graph, signals=signals),
        targets,
        weight,
    )


def layout_of(signal: dict) -> tuple[int, SignalLayout]:
    """Return how long a signal is, and what its axes mean where it has four electrodes."""
    places = tuple((x, y, 0.1) for x in (-0.04, 0.04) for y in (-0.05, 0.05))
    layout = SignalLayout(tuple(f"c{i}" for i in range(4)), sfreq=signal["sfreq"], positions=places)
    if "measures" not in signal:
        return round((signal["stop"] - signal["start"]) * signal["sfreq"]), layout
    features = tuple(f"{measure} {band}" for measure in signal["measures"] for band in signal.get("bands", ("",)))
    return len(features), replace(layout, sfreq=0.0, features=features)


@pytest.mark.parametrize("chosen", CASES, ids=lambda chosen: "-".join(chosen.values()))
def test_a_recipe_takes_a_step_of_training(chosen):
    """Parameters listed as dead stay as they were; that all others get a gradient, test_model.py says."""
    config = composed(chosen)
    # A norm over clips can do with two, and a video costs a second.
    samples, targets, weight = invented(config, 2 if "video" in model_traits(config["model"]).streams else 6)
    node, recipe = split_model(config["model"])
    start = {}

    def make_model(sizes: Sizes) -> torch.nn.Module:
        model = build_model(node, sizes)
        start.update({name: value.detach().clone() for name, value in model.named_parameters()})
        return model

    fitted = fit(
        samples,
        targets,
        make_model,
        partial(build, config["loss"]),
        weight,
        replace(recipe, epochs=1),
        Key("x", 0, "fold"),
        torch.device("cpu"),
    )
    assert len(fitted.curve) == 1
    assert np.isfinite(fitted.curve.loss).all()
    assert all(torch.isfinite(value).all() for value in fitted.model.state_dict().values())
    still = {name for name, value in fitted.model.named_parameters() if torch.equal(value, start[name])}
    dead = tuple(getattr(fitted.model, "dead_parameters", ()))
    assert still >= {name for name in start if dead and name.startswith(dead)}
    assert "classifier.weight" not in still


def test_the_paper_of_fgrl_counts_units_as_its_code_does():
    rule = build(composed({"experiment": "fgrl_paper"})["edges"])
    assert (rule.direction, rule.kappa) == ("column", 0.0)
