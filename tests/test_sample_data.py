"""The sample data behind data.dvc: what it holds, what it weighs, and how hard it is."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mmer.stages.build import build, read_option
from mmer.types.face_track import FaceTrack
from mmer.types.frames import Frames

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert Path("data").is_dir(), "the sample data is missing: dvc pull data"


def clips_of(name):
    node = read_option("dataset", {"videos": "manifest", "physio": "manifest"}.get(name, name))
    return build(node | {"root": f"data/{name}", "name": name})


def test_it_weighs_at_most_20_mb_in_git():
    blobs = [path for path in Path("datastore").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in blobs) < 20e6
    assert yaml.safe_load(Path("data.dvc").read_text())["outs"][0]["size"] < 20e6


CORPORA = [("casme2", 12, 72), ("samm", 12, 72), ("videos", 4, 16), ("physio", 12, 48)]


@pytest.mark.parametrize(("name", "subjects", "clips"), CORPORA)
def test_it_holds_four_corpora(name, subjects, clips):
    table = clips_of(name).clips()
    assert (table.subject.nunique(), len(table)) == (subjects, clips)
    assert table.emotion.nunique() >= 4
    frames = Frames.open(table.frames[0]).between(table.onset[0], table.offset[0])
    assert 16 <= len(frames.numbers) <= 32
    height, width, _ = frames.read(frames.numbers[0]).shape
    assert 112 <= height == width <= 144
    assert (Path("data") / name / "SYNTHETIC.txt").is_file()


@pytest.mark.parametrize("name", ["casme2", "samm"])
def test_logistic_regression_on_the_shipped_action_units_is_neither_chance_nor_perfect(name):
    table = clips_of(name).clips()
    classes = build(read_option("labels", "megc3")).assign(table)
    table = table[classes[table.clip_id].notna().to_numpy()]
    x = []
    for path in table.tracks:
        units = FaceTrack.load(path).action_units
        x.append(np.concatenate([units.mean(0), units.max(0)]))
    truth = classes[table.clip_id].astype(str).to_numpy()
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=2000))
    predicted = cross_val_predict(model, np.stack(x), truth, groups=table.subject.to_numpy(), cv=LeaveOneGroupOut())
    assert 0.5 <= f1_score(truth, predicted, average="macro") <= 0.75


def test_the_committed_results_beat_draws_from_the_prior():
    metrics = json.loads(Path("artifacts/metrics.json").read_text())
    assert set(metrics) == set(yaml.safe_load(Path("params.yaml").read_text())["experiments"])
    for name, numbers in metrics.items():
        score = "uf1" if "uf1" in numbers else "macro_f1"
        assert numbers[score] > numbers["baselines"]["prior"][score], name
