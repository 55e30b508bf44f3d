"""docs/models.md has a row for every model, and its numbers are those of the code."""

import inspect
import re
import runpy
from pathlib import Path

import pytest

from mmer.stages.build import read_option, target_class

ROOT = Path(__file__).parents[2]
COUNTED = ("reads", "counted with", "parameters")


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(ROOT / "scripts" / "list_models.py"))


@pytest.fixture(scope="module")
def written(script):
    return script["rows_of"]((ROOT / "docs" / "models.md").read_text())


@pytest.fixture(autouse=True)
def _of_mmer(request):
    """The page lists what ships with mmer, not what a package of a lab adds."""
    cases = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    for model in cases.values():
        if not read_option("model", model)["_target_"].startswith("mmer."):
            pytest.skip("a model of a package that params.yaml lists")


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


def layers(name):
    """Read the docstring of a model: its counts layer by layer, and their sum."""
    text = inspect.getdoc(target_class(read_option("model", name)))
    rules = list(re.finditer(r"^=+( +=+)+$", text, re.MULTILINE))
    assert rules, f"mmer/models/{name}.py: the docstring does not count its parameters layer by layer"
    last = rules[0][0].rindex(" ") + 1  # the column of the counts
    rows = text[rules[1].end() : rules[-1].start()].strip("\n").splitlines()
    counts = []
    for row in rows:
        what, count = re.split(r"  +", row)[0], row[last:].strip()
        if count:
            times = len(re.findall(r"\d+", what)) if what.endswith("each") else 1
            counts.append(times * int(count.replace(",", "")))
    assert rows[-1].startswith(("sum", "**all**"))
    return counts[:-1], counts[-1]


def test_the_docstring_counts_layer_by_layer_what_the_model_has(model_name, script, written):
    """The sum of its layers is its total, and that is the table's, which a test above compares with the model built."""
    parts, total = layers(model_name)
    assert sum(parts) == total
    assert f"{total:,}" == written[model_name]["parameters"]


def test_what_is_published_stands_beside_the_count_with_the_difference(model_name, written):
    assert written[model_name]["published"] not in ("", "–")
    assert written[model_name]["why it differs"] not in ("", "–")


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
