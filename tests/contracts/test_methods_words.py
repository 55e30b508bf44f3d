"""The methods section has words for every option of conf/, and no value of an option changes without the text."""

import pytest

from conf_groups import options
from mmer.report.describe import describe, value_text
from mmer.report.methods import _augment, _training, methods
from mmer.report.methods_words import OF_RECIPE, RECIPE, WORDS
from mmer.stages.build import read_option
from mmer.training.recipe import Recipe

CASES = [(group, name) for group in WORDS for name in options(group)]


def other(value):
    """Return another value of the like."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value * 2 + 3
    if isinstance(value, list):
        return [*value, "more"]
    if isinstance(value, dict):
        return value | {"more": 1}
    return "other" if value is None or value == "" else f"other_{value}"


@pytest.mark.parametrize(("group", "name"), CASES)
def test_every_option_has_words_and_every_value_is_in_them(group, name):
    """Words of its own are in mmer/report/methods_words.py; without them it is named plainly, as in a test below."""
    section = read_option(group, name)
    text = describe(group, section)
    assert "{" not in text
    assert "?" not in text
    for key, value in section.items():
        if key not in ("_target_", "name"):
            assert describe(group, section | {key: other(value)}) != text, key


def test_words_are_of_options_that_exist():
    for group, words in WORDS.items():
        assert set(words) <= set(options(group))


def test_a_component_without_words_is_named_plainly():
    section = {"_target_": "lab.losses.Mine", "name": "mine", "weight": 0.25, "odd": "{x}", "_code_": "abc"}
    assert describe("loss", section) == "loss mine (class lab.losses.Mine) (odd {x}, weight 0.25)"


@pytest.mark.parametrize("name", options("augment"))
def test_every_augmentation_is_said(name):
    section = read_option("augment", name)
    text = _augment(section)
    assert (text == "no augmentation") == (name == "none")
    for key, value in section.items():
        if key not in ("_target_", "name"):
            changed = [0.5, 2.5] if key == "amplify" else other(value)
            assert _augment(section | {key: changed}) != text, key


def test_what_a_recipe_leaves_out_is_what_training_takes():
    defaults = Recipe(epochs=1, batch_size=1, lr=1.0)
    assert {key: getattr(defaults, key) for key in RECIPE} == RECIPE
    assert set(OF_RECIPE) == set(Recipe.__dataclass_fields__)


def test_every_value_of_a_recipe_is_in_the_text():
    base = {"name": "gcn", "epochs": 5, "batch_size": 4, "lr": 0.1}
    text = _training({"model": base})
    for change in (
        *({"epochs": 6}, {"batch_size": 8}, {"lr": 0.00025}, {"weight_decay": 0.5}, {"optimizer": "sgd"}),
        *({"clip_norm": 1.0}, {"schedule": "cosine"}, {"schedule": "step"}, {"patience": 3}, {"precision": "bf16"}),
        *({"standardise": "none"}, {"standardise": "node"}),
    ):
        assert _training({"model": base | change}) != text, change
    for base, change in (
        ({"optimizer": "sgd"}, {"momentum": 0.5}),
        ({"schedule": "step"}, {"step_epochs": 3}),
        ({"schedule": "step"}, {"step_factor": 0.3}),
        ({"patience": 3}, {"validation_subjects": 4}),
    ):
        one = {"name": "gcn", "epochs": 5, "batch_size": 4, "lr": 0.1} | base
        assert _training({"model": one | change}) != _training({"model": one})
    assert "learning rate 0.00025" in _training({"model": {"name": "x", "epochs": 1, "batch_size": 1, "lr": 0.00025}})
    assert "solver" in _training({"model": {"name": "svm_rbf"}})


def test_values_are_written_whole():
    assert value_text(1e-07) == "0.0000001"
    assert value_text([1.0, 2.5, 3]) == "1, 2.5 and 3"
    assert value_text(None) == "none"
    assert callable(methods)
