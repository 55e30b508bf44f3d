"""Packages that params.yaml lists: their code may be named, is tracked file by file, and reaches workers."""

import json
import sys
from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from mmer.stages import packages as packages_stage
from mmer.stages import paths
from mmer.stages.allowed import packages
from mmer.stages.build import build, read_option, target_class
from mmer.stages.code import closure, code_digest
from mmer.stages.config import read_params, resolve
from mmer.stages.stamp import stamp
from mmer.types.errors import InputError
from mmer.types.workers import in_processes
from workspace import Workspace

TINY = """
from torch import nn
from .parts.pool import pool

class Tiny(nn.Module):
    streams = ("graph",)
    dead_parameters = {}

    def __init__(self, sizes, width: int = 4) -> None:
        super().__init__()
        frames, _, features = sizes.streams["graph"]
        self.classifier = nn.Linear(frames * features, sizes.n_classes)

    def forward(self, batch, edge_weight):
        return self.classifier(pool(batch["graph"]))
"""
POOL = """
def pool(graph):
    return graph.mean(2).flatten(1)
"""
RULE = """
from dataclasses import dataclass
from mmer.graphs.edges.anatomical import Anatomical

@dataclass(frozen=True)
class Mine(Anatomical):
    name: str = "mine"
"""
EXPERIMENTS = {
    "theirs": {"datasets": ["casme2"], "model": "gcn", "nodes": "action_units", "edges": "au_probability"},
    "mine": {"datasets": ["casme2"], "model": "tiny", "nodes": "action_units", "edges": "au_probability"},
    "edges": {"datasets": ["casme2"], "model": "gcn", "nodes": "eyebrow_mouth", "edges": "mine"},
}


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A workspace with a package of its own name, so that no test imports another's."""
    name = f"lab_{tmp_path.name[-30:].strip('_').lower()}"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    made = Workspace(tmp_path)
    made.lab = tmp_path / name
    (made.lab / "parts").mkdir(parents=True)
    (made.lab / "tiny.py").write_text(TINY)
    (made.lab / "parts" / "pool.py").write_text(POOL)
    (made.lab / "rule.py").write_text(RULE)
    (made.lab / "notes.md").write_text("not code")
    recipe = {key: value for key, value in read_option("model", "gcn").items() if key in ("epochs", "batch_size", "lr")}
    write("conf/model/tiny.yaml", {"_target_": f"{name}.tiny.Tiny", "name": "tiny", "width": 4} | recipe)
    write("conf/edges/mine.yaml", {"_target_": f"{name}.rule.Mine", "name": "mine"})
    made.params = {"datasets": {"casme2": {}}, "packages": [name], "experiments": EXPERIMENTS}
    write("params.yaml", made.params)
    yield made
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        del sys.modules[module]


def write(path, content):
    Path(path).write_text(yaml.safe_dump(content))


def sections():
    resolved = resolve(read_params())
    return {name: (section, resolved["inputs"][name]) for name, section in resolved["experiments"].items()}


def test_a_listed_package_may_be_named_and_another_is_refused_by_name(workspace):
    name = workspace.lab.name
    assert list(packages()) == [name]
    assert build(read_option("edges", "mine")).name == "mine"
    workspace.params["packages"] = []
    write("params.yaml", workspace.params)
    with pytest.raises(InputError, match=rf"'{name}\.rule\.Mine' is outside mmer.*packages: \[lab\]"):
        build(read_option("edges", "mine"))
    with pytest.raises(InputError, match=rf"params\.yaml: experiments\.(mine|edges).*'{name}\..*is outside mmer"):
        sections()


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        (["nothing_there"], "no folder 'nothing_there' beside params.yaml.*ln -s"),
        (["os"], "'os' is a module of Python itself"),
        (["mmer"], "mmer itself needs no entry"),
        (["lab.tiny"], "'lab.tiny' is not the name of a package"),
        (["../lab"], "is not the name of a package"),
        ([3], "is not the name of a package"),
        ("lab", "must be a list of folders beside params.yaml"),
        (["yaml"], "'yaml' is imported from .*rename the folder"),
    ],
)
def test_what_is_no_package_of_a_lab_is_refused(workspace, listed, said):
    Path("yaml").mkdir()
    Path("yaml/__init__.py").write_text("")
    write("params.yaml", workspace.params | {"packages": listed})
    for ask in (read_params, packages):
        with pytest.raises(InputError, match=said):
            ask()


