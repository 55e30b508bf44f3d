"""``mmer run``: the Hydra spelling for a person."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from mmer.stages import run
from mmer.types.errors import InputError

ROOT = Path(__file__).parents[2]
TEXT = """\
# the corpora of this lab
datasets:
  casme2: {}  # two hundred frames a second
  samm: {}
use: {faces: shipped, motion: optical_flow}
experiments:
  old: {datasets: [casme2], model: gcn}  # the first one
set:
  experiments:
    old: {model: {hidden: 8}, loss: {name: weighted_cross_entropy}}
"""


@pytest.fixture
def params(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(TEXT)
    calls = []

    def dvc(command, **_):
        calls.append(command[3:])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(run.subprocess, "run", dvc)
    return calls


def read():
    return yaml.safe_load(Path("params.yaml").read_text())


def test_a_new_entry_is_written_and_run(params):
    run.main("new", ["model=gcn", "protocol=loso", "model.hidden=64", "model.lr=1e-4"])
    written = read()
    assert written["experiments"]["new"] == {"model": "gcn", "protocol": "loso", "datasets": ["casme2", "samm"]}
    assert written["set"]["experiments"]["new"] == {"model": {"hidden": 64, "lr": 1e-4}}
    assert params == [["repro", "evaluate@new"], ["repro", "--single-item", "report"]]


def test_comments_and_other_entries_are_kept(params):
    run.main("new", ["datasets=[samm]", "model=gcn"])
    text = Path("params.yaml").read_text()
    for comment in ("# the corpora of this lab", "# two hundred frames a second", "# the first one"):
        assert comment in text
    assert read()["experiments"]["old"] == {"datasets": ["casme2"], "model": "gcn"}


def test_a_new_choice_drops_the_values_of_the_old_one(params):
    run.main("old", ["model=graph_tcn"])
    assert read()["set"]["experiments"]["old"] == {"loss": {"name": "weighted_cross_entropy"}}


def test_an_existing_entry_keeps_what_is_not_named(params):
    run.main("old", ["model.dropout=0.1"])
    assert read()["set"]["experiments"]["old"]["model"] == {"hidden": 8, "dropout": 0.1}
    assert read()["experiments"]["old"] == {"datasets": ["casme2"], "model": "gcn"}


@pytest.mark.parametrize(
    ("overrides", "word"),
    [
        (["modle=gcn"], "'model'"),
        (["model=gnc"], "'gcn'"),
        (["model=gcn", "model.hiddn=3"], "'hidden'"),
        (["model"], "KEY=VALUE"),
        (["datasets=[casme]"], "'casme2'"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_written(params, overrides, word):
    with pytest.raises(InputError, match=word):
        run.main("new", overrides)
    assert Path("params.yaml").read_text() == TEXT
    assert params == []
