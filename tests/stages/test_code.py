"""Digests of source: an edit of any code that an experiment runs re-runs it, an edit of other code does not."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mmer.stages import inputs, paths
from mmer.stages.code import closure
from mmer.stages.config import resolve

ROOT = Path(__file__).parents[2]
DIGESTS = "import json; from mmer.stages.code import code_digest; print(json.dumps([code_digest(m) for m in {}]))"


@pytest.fixture(scope="module")
def modules():
    """The modules that the inputs stage is told of, for a GCN and for a Graph-TCN."""
    experiments = {
        "gcn": {"datasets": ["casme2"], "model": "gcn", "nodes": "action_units", "edges": "au_probability"},
        "tcn": {"datasets": ["casme2"], "model": "graph_tcn", "nodes": "landmarks", "edges": "nearest"},
    }
    params = {"datasets": {"casme2": {}}, "use": {}, "experiments": experiments, "set": {}}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        sections = resolve(params)["inputs"]
    return {name: section["modules"] for name, section in sections.items()}


def test_an_experiment_knows_the_code_that_decides_its_numbers(modules):
    shared = {
        *(f"mmer.stages.{name}" for name in ("evaluate", "select", "recipe", "build")),
        *(f"mmer.training.{name}" for name in ("fit", "folds", "scaler", "seeds", "recipe", "tables", "baselines")),
        *(f"mmer.types.{name}" for name in ("clips", "samples", "targets", "split", "predictions")),
        "mmer.labels.emotion",
        "mmer.protocols.loso",
        "mmer.losses.weighted_cross_entropy",
        "mmer.models.dropout",
    }
    gcn, tcn = (set(closure(modules[name])) for name in ("gcn", "tcn"))
    assert shared <= gcn & tcn
    assert {"mmer.models.gcn", "mmer.graphs.edges.au_probability"} <= gcn - tcn
    assert {"mmer.models.graph_tcn", "mmer.models.tcn", "mmer.graphs.edges.nearest"} <= tcn - gcn


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("models/gcn.py", [True, False]),
        ("models/tcn.py", [False, True]),
        ("models/logreg.py", [False, False]),
        ("losses/weighted_cross_entropy.py", [True, True]),
        ("losses/cross_entropy.py", [False, False]),
        ("training/fit.py", [True, True]),
        ("labels/emotion.py", [True, True]),
        ("protocols/loso.py", [True, True]),
        ("types/targets.py", [True, True]),
        ("types/split.py", [True, True]),
        ("motion/strain.py", [False, False]),
    ],
)
def test_an_edit_changes_the_digests_of_those_who_run_it(modules, tmp_path, file, changed):
    shutil.copytree(ROOT / "mmer", tmp_path / "mmer", ignore=shutil.ignore_patterns("__pycache__"))
    before = digests(tmp_path, modules)
    (tmp_path / "mmer" / file).write_text((tmp_path / "mmer" / file).read_text() + "\n# edited\n")
    after = digests(tmp_path, modules)
    assert [a != b for a, b in zip(before, after, strict=True)] == changed


def test_a_digest_imports_nothing_that_it_reads(modules):
    """Hashing a model's source must not wait for torch."""
    program = (
        f"{DIGESTS.format([modules['gcn']])}; import sys; assert not {{'torch', 'pandas', 'hydra'}} & {{*sys.modules}}"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True)


def digests(folder, modules):
    """Compute the digests of a copy of the package, in a process that imports the copy."""
    env = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", DIGESTS.format([modules["gcn"], modules["tcn"]])]
    return json.loads(subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True).stdout)


@pytest.mark.parametrize("edited", ["clips.parquet", "graph.npz"])
def test_every_artifact_of_an_experiment_is_in_its_inputs_and_no_other(tmp_path, monkeypatch, edited):
    monkeypatch.chdir(tmp_path)
    for name in ("clips.parquet", "graph.npz", "other.npz"):
        Path(name).write_text(name)
    needs = {"mine": ["clips.parquet", "graph.npz"], "another": ["other.npz"]}
    sections = {name: {"artifacts": files, "modules": ["mmer.models.logreg"]} for name, files in needs.items()}
    monkeypatch.setattr(inputs, "read_all", lambda: {"inputs": sections})
    paths.INPUTS.parent.mkdir()
    written = []
    for _ in range(2):
        inputs.main()
        written.append(json.loads(paths.INPUTS.read_text()))
        Path(edited).write_text("edited")
    assert written[0]["mine"] != written[1]["mine"]
    assert written[0]["another"] == written[1]["another"]


def test_what_a_run_imports_is_found_by_reading_the_source(modules):
    """Packages hold no code that a digest would miss; whatever else is imported inside mmer is in the digest."""
    program = (
        "import sys\nfrom importlib import import_module\n"
        f"for name in {modules['gcn']}: import_module(name)\n"
        "print(*(name for name, module in sys.modules.items() if name.startswith('mmer.')"
        " and not hasattr(module, '__path__')))"
    )
    command = [sys.executable, "-W", "ignore", "-c", program]
    loaded = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    assert set(loaded) <= set(closure(modules["gcn"]))


def test_packages_hold_no_code_that_a_digest_would_miss():
    """A module's digest covers a package only where the module names it, so rooms hold contracts, not code."""
    for path in sorted((ROOT / "mmer").rglob("__init__.py")):
        body = ast.parse(path.read_text()).body
        beyond = [node for node in body if not isinstance(node, ast.Expr | ast.ClassDef | ast.Import | ast.ImportFrom)]
        assert not beyond, f"{path.relative_to(ROOT)} line {beyond[0].lineno}"
