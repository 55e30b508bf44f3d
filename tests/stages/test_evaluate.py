"""What an experiment leaves behind: predictions, baselines, folds, ledger and fingerprint agree with each other."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmer.stages.code import file_digest
from mmer.stages.executor import executor
from mmer.stages.experiment import load_experiment
from mmer.synthetic.release import write_release
from mmer.types.fingerprint import Fingerprint, split_hash
from mmer.types.predictions import load_predictions
from mmer.types.saw import Saw
from workspace import Workspace

EXPERIMENTS = {
    "loso": {"datasets": ["casme2"], "model": "gcn", "nodes": "action_units", "edges": "au_probability"},
    "repeated": {
        "datasets": ["casme2"],
        "model": "logreg",
        "nodes": "eyebrow_mouth",
        "edges": "anatomical",
        "protocol": "holdout_80_20",
        "seeds": [0, 4],
    },
    "units": {
        "datasets": ["casme2", "samm"],
        "model": "logreg",
        "nodes": "landmarks",
        "edges": "nearest",
        "labels": "cd6me_aus",
        "protocol": "leave_one_corpus_out",
        "loss": "weighted_bce",
    },
}


@pytest.fixture(scope="module", autouse=True)
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workspace")
    before = Path.cwd()
    workspace = Workspace(folder)
    for name in ("casme2", "samm"):
        write_release(name, folder / "data" / name, subjects=5, clips=5, seed=1, preset="easy", size=64, processes=1)
    workspace.params["datasets"] = {"casme2": {}, "samm": {}}
    workspace.params["experiments"] = EXPERIMENTS
    few = {"model": {"epochs": 2}}
    workspace.params["set"] = {
        "experiments": {
            "loso": few,
            "repeated": few | {"protocol": {"repeats": 3}},
            "units": few | {"labels": {"units": ["AU12", "AU04"]}},
        }
    }
    os.chdir(folder)
    try:
        workspace.run("evaluate")
        yield workspace
    finally:
        os.chdir(before)


def trained(name):
    return Path("artifacts/training") / name


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_predictions_and_baselines_are_of_the_same_rows(name):
    keys = ["repeat", "fold", "clip_id", "target", "truth"]
    predictions = load_predictions(f"artifacts/predictions/{name}.parquet")
    seeds = [part[keys].reset_index(drop=True) for _, part in predictions.groupby("seed")]
    assert len(seeds) == (2 if name == "repeated" else 1)
    rows = seeds[0]
    assert all(part.equals(rows) for part in seeds)
    kinds = {path.stem: path for path in (trained(name) / "baselines").glob("*.parquet")}
    wanted = {"majority", "prior", "constant"} if name == "units" else {"majority", "prior", "au_prior"}
    assert set(kinds) == wanted | ({"au_prior_oracle"} if name != "units" else set())
    for path in kinds.values():
        for _, part in load_predictions(path).groupby("seed"):
            pd.testing.assert_frame_equal(part[keys].reset_index(drop=True), rows)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_ledger_saw_the_training_clips_of_its_fold_and_nothing_else(name):
    ledger = pd.read_parquet(trained(name) / "ledger.parquet")
    splits = pd.read_parquet(trained(name) / "splits.parquet")
    train = splits[splits.side == "train"].groupby("fold").clip_id.agg(set)
    assert set(ledger.fitted) == {"scaler", "loss", "weights", "edge_weight"}
    seeds = {0, 4} if name == "repeated" else {0}
    assert set(ledger.seed) == set(pd.read_parquet(trained(name) / "curves.parquet").seed) == seeds
    assert len(ledger) == 4 * len(train) * len(seeds)
    assert ledger.groupby("fold").repeat.unique().map(list).to_dict() == {
        fold: [repeat] for fold, repeat in splits.groupby("fold").repeat.first().items()
    }
    for row in ledger.itertuples():
        assert set(row.clip_ids) == train[row.fold]
    tested = load_predictions(f"artifacts/predictions/{name}.parquet").groupby("fold").clip_id.agg(set)
    assert tested.to_dict() == splits[splits.side == "test"].groupby("fold").clip_id.agg(set).to_dict()


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_fingerprint_says_what_was_run(name):
    fingerprint = Fingerprint.load(trained(name) / "fingerprint.json")
    predictions = load_predictions(f"artifacts/predictions/{name}.parquet")
    splits = pd.read_parquet(trained(name) / "splits.parquet")
    experiment = load_experiment(name)
    assert fingerprint.splits == split_hash(experiment.splits)
    assert fingerprint.folds == splits.fold.nunique() == predictions.fold.nunique()
    assert fingerprint.repeats == (3 if name == "repeated" else 1)
    assert fingerprint.clips == splits.clip_id.nunique()
    assert fingerprint.corpora["casme2"]["files"] == {
        name: file_digest(f"data/casme2/{name}")
        for name in ("CASME2-coding-20140508.xlsx", "CASME2-ObjectiveClasses.xlsx")
    }
    assert sum(part["clips"] for part in fingerprint.corpora.values()) == fingerprint.clips
    if name == "units":
        present = predictions[predictions.truth == "present"].groupby("target").size()
        assert fingerprint.classes == {"AU12": present["AU12"], "AU04": present["AU04"]}
        assert list(fingerprint.classes) == ["AU12", "AU04"]
    elif name == "loso":
        assert fingerprint.classes == predictions.truth.value_counts()[list(fingerprint.classes)].to_dict()
    assert (fingerprint.device, fingerprint.precision) == ("cpu", "float32")


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_what_models_saw_is_kept_by_clip_and_node_name(name):
    saw, predictions = Saw.load(trained(name) / "saw.npz"), load_predictions(f"artifacts/predictions/{name}.parquet")
    runs = predictions[["seed", "repeat", "fold"]].drop_duplicates().itertuples(index=False, name=None)
    assert set(saw.clip_ids) == set(predictions.clip_id)
    assert sorted(saw.runs) == sorted(runs)
    gradient = next(view for view in saw.views if view.kind == "gradient")
    assert gradient.names == saw.node_names == load_experiment(name).samples.node_names
    assert set(saw.table(gradient).node) == set(saw.node_names)
    assert (gradient.values > 0).any(1).all()
    assert (np.ptp(saw.edge_weight, axis=0) > 0).any() == (name == "loso")  # fitted in each fold


def test_the_fingerprint_of_a_machine_with_another_device_has_the_same_config(workspace):
    """And so if what models saw is not kept."""
    before = json.loads((trained("loso") / "fingerprint.json").read_text())
    stored = Path("artifacts/predictions/loso.parquet").read_bytes()
    workspace.params["experiments"]["loso"] |= {"device": "cpu", "saw": False}
    workspace.params["set"]["experiments"]["units"]["model"] = {"epochs": 3}
    for command in (("config",), ("inputs",), ("evaluate", "loso"), ("evaluate", "units")):
        assert workspace.mmer(*command) == 0
    assert json.loads((trained("loso") / "fingerprint.json").read_text()) == before
    assert not (trained("loso") / "saw.npz").exists()
    assert Path("artifacts/predictions/loso.parquet").read_bytes() == stored


def test_a_repeated_hold_out_tests_clips_again_only_in_another_repeat():
    predictions = load_predictions("artifacts/predictions/repeated.parquet")
    assert set(predictions.repeat) == {0, 1, 2}
    assert not predictions.duplicated(["seed", "repeat", "clip_id"]).any()


def test_an_emotion_loss_on_units_is_refused(workspace, capsys):
    workspace.params["experiments"]["units"]["loss"] = "cross_entropy"
    assert workspace.mmer("config") == workspace.mmer("inputs") == 0
    assert workspace.mmer("evaluate", "units") == 2
    assert "weighted_bce" in capsys.readouterr().err


@pytest.mark.parametrize(
    "choice",
    [
        "serial",
        pytest.param("{name: processes, workers: 2}", marks=pytest.mark.all),  # workers that import torch
        pytest.param("{name: dask_local, processes: 2}", marks=pytest.mark.all),
    ],
)
def test_every_executor_leaves_the_same_bytes(workspace, monkeypatch, choice):
    left = [Path("artifacts/motion/casme2.npz"), Path("artifacts/predictions/repeated.parquet")]
    before = [path.read_bytes() for path in left]
    monkeypatch.setenv("MMER_EXECUTOR", choice)
    shutil.rmtree(".mmer/cache/folds")
    for path in left:
        path.unlink()
    try:
        assert workspace.mmer("motion", "casme2") == 0
        assert workspace.mmer("evaluate", "repeated") == 0
    finally:
        getattr(executor(), "close", int)()
    assert [path.read_bytes() for path in left] == before
