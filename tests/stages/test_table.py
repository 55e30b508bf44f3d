"""Tables: what conf/table/SET.yaml stands for, and the rows under the stages that experiments run through."""

import copy
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

from mmer.stages import paths, table, table_config
from mmer.stages.table_config import detects, resolve_table
from mmer.stages.table_rows import read_rows
from mmer.synthetic.release import write_release
from mmer.types.cost import Cost
from mmer.types.errors import InputError
from mmer.types.predictions import load_predictions, predictions_digest
from mmer.types.samples import Samples
from workspace import Workspace

ROOT = Path(__file__).parents[2]
BASE = {"datasets": ["casme2"], "model": "logreg", "nodes": "eyebrow_mouth", "edges": "anatomical"}
PARAMS = {
    "datasets": {"casme2": {}, "samm": {}},
    "use": {"faces": "shipped", "motion": "optical_flow"},
    "experiments": {"other": {"datasets": ["samm"]}},
    "set": {"experiments": {"other": {"model": {"hidden": 3}}}, "datasets": {"casme2": {"motion": {"size": 32}}}},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with params.yaml and a copy of conf/ to edit."""
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(PARAMS))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(parts, name="mine"):
    Path(f"conf/table/{name}.yaml").write_text(
        parts if isinstance(parts, str) else yaml.safe_dump(parts, sort_keys=False)
    )


def rows_of(parts):
    write(parts)
    return resolve_table("mine")[0]["experiments"]


def test_rows_that_are_written_out(folder):
    parts = {
        "base": BASE | {"seeds": [0, 1]},
        "set": {"model": {"epochs": 3, "lr": 0.5}},
        "rows": {
            "plain": {},
            "graph": {"model": "gcn", "set": {"model": {"epochs": 4, "hidden": 7}}},
            "both": {"datasets": ["casme2", "samm"], "protocol": "composite_loso"},
        },
    }
    rows = rows_of(parts)
    assert list(rows) == ["mine_plain", "mine_graph", "mine_both"]
    assert all(row["seeds"] == [0, 1] for row in rows.values())
    models = {name: (row["model"]["name"], row["model"]["epochs"], row["model"]["lr"]) for name, row in rows.items()}
    assert models["mine_plain"] == models["mine_both"] == ("logreg", 3, 0.5)
    assert models["mine_graph"] == ("gcn", 4, 0.5)
    assert rows["mine_graph"]["model"]["hidden"] == 7
    assert (rows["mine_both"]["datasets"], rows["mine_both"]["protocol"]["name"]) == (
        ["casme2", "samm"],
        "composite_loso",
    )


def test_every_combination_is_a_row_named_by_its_choices(folder):
    rows = rows_of({"base": BASE, "over": {"model": ["logreg", "gcn"], "loss": ["focal", "ldam"]}})
    assert list(rows) == ["mine_logreg_focal", "mine_logreg_ldam", "mine_gcn_focal", "mine_gcn_ldam"]
    for name, row in rows.items():
        assert name == f"mine_{row['model']['name']}_{row['loss']['name']}"


def test_all_is_every_file_of_the_group_but_the_excepted(folder):
    shutil.copy("conf/protocol/loso.yaml", "conf/protocol/zz.yaml")
    there = {path.stem for path in Path("conf/protocol").glob("*.yaml")}
    write({"base": BASE, "over": {"protocol": "all"}, "except": {"protocol": ["loso", "cd6me"]}})
    assert set(read_rows("mine").choices) == {f"mine_{name}" for name in there - {"loso", "cd6me"}}


def test_what_goes_with_a_choice_and_the_recipe_of_its_model(folder):
    write(
        {
            "base": BASE | {"seeds": [0, 1]},
            "recipe": "demo",
            "over": {"model": ["logreg", "ststnet"], "protocol": ["loso", "cross_dataset"]},
            "with": {
                "protocol": {
                    "cross_dataset": {
                        "datasets": ["casme2", "samm"],
                        "set": {"protocol": {"train": ["casme2"], "test": ["samm"]}, "model": {"epochs": 3}},
                    }
                },
                "model": {"ststnet": {"seeds": [0], "set": {"model": {"epochs": 4}}}, "logreg": {}},
            },
        }
    )
    resolved, _ = resolve_table("mine")
    rows = resolved["experiments"]
    assert list(rows) == [f"mine_{m}_{p}" for m in ("logreg", "ststnet") for p in ("loso", "cross_dataset")]
    crossed = rows["mine_ststnet_cross_dataset"]
    assert (crossed["seeds"], crossed["datasets"], crossed["protocol"]["test"]) == ([0], ["casme2", "samm"], ["samm"])
    assert rows["mine_logreg_cross_dataset"]["seeds"] == [0, 1]
    assert rows["mine_logreg_cross_dataset"]["model"]["epochs"] == 3
    assert crossed["model"]["epochs"] == rows["mine_ststnet_loso"]["model"]["epochs"] == 4  # the later group wins
    assert "datasets" in rows["mine_logreg_loso"]
    small = yaml.safe_load(Path("conf/experiment/ststnet_demo.yaml").read_text())["model"]
    assert rows["mine_ststnet_loso"]["model"]["lr"] == small["lr"]
    assert resolved["recipes"] == dict.fromkeys(["mine_ststnet_loso", "mine_ststnet_cross_dataset"], "ststnet_demo")


@pytest.mark.parametrize(("labels", "fitting"), [("megc3", False), ("cd6me_aus", True)])
def test_losses_for_another_question_are_left_out_with_a_sentence(folder, labels, fitting):
    write({"base": BASE | {"labels": labels}, "over": {"loss": "all"}})
    resolved, left_out = resolve_table("mine")
    there = {path.stem: yaml.safe_load(path.read_text()) for path in Path("conf/loss").glob("*.yaml")}
    kept = {f"mine_{name}" for name, node in there.items() if detects(node) == fitting}
    assert set(resolved["experiments"]) == set(resolved["inputs"]) == kept
    assert len(left_out) == len(there) - len(kept)
    for sentence in left_out:
        assert "is left out" in sentence
        assert labels in sentence


def test_detection_is_read_as_the_class_says_it():
    from mmer.stages.build import options, read_option, target_class

    for name in options("loss", ROOT / "conf"):
        node = read_option("loss", name, ROOT / "conf")
        assert detects(node) == getattr(target_class(node), "detection", False)


def test_a_loss_that_is_asked_for_by_name_is_not_left_out(folder):
    assert set(rows_of({"base": BASE, "over": {"loss": ["weighted_bce"]}})) == {"mine_weighted_bce"}


def test_the_same_experiment_twice_is_one_row(folder):
    write({"base": BASE, "over": {"model": ["svm_rbf", "gcn"], "loss": ["focal", "ldam"]}})
    resolved, left_out = resolve_table("mine")  # a support vector machine reads no loss
    assert list(resolved["experiments"]) == ["mine_svm_rbf_focal", "mine_gcn_focal", "mine_gcn_ldam"]
    assert left_out == ["mine_svm_rbf_ldam is left out: it is the same experiment as mine_svm_rbf_focal"]


def test_a_table_has_its_own_graphs_and_datasets_only(folder):
    write({"base": BASE, "rows": {"a": {}}})
    resolved, _ = resolve_table("mine")
    assert list(resolved["datasets"]) == ["casme2"]
    assert resolved["datasets"]["casme2"]["motion"]["size"] == 32  # `set.datasets` of params.yaml holds
    key = resolved["experiments"]["mine_a"]["graph"]
    assert list(resolved["datasets"]["casme2"]["graphs"]) == [key]
    files = resolved["inputs"]["mine_a"]["artifacts"]
    assert f"artifacts/table/mine/graphs/casme2/{key}.npz" in files
    assert "artifacts/clips/casme2.parquet" in files


def test_one_loss_is_read_by_one_row(folder):
    parts = {"base": BASE, "over": {"loss": ["focal", "ldam"]}}
    write(parts)
    before, _ = resolve_table("mine")
    modules = {name: set(needs["modules"]) for name, needs in before["inputs"].items()}
    assert modules["mine_focal"] ^ modules["mine_ldam"] == {"mmer.losses.focal", "mmer.losses.ldam"}
    path = Path("conf/loss/focal.yaml")
    path.write_text(path.read_text().replace("gamma: 2.0", "gamma: 3.0"))
    after = rows_of(parts)
    assert after["mine_ldam"] == before["experiments"]["mine_ldam"]
    assert after["mine_focal"]["loss"]["gamma"] == 3.0


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"base": BASE}, ["either `rows`", "or `over`"]),
        ({"base": BASE, "rows": {}}, ["either `rows`"]),
        ({"base": BASE, "rows": {"a": {}}, "over": {"loss": "all"}}, ["either `rows`"]),
        ({"base": BASE, "rows": {"a": {}}, "except": {"loss": ["focal"]}}, ["`except` belongs to `over`"]),
        ({"base": BASE, "row": {"a": {}}}, ["'row'", "'rows'"]),
        ({"base": [1], "rows": {"a": {}}}, ["base must be a mapping"]),
        ({"base": BASE, "rows": ["a"]}, ["rows must be a mapping"]),
        ({"base": BASE, "rows": {"a": "gcn"}}, ["rows.a must be a mapping", "'gcn'"]),
        ({"base": BASE, "rows": {"A-1": {}}}, ["row mine_A-1", "a-z"]),
        ({"base": BASE, "rows": {"a" * 64: {}}}, ["at most 64"]),
        ({"base": BASE, "rows": {"a": {"set": 3}}}, ["row mine_a: set must be a mapping"]),
        ({"base": BASE, "over": {"los": "all"}}, ["over.los", "'loss'"]),
        ({"base": BASE, "over": {"datasets": [["casme2"]]}}, ["over.datasets", "no such group"]),
        ({"base": BASE, "over": {"loss": ["focl"]}}, ["'focl'", "'focal'"]),
        ({"base": BASE, "over": {"loss": "focal"}}, ["over.loss must list choices", "'focal'"]),
        ({"base": BASE, "over": {"loss": ["focal", "focal"]}}, ["each once"]),
        ({"base": BASE, "over": {"loss": "all"}, "except": {"loss": ["focl"]}}, ["'focl'", "'focal'"]),
        ({"base": BASE, "over": {"loss": "all"}, "except": {"model": ["gcn"]}}, ["except.model", "Valid: loss"]),
        ({"base": BASE, "over": {"loss": ["focal"]}, "except": {"loss": ["focal"]}}, ["no row is left"]),
        (
            {
                "base": BASE | {"labels": "cd6me_aus"},
                "over": {"loss": "all"},
                "except": {"loss": ["asymmetric", "weighted_bce"]},
            },
            ["no row is left", "focal is for one class per clip"],
        ),
        ({"base": BASE, "recipe": "demmo", "rows": {"a": {}}}, ["recipe is 'demmo'", "'demo'"]),
        ({"base": BASE, "rows": {"a": {}}, "with": {"model": {"gcn": {}}}}, ["`with` belongs to `over`"]),
        ({"base": BASE, "over": {"loss": "all"}, "with": {"model": {}}}, ["with.model", "Valid: loss"]),
        ({"base": BASE, "over": {"model": ["gcn"]}, "with": {"model": {"gnc": {}}}}, ["'gnc'", "'gcn'"]),
        (
            {"base": BASE, "over": {"model": ["gcn"], "loss": "all"}, "with": {"model": {"gcn": {"loss": "focal"}}}},
            ["with.model.gcn", "loss is what the table goes over"],
        ),
        ("base: [", ["not valid yaml"]),
        ("base: !!python/object/apply:os.getcwd []", ["not valid yaml", "python/object"]),
        # What params.yaml refuses too, in the same words but for the place.
        ({"base": BASE, "rows": {"a": {"modell": "gcn"}}}, ["row mine_a: unknown key 'modell'", "'model'"]),
        ({"base": BASE, "rows": {"a": {"model": "gnc"}}}, ["row mine_a", "'gnc'", "'gcn'"]),
        ({"base": {}, "rows": {"a": {}}}, ["row mine_a", "no value for datasets"]),
        ({"base": BASE, "set": {"model": {"hiden": 3}}, "rows": {"a": {"model": "gcn"}}}, ["row mine_a: set.model"]),
        ({"base": BASE | {"seeds": []}, "rows": {"a": {}}}, ["row mine_a.seeds"]),
        ({"base": BASE | {"datasets": ["casm2"]}, "rows": {"a": {}}}, ["row mine_a.datasets", "'casme2'"]),
    ],
)
def test_a_table_that_cannot_be(folder, parts, words):
    write(parts)
    with pytest.raises(InputError) as caught:
        resolve_table("mine")
    for word in ("conf/table/mine.yaml", *words):
        assert word in str(caught.value)
    assert "params.yaml: experiments" not in str(caught.value)


def test_a_table_that_is_not_there(folder, monkeypatch):
    with pytest.raises(InputError, match="there is no table 'loses'; did you mean 'losses'"):
        resolve_table("loses")
    empty = folder / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    with pytest.raises(InputError, match="run the command in the root of the repository"):
        resolve_table("losses")


def test_the_rows_of_other_tables_stay_and_those_of_lost_ones_go(folder):
    def resolved(name, *rows):
        write("base: {}", name)
        return {"experiments": {f"{name}_{row}": {} for row in rows}, "datasets": {"casme2": {}}}

    file = Path("pipelines/rows.yaml")
    table.write_rows("a", resolved("a", "x", "y"), file)
    table.write_rows("b", resolved("b", "x"), file)
    table.write_rows("a", resolved("a", "z"), file)
    found = yaml.safe_load(file.read_text())
    assert found["rows"] == {"a_z": {"table": "a"}, "b_x": {"table": "b"}}
    assert found["tables"] == {"a": {}, "b": {}}
    assert set(found["graphs"]) == {"a-casme2", "b-casme2"}
    Path("conf/table/b.yaml").unlink()
    before = file.stat().st_mtime_ns
    table.write_rows("a", resolved("a", "z"), file)
    assert set(yaml.safe_load(file.read_text())["rows"]) == {"a_z"}
    after = file.stat().st_mtime_ns
    assert after != before
    table.write_rows("a", resolved("a", "z"), file)
    assert file.stat().st_mtime_ns == after, "unchanged rows are not written again"
    table.write_rows("a_b", resolved("a_b", "c"), file)
    with pytest.raises(InputError, match=r"'a_b' and 'a' both have a row 'a_b_c'"):
        table.write_rows("a", resolved("a", "b_c"), file)
    file.write_text("rows: 3")
    with pytest.raises(InputError, match="delete it and run `mmer table` again"):
        table.write_rows("a", resolved("a", "z"), file)


def stages_of(file):
    for name, stage in yaml.safe_load((ROOT / file).read_text())["stages"].items():
        yield name, stage.get("do", stage)


def test_the_pipeline_depends_on_the_code_that_the_root_depends_on():
    root = dict(stages_of("dvc.yaml"))
    for name, stage in stages_of("pipelines/table/dvc.yaml"):
        code = {dep for dep in stage.get("deps", []) if dep.startswith("mmer")}
        wanted = {dep for dep in root[name].get("deps", []) if dep.startswith("mmer")}
        table_config = {f"mmer/stages/table_{part}.py" for part in ("config", "rows")} | {"mmer/labels", "mmer/losses"}
        assert code >= wanted | (table_config if name == "config" else set()), name


def test_the_committed_rows_are_of_tables_that_exist():
    """DVC reads them in every clone, whatever command it runs."""
    found = yaml.safe_load((ROOT / "pipelines/table/rows.yaml").read_text())
    assert set(found["tables"]) <= {path.stem for path in (ROOT / "conf/table").glob("*.yaml")}
    assert {row["table"] for row in found["rows"].values()} == set(found["tables"])


@pytest.mark.parametrize("path", sorted((ROOT / "conf/table").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_table_of_the_repository_composes(path, monkeypatch):
    """A table may be of a corpus that a person makes first; its comment says how to list it in params.yaml."""
    monkeypatch.chdir(ROOT)
    text = path.read_text()
    listed = [yaml.safe_load(line) for line in re.findall(r"(?m)^# +(datasets: \{.*\})$", text)]
    params = table_config.read_params()
    for more in listed:
        params["datasets"] = more["datasets"] | params["datasets"]
    monkeypatch.setattr(table_config, "read_params", lambda: params)
    resolved, _ = resolve_table(path.stem)
    assert len(resolved["experiments"]) > 1


def test_the_losses_are_all_there_and_nothing_else_differs(monkeypatch):
    monkeypatch.chdir(ROOT)
    rows = copy.deepcopy(resolve_table("losses")[0]["experiments"])
    without = {"losses_au_contrastive", "losses_au_soft_labels"}
    there = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / "conf/loss").glob("*.yaml")}
    assert set(rows) | without >= {f"losses_{name}" for name, node in there.items() if not detects(node)}
    losses = [row.pop("loss") for row in rows.values()]
    assert len({json.dumps(loss) for loss in losses}) == len(losses)
    assert len({json.dumps(row) for row in rows.values()}) == 1


TINY = {
    "base": BASE | {"edges": "nearest"},
    "set": {"model": {"epochs": 2}},
    "over": {"loss": ["cross_entropy", "logit_adjustment"]},
}
ROWS = ("tiny_cross_entropy", "tiny_logit_adjustment")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Experiments and a table, both run in this process."""
    folder = tmp_path_factory.mktemp("workspace")
    before = Path.cwd()
    workspace = Workspace(folder)
    write_release("casme2", folder / "data/casme2", subjects=4, clips=4, seed=1, preset="easy", size=64, processes=1)
    os.chdir(folder)
    try:
        write(TINY, "tiny")
        workspace.run("evaluate")
        workspace.kept = {path: path.read_bytes() for path in Path("artifacts").rglob("*") if path.is_file()}
        commands = [
            ("table_config", "tiny"),
            ("graphs", "casme2", "--table", "tiny"),
            ("signals", "casme2", "--table", "tiny"),
            ("inputs", "--table", "tiny"),
            *(("evaluate", row, "--table", "tiny") for row in ROWS),
            ("report", "--table", "tiny"),
        ]
        for command in commands:
            assert workspace.mmer(*command) == 0, command
        yield workspace
    finally:
        os.chdir(before)


def test_a_row_leaves_what_an_experiment_leaves(ran):
    home = Path("artifacts/table/tiny")
    parts = {path.relative_to("artifacts/training/points") for path in Path("artifacts/training/points").rglob("*")}
    experiment = load_predictions("artifacts/predictions/points.parquet")
    for row in ROWS:
        found = {path.relative_to(home / "training" / row) for path in (home / "training" / row).rglob("*")}
        assert found == parts
        predictions = load_predictions(home / f"predictions/{row}.parquet")
        assert set(predictions.experiment) == {row}
        pd.testing.assert_frame_equal(
            predictions[["fold", "clip_id", "truth"]], experiment[["fold", "clip_id", "truth"]]
        )
    metrics = json.loads((home / "metrics.json").read_text())
    assert set(ROWS) <= set(metrics)
    page = (home / "report/index.html").read_text()
    assert all(row in page for row in ROWS)
    assert "points" not in metrics


def test_what_a_row_cost_lies_beside_no_artifact(ran):
    (graph,) = Path("artifacts/table/tiny/graphs/casme2").glob("*.npz")
    numbers = Samples.load(graph).streams["graph"][0].size
    for row in ROWS:
        cost = Cost.load(f".mmer/cost/table/tiny/{row}.json")
        predictions = load_predictions(f"artifacts/table/tiny/predictions/{row}.parquet")
        assert (cost.experiment, cost.trainings, cost.seeds) == (row, predictions.fold.nunique(), 1)
        assert cost.predictions == predictions_digest(predictions)
        assert cost.seconds > 0
        assert cost.parameters == 3 * (numbers + 1)  # of logistic regression
    assert Cost.load(".mmer/cost/points.json").experiment == "points"
    assert not Path("artifacts/table/tiny/report/models.md").exists()  # the rows are of one model


def test_only_a_table_of_models_is_written_into_the_docs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="table losses: it has no table of models"):
        table._write_docs("losses", Path("models.md"))
    Path("docs").mkdir()
    Path("models.md").write_text("| model |\n")
    table._write_docs("models", Path("models.md"))
    text = Path("docs/results.md").read_text()
    assert "not results of micro-expression recognition" in text
    assert text.endswith("\n\n| model |\n")