@pytest.mark.parametrize("target", ["os.system", "{}x.rule.Mine", "{}", ".{}.rule.Mine", "", "subprocess.run", None])
def test_no_other_name_passes_for_a_listed_package(workspace, target):
    with pytest.raises(InputError, match="is outside mmer"):
        target_class({"_target_": target and target.format(workspace.lab.name)})


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("{}.rule.dataclass", "no class that the module"),
        ("{}.rule.Anatomical", "no class that the module"),
        ("{}.rule.nothing", "does not exist"),
        ("{}.rule.os.system", "does not exist"),
        ("mmer.stages.build.import_module", "no class that the module"),
        ("mmer.datasets.manifest.Path", "no class that the module"),
    ],
)
def test_only_a_class_that_the_module_defines_is_made(workspace, target, said):
    with pytest.raises(InputError, match=said):
        target_class({"_target_": target.format(workspace.lab.name)})


EDITS = {
    "tiny.py": {"mine"},
    "parts/pool.py": {"mine"},
    "rule.py": {"edges"},
    "__init__.py": {"mine", "edges"},
    "weights.npz": {"mine", "edges"},
    "notes.md": set(),
}


def test_an_edit_runs_again_what_uses_it_and_nothing_else(workspace):
    before = sections()
    assert "_code_" not in json.dumps(before["theirs"])
    assert before["mine"][0]["model"]["_code_"] != before["edges"][0]["edges"]["_code_"]
    for file, changed in EDITS.items():
        known = {name: digests(*pair) for name, pair in before.items()}
        path = workspace.lab / file
        path.write_text((path.read_text() if path.is_file() else "") + "\n# edited\n")
        clear()
        after = {name: digests(*pair) for name, pair in before.items()}
        assert {name for name in after if after[name][0] != known[name][0]} == changed, file
        assert {name for name in after if after[name][1] != known[name][1]} == changed, file


def digests(section, needs):
    """What DVC compares: the section as the config stage writes it now, and the digest of the code."""
    section = deepcopy(section)
    stamp(section)
    return section, code_digest(needs["modules"])


def clear():
    """What another process would read anew."""
    from mmer.stages import code

    code._imported.cache_clear()
    code._file.cache_clear()


def test_mmer_modules_that_a_package_imports_count(workspace):
    modules = sections()["edges"][1]["modules"]
    assert {f"{workspace.lab.name}.rule", "mmer.graphs.edges.anatomical"} <= set(closure(modules))


def test_a_config_of_other_code_is_refused(workspace):
    section, _ = sections()["edges"]
    assert build(section["edges"]).name == "mine"
    (workspace.lab / "rule.py").write_text(RULE + "# edited\n")
    with pytest.raises(InputError, match=r"mine: the code of .*\.rule is not what the config was composed with"):
        build(section["edges"])


def test_a_linked_folder_serves_and_its_files_are_digested(workspace, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "code"
    workspace.lab.rename(elsewhere)
    workspace.lab.symlink_to(elsewhere)
    assert build(read_option("edges", "mine")).name == "mine"
    packages_stage.main(workspace.lab.name)
    digests = json.loads(paths.package(workspace.lab.name).read_text())
    assert [name.partition("/")[2] for name in digests] == ["parts/pool.py", "rule.py", "tiny.py"]
    with pytest.raises(InputError, match="`packages` has no 'other'"):
        packages_stage.main("other")


def test_workers_make_what_a_package_defines(workspace):
    section, _ = sections()["edges"]
    rule = build(section["edges"])
    assert list(in_processes(made_there, section["edges"], [rule], 1)) == [(rule, True)]


def made_there(node, sent):
    """In a worker: the object that was sent, and whether the yaml makes the same."""
    return sent, build(node) == sent
