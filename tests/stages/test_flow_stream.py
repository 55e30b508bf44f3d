"""Models of motion itself: what an experiment is made of, what it depends on, and that it runs without frames."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from conf_groups import options
from mmer.stages.build import build, read_option, target_class
from mmer.stages.config import resolve
from mmer.stages.experiment import load_experiment
from mmer.stages.flow_samples import flow_samples
from mmer.stages.model_traits import ModelTraits, model_traits
from mmer.stages.select import experiment_samples
from mmer.types.errors import InputError
from mmer.types.motion import Motion
from mmer.types.predictions import load_predictions
from mmer.types.samples import Samples
from workspace import Workspace

EMOTIONS = ("happiness", "disgust", "surprise")


def write_lab(name="lab", channels=3, size=24, people=4):
    """A lab's manifest with motion and nothing else; every emotion moves another part of the face."""
    lab = Path("data") / name
    lab.mkdir(parents=True)
    lines = ["clip,subject,emotion,motion"]
    rng = np.random.default_rng(0)
    for person in range(people):
        for number, emotion in enumerate(EMOTIONS):
            values = 0.2 * rng.normal(size=(channels, size, size)) + person
            values[0, 8 * number : 8 * number + 8] += 3
            np.save(lab / f"p{person}_{number}.npy", values.astype(np.float32))
            lines.append(f"c{number},p{person},{emotion},p{person}_{number}.npy")
    (lab / "manifest.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mmer.stages.parallel.cores", lambda: 1)
    workspace = Workspace(tmp_path)
    workspace.params["datasets"] = {"lab": {"dataset": "manifest", "motion": "precomputed"}}
    workspace.params["experiments"] = {"motion": {"datasets": ["lab"], "model": "svm_linear"}}
    workspace.params["set"] = {"experiments": {"motion": {"model": {"grid": 3}}}}
    return workspace


def config(model, **more):
    """The resolved experiment of one choice."""
    params = {"datasets": {"lab": {"dataset": "manifest"}}, "use": {}, "set": {}}
    out = resolve(params | {"experiments": {"a": {"datasets": ["lab"], "model": model, **more}}})
    return out, out["experiments"]["a"], out["inputs"]["a"]


@pytest.mark.parametrize("scaling", ["none", "median_rms"])
def test_a_manifest_with_motion_only_is_recognised_and_reported(workspace, scaling):
    write_lab()
    workspace.params["experiments"]["motion"]["motion_scaling"] = scaling
    workspace.run()
    rows = load_predictions("artifacts/predictions/motion.parquet")
    assert len(rows) == 12
    if scaling == "median_rms":  # every person's motion has another zero
        assert (rows.truth == rows.predicted).all()
    assert list(Path("artifacts/graphs/lab").glob("*.npz")) == []
    ledger = pd.read_parquet("artifacts/training/motion/ledger.parquet")
    assert set(ledger.fitted) == {"scaler", "loss", "weights"}
    assert Path("artifacts/report/index.html").is_file()


def test_a_flow_network_learns_from_motion_only_with_every_command_and_leaves_each_subject_out(workspace):
    """The small recipe of STSTNet on a csv file and arrays: no frame, no track, no apex."""
    write_lab()
    workspace.params["experiments"]["motion"] = {"datasets": ["lab"], "experiment": "ststnet_demo", "protocol": "loso"}
    workspace.params["set"] = {"experiments": {"motion": {"model": {"epochs": 60, "dropout": 0.0, "lr": 0.01}}}}
    workspace.run()
    rows = load_predictions("artifacts/predictions/motion.parquet")
    assert (rows.fold == rows.subject).all()
    assert sorted(rows.clip_id) == sorted(Motion.load("artifacts/motion/lab.npz").clip_ids)
    assert (rows.truth == rows.predicted).mean() >= 0.9
    page = Path("artifacts/report/index.html").read_text()
    assert "ststnet" in page
    assert (json.loads(Path("artifacts/metrics.json").read_text())["motion"]["accuracy"]) >= 0.9


@pytest.mark.parametrize("name", ["kernel_ridge", "off_apexnet"])
def test_every_kind_of_model_runs_on_motion_only(workspace, name):
    write_lab(people=3)
    workspace.params["experiments"]["motion"]["model"] = name
    workspace.params["set"] = {"experiments": {"motion": {"model": {} if name == "kernel_ridge" else {"epochs": 1}}}}
    workspace.run("evaluate")
    assert len(load_predictions("artifacts/predictions/motion.parquet")) == 9


def test_samples_are_the_motion_of_the_chosen_clips(workspace):
    write_lab()
    workspace.run("inputs")
    experiment = load_experiment("motion")
    motion = Motion.load("artifacts/motion/lab.npz")
    assert experiment.samples.clip_ids == tuple(sorted(motion.clip_ids))
    for row, clip in enumerate(experiment.samples.clip_ids):
        np.testing.assert_array_equal(experiment.samples.streams["flow"][row], motion.of(clip).values)
    assert experiment.samples.present["flow"].all()
    assert experiment.samples.sizes(3).streams == {"flow": (3, 24, 24)}
    assert experiment.task(0).fit_edges is None


