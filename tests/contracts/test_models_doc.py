"""docs/models.md has a row for every model, and its numbers are those of the code."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COUNTED = ("reads", "counted with", "parameters")


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(ROOT / "scripts" / "list_models.py"))


@pytest.fixture(scope="module")
def written(script):
    return script["rows_of"]((ROOT / "docs" / "models.md").read_text())


def check(name, script, written):
    again = "run `.venv/bin/python scripts/list_models.py --write`, and write what is published of it into its row"
    assert name in written, f"docs/models.md has no row for {name}: {again}"
    counted = script["computed"](name)
    for column in COUNTED:
        assert written[name][column] == counted[column], f"docs/models.md, {name}, {column}: {again}"
    for recipe in script["recipes_of"](name):
        assert f"`{recipe}`" in written[name]["recipes"], f"docs/models.md, {name}: the recipe {recipe}: {again}"


def test_the_row_of_a_network_is_what_the_code_says(model_name, script, written):
    check(model_name, script, written)


def test_the_row_of_a_classical_model_is_what_the_code_says(classical_name, script, written):
    check(classical_name, script, written)


@pytest.mark.parametrize("name", ["dssnet", "dual_inception", "off_apexnet", "rcn_a", "resnet18", "sssnet", "ststnet"])
def test_the_table_and_the_class_count_alike(name, written):
    """The docstring counts layer by layer; its total is that of the table."""
    text = (ROOT / "mmer" / "models" / f"{name}.py").read_text()
    total = re.search(r"\*\*all\*\* +([0-9]+)\n", text)
    assert f"{int(total[1]):,}" == written[name]["parameters"]


def test_what_was_written_by_hand_stays(script, written):
    text = (ROOT / "docs" / "models.md").read_text()
    rows = {"ststnet": written["ststnet"] | {"parameters": "7", "published": "a figure"}}
    old = script["in_table"](text, rows.values())
    new = script["updated"](old, ["ststnet", "svm_rbf"])
    assert old.split(script["START"])[0] == text.split(script["START"])[0]
    found = script["rows_of"](new)
    assert set(found) == {"ststnet", "svm_rbf"}
    assert found["ststnet"] == written["ststnet"] | {"published": "a figure"}
    assert found["svm_rbf"]["published"] == "–"
    assert script["updated"](new, ["ststnet", "svm_rbf"]) == new
