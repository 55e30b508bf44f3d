"""What a person writes of signals and fusion, and what comes of it; signals of corpora that lack them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from mmer.signals.signal import Cut
from mmer.stages import paths
from mmer.stages.config import resolve
from mmer.stages.fused import face_of, modules_of
from mmer.stages.model_traits import model_traits
from mmer.stages.signal_key import signal_key
from mmer.stages.signal_samples import as_samples, no_cut
from mmer.stages.signal_streams import signal_parts
from mmer.types.errors import InputError
from mmer.types.samples import Samples
from mmer.types.signal_window import SignalLayout

ROOT = Path(__file__).parents[2]
FUSED = {"signals": ["eeg", "ecg"], "fusion": "gated"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    (tmp_path / "conf").symlink_to(ROOT / "conf")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def resolved(entry, leaves=None, datasets=("casme2",)):
    return resolve(
        {
            "datasets": {name: {} for name in datasets},
            "use": {},
            "experiments": {"x": {"datasets": list(datasets)} | entry},
            "set": {"experiments": {"x": leaves or {}}},
        }
    )


def test_an_experiment_without_signals_has_no_trace_of_them():
    out = resolved({})
    assert not {"signals", "fusion", "face", "encoders"} & set(out["experiments"]["x"])
    assert out["datasets"]["casme2"]["signals"] == {}
    assert out["datasets"]["casme2"]["recordings"]["name"] == "constant"
    assert resolved({"fusion": "none"}) == out


def test_a_fused_experiment_is_one_model_of_branches():
    leaves = {
        "model": {"hidden": 7, "epochs": 5, "patience": 3},
        "fusion": {"width": 9},
        "encoders": {"eeg": {"dropout": 0.1}},
        "signals": {"eeg": {"low": 2.0}},
    }
    out = resolved(FUSED, leaves)
    experiment = out["experiments"]["x"]
    model = experiment["model"]
    assert set(experiment["signals"]) == {"eeg", "ecg"}
    assert experiment["signals"]["eeg"]["low"] == 2.0
    assert list(model["branches"]) == ["face", "eeg", "ecg"]
    assert (model["branches"]["face"]["name"], model["branches"]["face"]["hidden"]) == ("gcn", 7)
    assert (model["branches"]["eeg"]["name"], model["branches"]["eeg"]["stream"]) == ("eegnet", "eeg")
    assert (model["branches"]["ecg"]["name"], model["branches"]["ecg"]["stream"]) == ("signal_cnn", "ecg")
    assert model["branches"]["eeg"]["dropout"] == 0.1
    assert (model["fusion"]["name"], model["fusion"]["width"]) == ("gated", 9)
    assert (model["epochs"], model["patience"], model["modality_dropout"]) == (5, 3, 0.2)
    assert not {"epochs", "lr"} & {key for branch in model["branches"].values() for key in branch}
    traits = model_traits(model)
    assert (traits.streams, traits.signals) == (("graph", "eeg", "ecg"), ("eeg", "ecg"))
    assert traits.reads_graph
    assert not traits.reads_motion
    assert face_of(model) is model["branches"]["face"]
    assert {"mmer.models.fused", "mmer.models.gcn", "mmer.models.eegnet", "mmer.models.fusion.gated"} < set(
        modules_of(model)
    )


def test_the_inputs_of_an_experiment_name_its_signals_and_their_code():
    out = resolved(FUSED, datasets=("casme2", "samm"))
    keys = {signal_key(node) for node in out["experiments"]["x"]["signals"].values()}
    for dataset in ("casme2", "samm"):
        assert set(out["datasets"][dataset]["signals"]) == keys
        assert {paths.signal(dataset, key).as_posix() for key in keys} < set(out["inputs"]["x"]["artifacts"])
    wanted = {"mmer.signals.raw", "mmer.models.eegnet", "mmer.models.fusion.gated", "mmer.stages.evaluate"}
    assert wanted < set(out["inputs"]["x"]["modules"])


def test_which_model_reads_a_signal_cuts_nothing_anew():
    same, other = resolved(FUSED), resolved(FUSED, {"signals": {"eeg": {"encoder": "signal_cnn"}}})
    assert same["datasets"] == other["datasets"]
    assert same["experiments"] != other["experiments"]
    assert resolved(FUSED, {"signals": {"eeg": {"low": 2.0}}})["datasets"] != same["datasets"]


def test_a_model_of_the_only_signal_reads_it():
    experiment = resolved({"signals": ["ecg"], "model": "signal_cnn"}, {"model": {"epochs": 4}})["experiments"]["x"]
    assert list(experiment["model"]["branches"]) == ["ecg"]
    assert (experiment["model"]["name"], experiment["model"]["epochs"]) == ("signal_cnn", 4)
    assert model_traits(experiment["model"]).streams == ("ecg",)
    assert not {"nodes", "edges"} & set(experiment)


def test_without_the_face_the_first_encoder_says_how_to_train():
    experiment = resolved(FUSED | {"face": False}, {"model": {"epochs": 4}})["experiments"]["x"]
    recipe = yaml.safe_load((ROOT / "conf/model/eegnet.yaml").read_text())
    assert list(experiment["model"]["branches"]) == ["eeg", "ecg"]
    assert (experiment["model"]["epochs"], experiment["model"]["lr"]) == (4, recipe["lr"])
    assert "nodes" not in experiment


@pytest.mark.parametrize(
    ("entry", "leaves", "said"),
    [
        ({"signals": ["eegg"]}, {}, r"conf/signal has no 'eegg'; did you mean 'eeg'"),
        ({"signals": ["eeg", "eeg"], "fusion": "late"}, {}, "each once"),
        ({"signals": ["eeg"], "fusion": "latte"}, {}, r"conf/fusion has no 'latte'; did you mean 'late'"),
        ({"fusion": "late"}, {}, r"fusion 'late' needs `signals"),
        ({"signals": ["eeg"]}, {}, r"nothing reads the signal 'eeg': the model 'gcn' reads none; choose a `fusion`"),
        ({"signals": ["eeg", "ecg"], "model": "eegnet"}, {}, "nothing reads the signal 'ecg'"),
        ({"model": "eegnet"}, {}, "reads the signal 'eeg', and `signals` has none"),
        ({"signals": ["eeg"], "face": False}, {}, "choose a `fusion` too"),
        ({"signals": ["eeg"], "face": "no", "fusion": "late"}, {}, "expected true or false"),
        ({"signals": ["eeg"], "fusion": "late", "model": "eegnet"}, {}, "the model is that of the face"),
        ({"signals": ["eeg"], "fusion": "late", "model": "svm_linear"}, {}, "cannot be fused; choose a network"),
        ({}, {"signals": {"eeg": {"low": 1.0}}}, "the experiment has no signals"),
        (FUSED, {"signals": {"egg": {"low": 1.0}}}, r"unknown key 'egg'; did you mean 'eeg'"),
        (FUSED, {"signals": {"eeg": {"lo": 1.0}}}, r"signals\.eeg: unknown key 'lo'"),
        (FUSED, {"signals": {"eeg": {"encoder": "gcn"}}}, "the model 'gcn' reads no signal"),
        (FUSED, {"signals": {"eeg": {"encoder": "eegnett"}}}, "conf/model has no 'eegnett'"),
        (FUSED, {"encoders": {"eeg": {"epochs": 3}}}, r"encoders\.eeg: unknown key 'epochs'"),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(entry, leaves, said):
    with pytest.raises(InputError, match=said):
        resolved(entry, leaves)


def test_a_signal_of_a_class_outside_mmer_is_refused(folder):
    (folder / "conf").unlink()
    shutil.copytree(ROOT / "conf", folder / "conf")
    (folder / "conf/signal/evil.yaml").write_text("_target_: os.system\nname: evil\ncommand: 'true'\n")
    with pytest.raises(InputError, match=r"os\.system.*outside mmer"):
        resolved({"signals": ["evil"], "fusion": "late"})


LAYOUT = SignalLayout(("C3", "C4"), sfreq=100.0)
NODE = {"name": "eeg"}


def stored(dataset, samples):
    path = paths.signal(dataset, signal_key(NODE))
    path.parent.mkdir(parents=True)
    samples.save(path)
    paths.signal_notes(dataset, signal_key(NODE)).write_text('{"missing": {"b/1": "no recording"}, "notes": []}')


def test_a_stream_has_zeros_where_a_clip_lacks_it():
    samples = as_samples("eeg", Cut({"a/2": np.ones((2, 5))}, LAYOUT, {"a/1": "too short"}), ["a/2", "a/1"])
    assert samples.clip_ids == ("a/1", "a/2")
    assert samples.present["eeg"].tolist() == [False, True]
    assert samples.streams["eeg"].sum((1, 2)).tolist() == [0, 10]
    with pytest.raises(InputError, match="a/1 neither have it nor a reason"):
        as_samples("eeg", Cut({"a/2": np.ones((2, 5))}, LAYOUT), ["a/2", "a/1"])
    with pytest.raises(InputError, match="differ in shape"):
        as_samples("eeg", Cut({"a/2": np.ones((2, 5)), "a/1": np.ones((2, 4))}, LAYOUT), ["a/2", "a/1"])


def test_a_corpus_without_recordings_goes_beside_one_that_has_them():
    stored("a", as_samples("eeg", Cut({"a/1": np.ones((2, 5))}, LAYOUT), ["a/1"]))
    stored("b", as_samples("eeg", no_cut(["b/1"], "no recording"), ["b/1"]))
    whole = Samples.concatenate(signal_parts("eeg", NODE, ["a", "b"]))
    assert whole.present["eeg"].tolist() == [True, False]
    assert whole.streams["eeg"].shape == (2, 2, 5)
    assert whole.signals["eeg"] == LAYOUT
    with pytest.raises(InputError, match=r"no clip of b has it: no recording \(see artifacts/signals/b/"):
        signal_parts("eeg", NODE, ["b"])
