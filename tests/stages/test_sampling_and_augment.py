"""Sampling and augmentation as choices of an experiment: from params.yaml to the ledger."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmer.stages.config import resolve
from mmer.stages.experiment import load_experiment
from mmer.types.errors import InputError
from workspace import Workspace

EMOTIONS = ("happiness", "disgust", "surprise")


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A lab's csv and arrays of motion; one network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mmer.stages.parallel.cores", lambda: 1)
    lab, rng = tmp_path / "data/lab", np.random.default_rng(0)
    lab.mkdir(parents=True)
    lines = ["clip,subject,emotion,motion"]
    for person in range(3):
        for number, emotion in enumerate(EMOTIONS):
            np.save(lab / f"p{person}_{number}.npy", rng.normal(size=(3, 16, 16)).astype(np.float32))
            lines.append(f"c{number},p{person},{emotion},p{person}_{number}.npy")
    (lab / "manifest.csv").write_text("\n".join(lines) + "\n")
    workspace = Workspace(tmp_path)
    workspace.params["datasets"] = {"lab": {"dataset": "manifest", "motion": "precomputed"}}
    workspace.params["experiments"] = {"one": {"datasets": ["lab"], "experiment": "ststnet_demo", "protocol": "loso"}}
    workspace.params["set"] = {"experiments": {"one": {"model": {"epochs": 2}}}}
    return workspace


def test_an_experiment_is_sampled_and_augmented_as_it_says(workspace, caplog):
    workspace.params["experiments"]["one"] |= {"sampling": "subject_balanced", "augment": "all"}
    workspace.params["set"]["experiments"]["one"]["augment"] = {"rotate": 7.0}
    workspace.run("evaluate")
    task = load_experiment("one").task(0)
    assert (task.sampling.name, task.augment.name, task.augment.rotate) == ("subject_balanced", "all", 7.0)
    assert task.augment.amplify == (0.7, 1.5)
    ledger = pd.read_parquet("artifacts/training/one/ledger.parquet")
    assert set(ledger.fitted) == {"scaler", "loss", "sampling", "weights"}
    assert sum("WeightedCrossEntropy and the sampling subject_balanced" in text for text in caplog.messages) == 1
    assert Path("artifacts/predictions/one.parquet").is_file()


def test_neighbours_that_the_corpus_does_not_have_are_refused(workspace, capsys):
    workspace.params["set"]["experiments"]["one"]["augment"] = {"neighbours": True}
    assert "neighbours` of the motion" in workspace.stops(capsys)


@pytest.mark.parametrize(("group", "choice"), [("sampling", "balanced"), ("augment", "flip")])
def test_a_model_that_is_fitted_in_one_go_has_neither(group, choice):
    def config(model, **choices):
        params = {"datasets": {"lab": {"dataset": "manifest"}}, "use": {}, "set": {}}
        experiment = {"datasets": ["lab"], "model": model, **choices}
        return resolve(params | {"experiments": {"a": experiment}})["experiments"]["a"]

    with pytest.raises(InputError, match=rf"experiments\.a: {group} '{choice}' is for networks.*'svm_rbf'.*{group}: "):
        config("svm_rbf", **{group: choice})
    assert group not in config("svm_rbf")
    assert config("ststnet", **{group: choice})[group]["name"] == choice
    assert config("ststnet")[group]["name"] in ("natural", "none")
