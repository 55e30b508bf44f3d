"""The whole pipeline under DVC, in a scratch repository with two small synthetic corpora.

The tests of this file share the repository and run in order.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from mmer.synthetic.release import write_release

ROOT = Path(__file__).parents[1]
PARAMS = """\
datasets:
  casme2: {}  # small
packages: []
use: {faces: shipped, motion: optical_flow}
experiments:
  nodes: {datasets: [casme2], model: gcn, nodes: action_units, edges: au_probability}
  points: {datasets: [casme2], model: logreg, nodes: landmarks, edges: nearest}
set: {experiments: {nodes: {model: {epochs: 2}}, points: {model: {epochs: 2}}}}
"""


class Scratch:
    """A scratch repository and what its commands said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = os.environ | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@example.org",
        }

    def run(self, *command: str, code: int = 0) -> str:
        done = subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == code, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def repro(self, *what: str) -> set[str]:
        """Run ``dvc repro`` and return the stages that ran."""
        return ran(self.run("dvc", "repro", *what))

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def config(self) -> dict:
        return yaml.safe_load((self.folder / "artifacts/config.yaml").read_text())


def ran(output: str) -> set[str]:
    return set(re.findall(r"Running stage '([^']+)'", output))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scratch")
    for name in ("mmer", "conf"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dvc.yaml", ".gitignore", ".dvcignore"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "params.yaml").write_text(PARAMS)
    (folder / "artifacts/audit").mkdir(parents=True)
    shutil.copy(ROOT / "artifacts/audit/.gitkeep", folder / "artifacts/audit/.gitkeep")
    (folder / "artifacts/packages").mkdir()
    write_release("casme2", folder / "data/casme2", subjects=4, clips=4, seed=3, preset="easy", size=96, archives=True)
    scratch = Scratch(folder)
    for command in (["git", "init", "-q"], ["dvc", "init", "-q"], ["dvc", "add", "-q", "data"], ["git", "add", "-A"]):
        scratch.run(*command)
    scratch.run("git", "commit", "-qm", "start")
    assert {"config", "clips@casme2", "evaluate@nodes", "evaluate@points", "report"} <= scratch.repro()
    scratch.run("git", "add", "-A")
    scratch.run("git", "commit", "-qm", "ran")
    return scratch


def test_every_kept_clip_is_predicted_once(scratch):
    clips = pd.read_parquet(scratch.folder / "artifacts/clips/casme2.parquet")
    for name in ("nodes", "points"):
        predictions = pd.read_parquet(scratch.folder / f"artifacts/predictions/{name}.parquet")
        excluded = pd.read_parquet(scratch.folder / f"artifacts/training/{name}/excluded.parquet")
        assert sorted([*predictions.clip_id, *excluded.clip_id]) == sorted(clips.clip_id)
        assert (predictions.fold == predictions.subject).all()


def test_the_report_is_there_and_metrics_come_from_predictions(scratch):
    page = (scratch.folder / "artifacts/report/index.html").read_text()
    metrics = json.loads((scratch.folder / "artifacts/metrics.json").read_text())
    for name in ("nodes", "points"):
        predictions = pd.read_parquet(scratch.folder / f"artifacts/predictions/{name}.parquet")
        accuracy = (predictions.truth == predictions.predicted).mean()
        assert metrics[name]["accuracy"] == pytest.approx(accuracy, abs=1e-6)
        assert name in page


def test_a_second_repro_runs_nothing_and_changes_nothing(scratch):
    assert scratch.repro() == set()
    assert scratch.run("git", "status", "--porcelain") == ""


def test_a_learning_rate_in_conf_reruns_its_experiment_only(scratch):
    lr = yaml.safe_load((scratch.folder / "conf/model/gcn.yaml").read_text())["lr"]
    text = (scratch.folder / "conf/model/gcn.yaml").read_text()
    (scratch.folder / "conf/model/gcn.yaml").write_text(re.sub(r"(?m)^lr: .*$", f"lr: {lr * 3}", text))
    assert scratch.repro() == {"config", "evaluate@nodes", "report"}
    assert scratch.config()["experiments"]["nodes"]["model"]["lr"] == pytest.approx(lr * 3)
    scratch.run("git", "checkout", "-q", "conf")
    scratch.repro()


def test_another_dataset_reextracts_nothing_and_reruns_no_experiment(scratch):
    write_release("samm", scratch.folder / "data/samm", subjects=2, clips=2, seed=3, preset="easy", size=96)
    scratch.run("dvc", "add", "-q", "data/samm")
    scratch.edit("params.yaml", "  casme2: {}  # small\n", "  casme2: {}  # small\n  samm: {}\n")
    names = scratch.repro()
    assert {"config", "clips@samm", "tracks@samm", "motion@samm", "graphs@samm"} <= names
    assert not {name for name in names if "casme2" in name or name.startswith("evaluate")}


def test_mmer_run_writes_the_entry_and_runs_it(scratch):
    output = scratch.run(
        "mmer",
        "run",
        "mine",
        "model=gcn",
        "protocol=loso",
        "datasets=[casme2]",
        "model.hidden=8",
        "model.epochs=1",
        "nodes=action_units",
    )
    assert "evaluate@mine" in ran(output)
    assert "evaluate@nodes" not in ran(output)
    assert "# small" in (scratch.folder / "params.yaml").read_text()
    assert scratch.config()["experiments"]["mine"]["model"]["hidden"] == 8
    assert "mine" in json.loads((scratch.folder / "artifacts/metrics.json").read_text())
    scratch.run("git", "add", "-A")
    scratch.run("git", "commit", "-qm", "mine")


@pytest.mark.all  # half a minute of stages
def test_dvc_exp_run_takes_a_choice(scratch):
    output = scratch.run(
        "dvc", "exp", "run", "-S", "experiments.points.model=gcn", "-S", "+set.experiments.points.model.hidden=4"
    )
    assert {name for name in ran(output) if name.startswith("evaluate")} == {"evaluate@points"}
    assert scratch.config()["experiments"]["points"]["model"]["name"] == "gcn"
    scratch.run("git", "checkout", "-q", ".")


def test_a_misspelt_choice_stops_with_its_name(scratch):
    scratch.edit("params.yaml", "model: logreg", "model: logregg")
    output = scratch.run("dvc", "repro", code=255)
    assert "logregg" in output
    assert "'logreg'" in output
    assert "Traceback" not in output