def test_its_inputs_change_with_the_motion_and_not_with_the_graphs(workspace):
    write_lab()
    workspace.params["experiments"]["points"] = {"datasets": ["lab"], "model": "logreg"}
    workspace.run("inputs")
    inputs = json.loads(Path("artifacts/inputs.json").read_text())
    assert "artifacts/motion/lab.npz" in inputs["motion"]["artifacts"]
    assert not any(path.endswith(".npz") and "graphs" in path for path in inputs["motion"]["artifacts"])
    assert "artifacts/motion/lab.npz" not in inputs["points"]["artifacts"]


def test_corpora_whose_motion_differs_are_refused_by_name(workspace, capsys):
    write_lab()
    write_lab("other", size=32)
    workspace.params["datasets"]["other"] = {"dataset": "manifest", "motion": "precomputed"}
    workspace.params["experiments"]["motion"]["datasets"] = ["lab", "other"]
    said = workspace.stops(capsys)
    assert said.startswith("mmer evaluate: ")
    for words in ("'lab' is u, v, strain of 24 x 24", "'other' is u, v, strain of 32 x 32", "size"):
        assert words in said


def test_action_units_are_refused(workspace, capsys):
    write_lab()
    workspace.params["experiments"]["motion"]["labels"] = "cd6me_aus"
    manifest = Path("data/lab/manifest.csv")
    lines = manifest.read_text().splitlines()
    manifest.write_text("\n".join([lines[0] + ",action_units", *(line + ",AU04" for line in lines[1:])]) + "\n")
    assert "SvmLinear names one class per clip" in workspace.stops(capsys)


def motion(channels, size=6, name="a", n=2):
    ids = tuple(f"{name}/s/{i}" for i in range(n))
    shape = (n, len(channels), size, size)
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    empty = np.zeros((n, 2, size, size), np.uint8)
    apex = np.full(n, -1)
    return Motion(ids, values, tuple(channels), np.full((n, 2, 3), np.nan), apex, ("precomputed",) * n, empty)


def test_planes_are_put_in_the_models_order():
    given = motion(["strain", "v", "depth", "u"])
    (all_of_it,) = flow_samples({"a": given})
    assert all_of_it.about == {"channels": "u v strain depth"}
    np.testing.assert_array_equal(all_of_it.streams["flow"], given.values[:, [3, 1, 0, 2]])
    (chosen,) = flow_samples({"a": given}, ("v", "u"))
    np.testing.assert_array_equal(chosen.streams["flow"], given.values[:, [1, 3]])


def test_corpora_with_their_planes_in_another_order_can_be_mixed():
    first, second = motion(["u", "v"], name="a"), motion(["v", "u"], name="b")
    both = Samples.concatenate(flow_samples({"a": first, "b": second}))
    np.testing.assert_array_equal(both.streams["flow"][2:], second.values[:, ::-1])


def with_neighbours(plain):
    """Three neighbours: neighbour m is the motion plus m + 1."""
    values = np.stack([plain.values + m for m in (1, 2, 3)], axis=1)
    return replace(plain, neighbours=values, neighbour_frames=np.zeros(values.shape[:2], np.int64))


def test_neighbours_become_siblings_in_the_models_order():
    (samples,) = flow_samples({"a": with_neighbours(motion(["v", "strain", "u"]))}, ("u", "v"))
    assert samples.siblings["flow"].shape == (2, 3, 2, 6, 6)
    for m in range(3):
        np.testing.assert_array_equal(samples.siblings["flow"][:, m], samples.streams["flow"] + m + 1)


@pytest.mark.parametrize("streams", [("flow",), ("graph", "flow")])
def test_siblings_come_along_where_they_are_trained_on_each_scaled_as_a_clip(monkeypatch, streams):
    made = with_neighbours(replace(motion("uv"), values=np.random.default_rng(0).normal(size=(2, 2, 6, 6))))
    points = Samples(
        clip_ids=made.clip_ids[::-1],
        streams={"graph": np.ones((2, 1, 1, 1), np.float32)},
        present={"graph": np.ones(2, bool)},
        node_names=("lm1",),
        feature_names=("dx",),
        siblings={"graph": np.full((2, 3, 1, 1, 1), 2, np.float32)},
    )
    monkeypatch.setattr("mmer.stages.select.Motion.load", lambda path: made)
    monkeypatch.setattr("mmer.stages.select.Samples.load", lambda path: points)
    monkeypatch.setattr("mmer.stages.select.model_traits", lambda node: ModelTraits(streams, ("u", "v")))
    scaling = read_option("motion_scaling", "median_rms", Path(__file__).parents[2] / "conf")
    chosen = {"datasets": ["a"], "model": {}, "motion_scaling": scaling, "graph": "g", "mix_backends": False}
    assert experiment_samples(chosen).siblings == {}
    samples = experiment_samples(chosen | {"augment": {"neighbours": True}})
    assert set(samples.siblings) == set(streams)
    for row, clip in enumerate(samples.clip_ids):
        place = made.clip_ids.index(clip)
        expected = build(scaling).scale(made.neighbours[place], ("u", "v"))
        np.testing.assert_array_equal(samples.siblings["flow"][row], expected)


