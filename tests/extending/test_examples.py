"""The notebooks of docs/examples run from the first cell to the last, and warn of nothing."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mmer.synthetic.release import write_release
from workspace import Workspace

pytestmark = pytest.mark.all

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
FINISHED = "plot_finished_run"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder in which two experiments were run, small, under the names of params.yaml."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("mmer.stages.parallel.cores", lambda: 1)
        workspace = Workspace(folder)
        write_release("casme2", folder / "data" / "casme2", subjects=4, clips=4, seed=3, preset="easy", size=64)
        common = {"datasets": ["casme2"], "nodes": "action_units", "stack": 1, "processes": 1}
        workspace.params["experiments"] = {
            "gcn_casme2": common | {"model": "gcn"},
            "logreg_casme2": common | {"model": "logreg", "edges": "complete"},
        }
        workspace.params["set"] = {"experiments": {"gcn_casme2": {"model": {"epochs": 3}}}}
        workspace.run(upto="evaluate")
    return folder


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("plot_*.py")))
def test_an_example_runs(name, request):
    folder = request.getfixturevalue("finished") if name == FINISHED else ROOT
    text = (EXAMPLES / f"{name}.py").read_text()
    assert re.match(r'"""\n(.+)\n={3,}\n', text), "sphinx-gallery wants a title in the docstring"
    assert text.count("\n# %%\n") >= 4
    environment = os.environ | {"MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [
        sys.executable,
        "-W",
        "error",
        "-W",
        "ignore::FutureWarning:torch.jit._script",
        str(EXAMPLES / f"{name}.py"),
    ]
    command[3:3] = ["-W", "ignore::DeprecationWarning"]  # of torch and torch-geometric, at import
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
