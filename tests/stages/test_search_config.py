"""conf/search: what a person writes, and refusals before anything runs."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from mmer.stages.build import options
from mmer.stages.config import parse_params, resolve
from mmer.stages.overrides import apply, parse
from mmer.stages.search_config import Plan
from mmer.types.errors import InputError

ROOT = Path(__file__).parents[2]
BASE = {"datasets": ["casme2"], "labels": "megc3", "protocol": "loso", "model": "gcn"}
SPACE = {
    "model.lr": {"type": "float", "low": 0.001, "high": 0.1, "log": True},
    "loss": {"type": "categorical", "choices": ["cross_entropy", "focal"]},
    "loss.gamma": {"type": "float", "low": 0.5, "high": 5.0, "when": {"loss": "focal"}},
}
MINE = {"base": BASE, "set": {"model": {"epochs": 3}}, "space": SPACE}
PARAMS = {"datasets": {"casme2": {}}, "use": {"faces": "shipped", "motion": "optical_flow"}}


@pytest.fixture(scope="module")
def conf(tmp_path_factory):
    folder = tmp_path_factory.mktemp("search")
    shutil.copytree(ROOT / "conf", folder / "conf")
    (folder / "params.yaml").write_text(yaml.safe_dump(PARAMS))
    return folder


@pytest.fixture
def folder(conf, monkeypatch):
    monkeypatch.chdir(conf)
    return conf


def write(parts, name="mine"):
    Path(f"conf/search/{name}.yaml").write_text(parts if isinstance(parts, str) else yaml.safe_dump(parts))


def read(parts):
    write(parts)
    return Plan.read("mine")


@pytest.mark.parametrize("name", options("search", ROOT / "conf"))
def test_every_search_of_the_repository_composes(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    plan = Plan.read(name)
    assert plan.search.name == name
    for example in plan.search.space.examples():
        assert plan.section(example)["protocol"] == plan.base["protocol"]


def test_pasted_behind_mmer_run_a_trial_makes_the_same_config(folder):
    plan = read(MINE)
    trial = ("loss=focal", "model.lr=0.0031", "loss.gamma=2.1", "model.hidden=16")
    entry, leaves = dict(BASE), {"model": {"epochs": 3}}
    apply(parse(trial), entry, lambda: leaves)
    params = PARAMS | {"experiments": {"x": entry}, "set": {"experiments": {"x": leaves}}}
    there = resolve(parse_params(yaml.safe_dump(params), Path("params.yaml")))["experiments"]["x"]
    assert plan.section(trial) == there
    assert there["loss"]["gamma"] == 2.1
    assert there["model"]["epochs"] == 3


def test_the_digest_is_of_what_gives_scores_their_meaning(folder):
    digest = read(MINE).digest
    assert read(MINE | {"generation": 3, "storage": {"url": "journal"}}).digest == digest
    assert read(MINE | {"base": BASE | {"processes": 1, "device": "cpu"}}).digest == digest
    for change in (
        {"metric": "uar"},
        {"trials": 3},
        {"set": {"model": {"epochs": 4}}},
        {"inner": {"protocol": "loso"}},
    ):
        assert read(MINE | change).digest != digest


def space(**entries):
    return {"space": {key.replace("__", "."): entry for key, entry in entries.items()}}


def choices(*words, **more):
    return {"type": "categorical", "choices": list(words), **more}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (space(model__lrr={"type": "float", "low": 0.1, "high": 1.0}), ["space: trial model.lrr=0.1", "'lrr'", "'lr'"]),
        (space(modell__lr={"type": "float", "low": 0.1, "high": 1.0}), ["space", "'modell.lr'", "'model'"]),
        (space(loss=choices("focal", "focl")), ["space: loss", "'focl'", "'focal'"]),
        (space(model__dropout={"type": "float", "low": 0.5, "high": 1.5}), []),  # torch knows; at the start of a search
        (space(model__lr={"type": "float", "low": -1.0, "high": 1.0}), ["space: trial model.lr=-1.0", "lr must be"]),
        (space(model__optimizer=choices("adam", "adm")), ["space: trial model.optimizer=adm", "'adam'"]),
        (space(protocol=choices("loso", "kfold")), ["protocol is not searched"]),
        (space(protocol__k={"type": "int", "low": 2, "high": 5}), ["protocol.k is not searched"]),
        (space(experiment=choices("graph_tcn_demo", "zz")), ["conf/experiment has no 'zz'"]),
        ({"inner": {"protocol": "kfold", "k": 3}}, ["inner: kfold tests people that it trains on", "subject_kfold"]),
        ({"inner": {"protocol": "subject_kfold", "n": 3}}, ["inner", "'n'", "k"]),
        ({"inner": {"protocol": "subject_fold"}}, ["inner: conf/protocol has no 'subject_fold'", "'subject_kfold'"]),
        ({"inner": {"protocol": "subject_kfold", "k": 1}}, ["inner", "k"]),
        ({"base": BASE | {"protocol": "kfold"}}, ["base.protocol kfold tests people that it trains on"]),
        ({"base": BASE | {"datasets": ["casm2"]}}, ["base.datasets: 'casm2'", "'casme2'"]),
        ({"base": BASE | {"model": "gnc"}}, ["base: conf/model has no 'gnc'"]),
        ({"base": BASE | {"seeds": [1]}}, ["base.seeds"]),
        ({"base": BASE | {"tuned": "mine"}}, ["base.tuned"]),
        ({"base": {}}, ["base: no value for datasets"]),
        ({"set": {"model": {"hiden": 3}}}, ["set.model", "'hiden'"]),
        ({"bass": {}}, ["unknown key 'bass'"]),
        ("base: [", ["not valid yaml"]),
    ],
)
def test_a_search_that_cannot_be(folder, change, words):
    write(change if isinstance(change, str) else MINE | change)
    if not words:
        Plan.read("mine")
        return
    with pytest.raises(InputError) as caught:
        Plan.read("mine")
    for word in ("conf/search/mine.yaml", *words):
        assert word in str(caught.value)


def test_a_search_that_is_not_there(folder):
    with pytest.raises(InputError, match="there is no search 'gcn_dem'; did you mean 'gcn_demo'"):
        Plan.read("gcn_dem")


def test_a_recipe_may_not_change_the_protocol(folder):
    Path("conf/experiment/sly.yaml").write_text("# @package _global_\nprotocol: {leave: two}\nmodel: {epochs: 2}\n")
    write(MINE | space(experiment=choices("sly", "graph_tcn_demo")))
    with pytest.raises(InputError, match=r"mine\.yaml"):
        Plan.read("mine")
    Path("conf/experiment/sly.yaml").unlink()


def test_sections_are_plain(folder):
    plan = read(MINE)
    json.dumps([plan.base, plan.search.to_dict()])


def test_the_pipeline_depends_on_the_code_that_composes_and_lists_every_search():
    def code(file, stage):
        deps = yaml.safe_load((ROOT / file).read_text())["stages"][stage]
        return {dep for dep in deps.get("do", deps)["deps"] if dep.startswith("mmer")}

    own = code("pipelines/tune/dvc.yaml", "config")
    assert own >= code("dvc.yaml", "config")
    assert {f"mmer/tuning/{part}.py" for part in ("parameter", "search", "space")} < own
    rows = yaml.safe_load((ROOT / "pipelines/tune/rows.yaml").read_text())
    assert set(rows["searches"]) == set(options("search", ROOT / "conf"))


def test_plain_repro_never_tunes():
    assert not [name for name in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"] if "search" in name]
