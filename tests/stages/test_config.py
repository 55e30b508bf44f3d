"""The config stage: what a person writes in params.yaml and conf/, and what comes of it."""

import copy
import shutil
from pathlib import Path

import pytest
import yaml

from mmer.stages.config import read_params, resolve
from mmer.types.errors import InputError

ROOT = Path(__file__).parents[2]
PARAMS = {
    "datasets": {"casme2": {}, "samm": {}, "lab": {"dataset": "manifest", "faces": "openface_csv"}},
    "use": {"faces": "shipped", "motion": "optical_flow"},
    "experiments": {
        "a": {"datasets": ["casme2"], "model": "gcn", "nodes": "action_units", "edges": "au_probability"},
        "b": {"datasets": ["casme2", "samm"], "model": "graph_tcn", "nodes": "eyebrow_mouth", "edges": "anatomical"},
    },
    "set": {},
}


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A folder with a copy of conf/ to edit."""
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def changed(**parts):
    return copy.deepcopy(PARAMS) | parts


def test_sections_hold_the_choices(workspace):
    out = resolve(PARAMS)
    assert out["experiments"]["a"]["model"]["name"] == "gcn"
    assert out["experiments"]["b"]["model"]["name"] == "graph_tcn"
    assert out["datasets"]["casme2"]["faces"]["name"] == "shipped"
    assert out["datasets"]["lab"]["faces"]["name"] == "openface_csv"


def test_a_labs_own_corpus_takes_its_name_from_the_entry(workspace):
    out = resolve(PARAMS)["datasets"]
    assert out["lab"]["dataset"]["name"] == "lab"
    assert out["lab"]["dataset"]["root"] == "data/lab"
    assert out["casme2"]["dataset"]["root"] == "data/casme2"


def test_a_published_corpus_keeps_its_name_under_any_entry(workspace):
    out = resolve(changed(datasets={**PARAMS["datasets"], "cropped": {"dataset": "casme2"}}))["datasets"]
    assert (out["cropped"]["dataset"]["name"], out["cropped"]["dataset"]["root"]) == ("casme2", "data/cropped")


def test_an_edit_in_conf_changes_only_the_experiments_that_use_it(workspace):
    before = resolve(PARAMS)
    path = workspace / "conf/model/gcn.yaml"
    node = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(node | {"lr": node["lr"] * 2}))
    after = resolve(PARAMS)
    assert after["experiments"]["a"] != before["experiments"]["a"]
    assert after["experiments"]["b"] == before["experiments"]["b"]
    assert after["datasets"] == before["datasets"]
    assert after["inputs"] == before["inputs"]


def test_a_new_dataset_changes_no_other_section(workspace):
    fewer = changed(datasets={name: PARAMS["datasets"][name] for name in ("casme2", "samm")})
    before, after = resolve(fewer), resolve(PARAMS)
    assert after["experiments"] == before["experiments"]
    assert {name: after["datasets"][name] for name in before["datasets"]} == before["datasets"]
    assert after["datasets"]["lab"]["graphs"] == {}


def test_a_dataset_builds_only_the_graphs_that_its_experiments_ask_for(workspace):
    out = resolve(PARAMS)
    assert set(out["datasets"]["samm"]["graphs"]) == {out["experiments"]["b"]["graph"]}
    assert set(out["datasets"]["casme2"]["graphs"]) == {out["experiments"][name]["graph"] for name in "ab"}


def test_single_values(workspace):
    out = resolve(
        changed(set={"experiments": {"a": {"model": {"hidden": 7}}}, "datasets": {"samm": {"motion": {"size": 96}}}})
    )
    assert out["experiments"]["a"]["model"]["hidden"] == 7
    assert out["datasets"]["samm"]["motion"]["size"] == 96
    assert out["datasets"]["casme2"]["motion"]["size"] != 96


def test_a_recipe_is_chosen_like_any_group(workspace):
    (workspace / "conf/experiment").mkdir(exist_ok=True)
    text = """\
# @package _global_
defaults:
  - override /model: graph_tcn
  - override /loss: cross_entropy
model:
  epochs: 3