def test_a_table_touches_nothing_of_the_experiments(ran):
    table_files = {path for path in Path("artifacts").rglob("*") if path.is_relative_to("artifacts/table")}
    now = {path for path in Path("artifacts").rglob("*") if path.is_file()} - table_files
    assert now == set(ran.kept)
    assert all(path.read_bytes() == content for path, content in ran.kept.items())
    assert paths.current_table() is None


def test_an_experiment_in_a_table_gets_the_same_predictions_but_for_its_name(ran):
    """The name is part of the seeds, so a row has its own weights; the same row again has the same."""
    file = Path(f"artifacts/table/tiny/predictions/{ROWS[0]}.parquet")
    before = file.read_bytes()
    assert ran.mmer("evaluate", ROWS[0], "--table", "tiny") == 0
    assert file.read_bytes() == before


def test_rows_are_compared_like_experiments(ran, capsys):
    assert ran.mmer("compare", *ROWS, "--table", "tiny") == 0
    said = capsys.readouterr().out
    assert all(row in said for row in ROWS)


def test_messages_name_the_table(ran, capsys):
    assert ran.mmer("evaluate", "tiny_focal", "--table", "tiny") == 2
    said = capsys.readouterr().err
    assert "artifacts/table/tiny/config.yaml" in said
    assert "tiny_logit_adjustment" in said
    assert ran.mmer("evaluate", "tiny_focal", "--table", "tny") == 2
    assert "run `mmer table tny`" in capsys.readouterr().err


