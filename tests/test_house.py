"""The house: yaml, module and class names agree, and the pipeline names the code it runs."""

from pathlib import Path

import pytest
import yaml

from conf_groups import CONF, GROUPS, options
from mmer.stages.build import build, read_option, target_class
from mmer.stages.code import closure
from mmer.types.errors import InputError

ROOT = Path(__file__).parents[1]
NO_FUSION = ("fusion", "none")
# `fusion: none` stands for the absence of one.
COMPONENTS = [
    (group, name) for group in GROUPS if group != "experiment" for name in options(group) if (group, name) != NO_FUSION
]
# What every stage runs through: paths, readers and progress. A change here changes no result, and would otherwise
# re-extract every corpus.
NAMES = (
    "allowed build code executor flow_samples fused model_traits parallel paths progress read_config select signal_key "
    "signal_streams stamp video_samples"
)
MACHINERY = {f"mmer.stages.{name}" for name in NAMES.split()}


@pytest.mark.parametrize(("group", "name"), COMPONENTS)
def test_yaml_module_and_name_agree(group, name):
    node = read_option(group, name, CONF)
    assert node["name"] == name
    if group not in ("labels", "augment", "recordings", "signal"):  # these are data: one reader, many yaml files
        assert node["_target_"].split(".")[-2] == name
    target_class(node)


@pytest.mark.parametrize(("group", "name"), [item for item in COMPONENTS if item[0] not in ("model", "loss", "fusion")])
def test_every_yaml_builds(group, name):
    hash(build(read_option(group, name, CONF)))


@pytest.mark.parametrize(("group", "name"), [item for item in COMPONENTS if item[0] not in ("model", "loss", "fusion")])
def test_an_unknown_key_is_named(group, name):
    with pytest.raises(InputError, match="no key 'nonsense'"):
        build(read_option(group, name, CONF) | {"nonsense": 1})


def test_a_target_outside_mmer_is_refused():
    with pytest.raises(InputError, match=r"os\.system.*outside mmer"):
        build({"_target_": "os.system", "command": "true"})
    with pytest.raises(InputError, match="does not exist"):
        build({"_target_": "mmer.models.gcn.Gcm"})


def stages():
    for name, stage in yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].items():
        yield name, stage.get("do", stage)


@pytest.mark.parametrize(("name", "stage"), [item for item in stages() if item[0] not in ("config", "evaluate")])
def test_dvc_knows_the_code_that_a_stage_runs(name, stage):
    """``evaluate`` is tracked by the digests in artifacts/inputs.json instead; ``config`` runs no room."""
    modules = set(closure([f"mmer.stages.{name}"])) - MACHINERY - {"mmer.stages"}
    for module in modules:
        path = module.replace(".", "/")
        file = f"{path}.py" if (ROOT / f"{path}.py").is_file() else f"{path}/__init__.py"
        assert any(file == dep or file.startswith(f"{dep}/") for dep in stage["deps"]), (
            f"dvc.yaml: {name} misses {file}"
        )


def test_stages_are_short():
    for path in (ROOT / "mmer" / "stages").glob("*.py"):
        if path.stem in {name for name, _ in stages()} - {"config"}:
            code = [line for line in path.read_text().splitlines() if line.strip()]
            assert len(code) <= 75, f"{path.name} is no longer a stage that only reads, calls and writes"