@pytest.mark.parametrize(
    ("second", "wanted", "words"),
    [
        (motion(["u", "v", "strain"], name="b"), (), ["'a' is u, v of 6 x 6", "'b' is u, v, strain of 6 x 6"]),
        (motion(["u", "v"], size=7, name="b"), (), ["'b' is u, v of 7 x 7"]),
        (motion(["u", "angle"], name="b"), ("u", "v"), ["channel 'v'", "dataset 'b'", "Valid: angle, u"]),
    ],
)
def test_other_channels_and_sizes_are_named(second, wanted, words):
    with pytest.raises(InputError) as caught:
        flow_samples({"a": motion(["u", "v"]), "b": second}, wanted)
    for word in words:
        assert word in str(caught.value)


def test_a_model_of_graph_and_motion_gets_both(workspace, monkeypatch):
    write_lab()
    workspace.params["experiments"]["motion"] = {"datasets": ["lab"], "model": "logreg"}
    workspace.params["set"] = {}
    both = ModelTraits(("graph", "flow"), ("u", "v"))
    for place in ("wiring", "signals_config", "select", "experiment"):
        monkeypatch.setattr(f"mmer.stages.{place}.model_traits", lambda node: both)
    workspace.run("inputs")
    samples = load_experiment("motion").samples
    assert set(samples.streams) == {"graph", "flow"}
    assert samples.streams["flow"].shape == (12, 2, 24, 24)
    assert samples.present["flow"].all()
    assert not samples.present["graph"].any()
    assert samples.node_names
    inputs = json.loads(Path("artifacts/inputs.json").read_text())["motion"]["artifacts"]
    assert {Path(path).parts[1] for path in inputs} == {"clips", "graphs", "motion"}


def test_a_graph_model_reads_no_motion_file(workspace):
    write_lab()
    workspace.params["experiments"]["motion"] = {"datasets": ["lab"], "model": "logreg"}
    workspace.params["set"] = {}
    workspace.run("inputs")
    Path("artifacts/motion/lab.npz").unlink()
    assert set(load_experiment("motion").samples.streams) == {"graph"}


def test_what_a_model_does_not_read_is_no_part_of_its_experiment(workspace, caplog):
    _, graph, _ = config("gcn")
    assert {"nodes", "edges", "loss", "graph"} <= set(graph)
    assert "motion_scaling" not in graph
    out, flow, inputs = config("svm_rbf")
    assert not {"nodes", "edges", "loss", "graph"} & set(flow)
    assert flow["motion_scaling"]["name"] == "none"
    assert out["datasets"]["lab"]["graphs"] == {}
    assert {"mmer.models.svm_rbf", "mmer.training.motion_scaling.none"} <= set(inputs["modules"])
    assert not caplog.records


def test_a_choice_without_effect_is_said(workspace, caplog):
    with caplog.at_level(logging.WARNING, "mmer"):
        config("gcn", motion_scaling="median_rms")
        config("svm_rbf", loss="cross_entropy", nodes="landmarks")
    said = [record.getMessage() for record in caplog.records]
    assert [text.split("`")[1] for text in said] == ["motion_scaling", "nodes", "loss"]
    assert "experiments.a" in said[0]
    assert "gcn" in said[0]


@pytest.mark.parametrize("name", options("model"))
def test_traits_read_from_the_source_are_the_classs_own(name):
    node = read_option("model", name, Path(__file__).parents[2] / "conf")
    traits, cls = model_traits(node), target_class(node)
    assert traits.streams == tuple(node["stream"] if name == "{stream}" else name for name in cls.streams)
    assert traits.channels == getattr(cls, "channels", ())
    assert traits.classical == getattr(cls, "classical", False)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("class Odd:\n    pass", ["streams = ('graph',)"]),
        ("class Odd:\n    streams = tuple(['flow'])", ["`streams`", "literal"]),
        ("class Other:\n    streams = ('flow',)", ["no class 'Odd'"]),
    ],
)
def test_a_class_that_does_not_say_what_it_needs(tmp_path, monkeypatch, body, words):
    (tmp_path / "mmer").mkdir()
    (tmp_path / "mmer/odd.py").write_text(body)
    monkeypatch.setattr("mmer.stages.code.ROOT", tmp_path)
    with pytest.raises(InputError) as caught:
        model_traits({"_target_": "mmer.odd.Odd"})
    for word in words:
        assert word in str(caught.value)
    with pytest.raises(InputError, match=r"no module 'mmer\.nothing'"):
        model_traits({"_target_": "mmer.nothing.Odd"})


def test_samples_of_a_model_without_motion_do_not_name_channels(workspace):
    write_lab()
    workspace.params["experiments"]["points"] = {"datasets": ["lab"], "model": "logreg"}
    workspace.run("inputs")
    resolved = load_experiment("points").config
    assert "channels" not in experiment_samples(resolved).about