@pytest.mark.all  # a minute of stages
def test_mmer_table_under_dvc(tmp_path):
    """The table runs with all it needs, a second time nothing runs, and plain `dvc repro` leaves it alone."""
    for name in ("mmer", "conf", "pipelines"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "dvc.lock"))
    for name in ("dvc.yaml", ".gitignore", ".dvcignore"):
        shutil.copy(ROOT / name, tmp_path / name)
    params = {"datasets": {"casme2": {}}, "packages": [], "use": PARAMS["use"], "experiments": {}, "set": {}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    (tmp_path / "conf/table/tiny.yaml").write_text(yaml.safe_dump(TINY | {"over": {"loss": ["focal"]}}))
    (tmp_path / "artifacts/audit").mkdir(parents=True)
    (tmp_path / "artifacts/audit/.gitkeep").touch()
    (tmp_path / "artifacts/packages").mkdir()
    data = tmp_path / "data/casme2"
    write_release("casme2", data, subjects=3, clips=3, seed=3, preset="easy", size=48, archives=True, processes=1)
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

    def run(*command):
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return set(re.findall(r"Running stage 'pipelines/table/dvc.yaml:(\S+)':", done.stdout + done.stderr))

    run("git", "init", "-q")
    run("dvc", "init", "-q")
    stages = {f"{stage}@tiny" for stage in ("config", "inputs", "report")}
    stages |= {"graphs@tiny-casme2", "signals@tiny-casme2", "evaluate@tiny_focal"}
    assert run("mmer", "table", "tiny") == stages
    assert (tmp_path / "artifacts/table/tiny/report/index.html").is_file()
    assert not (tmp_path / "artifacts/predictions").exists()
    assert run("mmer", "table", "tiny") == set()
    for name in ("graphs", "predictions", "signals", "training"):  # a dry run stops where these outputs are not there
        (tmp_path / "artifacts" / name).mkdir()
    assert run("dvc", "repro", "--dry") == set()