"""
    (workspace / "conf/experiment/paper.yaml").write_text(text)
    out = resolve(changed(experiments={"a": {"datasets": ["casme2"], "experiment": "paper"}}))["experiments"]["a"]
    assert (out["model"]["name"], out["model"]["epochs"], out["loss"]["name"]) == ("graph_tcn", 3, "cross_entropy")


def test_order_in_params_does_not_matter(workspace):
    turned = {section: dict(reversed(list(entries.items()))) for section, entries in PARAMS.items()}
    assert yaml.safe_dump(resolve(turned), sort_keys=True) == yaml.safe_dump(resolve(PARAMS), sort_keys=True)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"experiments": {"a": {"datasets": ["casme2"], "modell": "gcn"}}}, ["experiments.a", "'modell'", "'model'"]),
        ({"experiments": {"a": {"datasets": ["casme2"], "model": "gnc"}}}, ["experiments.a", "'gnc'", "'gcn'"]),
        ({"experiments": {"a": {"datasets": ["casme3"]}}}, ["experiments.a.datasets", "'casme3'", "'casme2'"]),
        ({"experiments": {"a": {"model": "gcn"}}}, ["experiments.a", "datasets"]),
        ({"experiments": {"a": {"datasets": []}}}, ["experiments.a.datasets"]),
        ({"datasets": {"casme2": {"face": "shipped"}}}, ["datasets.casme2", "'face'", "'faces'"]),
        ({"datasets": {"casme22": {}}}, ["datasets.casme22", "'casme22'", "'casme2'"]),
        ({"use": {"fases": "shipped"}}, ["use.fases", "'faces'"]),
        ({"set": {"experiments": {"a": {"model": {"hiden": 3}}}}}, ["set.experiments.a.model", "'hiden'", "'hidden'"]),
        ({"set": {"experiments": {"a": {"model": {"hidden": "many"}}}}}, ["set.experiments.a.model.hidden", "'many'"]),
        ({"set": {"experiments": {"a": {"seeds": 3}}}}, ["set.experiments.a.seeds", "list"]),
        ({"experiments": {"a": {"datasets": ["casme2"], "seeds": []}}}, ["experiments.a.seeds", "[]"]),
        ({"experiments": {"a": {"datasets": ["casme2"], "seeds": [0, 0]}}}, ["experiments.a.seeds", "each once"]),
        ({"experiments": {"a": {"datasets": ["casme2"], "seeds": [True]}}}, ["experiments.a.seeds", "whole numbers"]),
        ({"experiments": {"a": {"datasets": ["casme2"], "device": "gpu"}}}, ["experiments.a.device", "'gpu'", "cuda"]),
        ({"experiments": {"a": {"datasets": [["casme2"]]}}}, ["experiments.a.datasets", "[['casme2']]"]),
        ({"experiments": {"a": {"datasets": ["casme2"], "mix_backends": "yes"}}}, ["mix_backends", "true or false"]),
        ({"experiments": {"a": {"datasets": ["casme2"], "saw": 1}}}, ["saw", "true or false"]),
        ({"set": {"experiments": {"a": {"model": {"_target_": "os.system"}}}}}, ["experiments.a", "outside mmer"]),
        ({"set": {"experiments": {"a": {"model": {"optimizer": "${adm}"}}}}}, ["experiments.a", "'adm'"]),
    ],
)
def test_a_misspelt_word_stops_with_its_place_and_the_nearest(workspace, parts, words):
    with pytest.raises(InputError) as caught:
        resolve(changed(**parts))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("datasts: {}", ["'datasts'", "'datasets'"]),
        ("experiments: {GCN-1: {}}", ["GCN-1", "a-z"]),
        ("experiments: {a: {}}\nset: {experiments: {b: {}}}", ["set.experiments.b", "Valid: a"]),
        ("set: {experiment: {}}", ["set.experiment", "experiments"]),
        ("datasets: [", ["not valid yaml"]),
        ("3", ["not valid yaml"]),
        ("[datasets]", ["must be a mapping", "['datasets']"]),
        ("datasets: [casme2]", ["datasets must be a mapping", "['casme2']"]),
        ("use: shipped", ["use must be a mapping", "'shipped'"]),
        ("set: {experiments: [a]}", ["set.experiments must be a mapping", "['a']"]),
        ("datasets: {1: {dataset: manifest}}", ["datasets.1", "quotes"]),
        (f"experiments: {{{'e' * 300}: {{}}}}", ["at most 64"]),
        ("datasets: !!python/object/apply:os.getcwd []", ["not valid yaml", "python/object"]),
    ],
)
def test_params_that_cannot_be_read(tmp_path, text, words):
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_params(path)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"hidden: [1", ["gcn.yaml", "line 1"]),
        (b"a: !!python/object/apply:os.getcwd []", ["gcn.yaml", "python/object"]),
        (b"a: \xe9", ["utf-8"]),
        (b"", ["conf/model", "_target_"]),
        (b"- gcn", ["conf/model", "_target_"]),
        (b"# @package _global_\nhidden: 3", ["conf/model", "_target_"]),
    ],
)
def test_a_file_in_conf_that_is_no_component(workspace, text, words):
    (workspace / "conf/model/gcn.yaml").write_bytes(text)
    with pytest.raises(InputError) as caught:
        resolve(PARAMS)
    for word in ("experiments.a", *words):
        assert word in str(caught.value)


def test_outside_the_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"no params\.yaml here; run the command in the root of the repository"):
        read_params()
    with pytest.raises(InputError, match="no folder conf here"):
        resolve(PARAMS)


def test_the_committed_config_is_what_params_and_conf_say(monkeypatch):
    monkeypatch.chdir(ROOT)
    fresh = yaml.safe_dump(resolve(read_params()), sort_keys=True, width=120)
    assert Path("artifacts/config.yaml").read_text() == fresh, "run `dvc repro config` and commit artifacts/config.yaml"


def test_at_most_eight_experiments(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert len(read_params()["experiments"]) <= 8
