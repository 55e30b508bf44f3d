"""What may be searched, and that everybody reads an override as it was drawn."""

import optuna
import pytest
import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser

from mmer.stages.overrides import parse
from mmer.tuning.parameter import text
from mmer.tuning.space import Space
from mmer.types.errors import InputError

SPACE = {
    "loss.gamma": {"type": "float", "low": 0.5, "high": 5.0, "when": {"loss": "focal"}},
    "model.hidden": {"type": "int", "low": 16, "high": 64, "step": 16},
    "loss": {"type": "categorical", "choices": ["cross_entropy", "focal", "ldam"]},
    "model.lr": {"type": "float", "low": 1e-5, "high": 1e-1, "log": True},
    "model.dropout": {"type": "float", "low": 0.1, "high": 0.5, "step": 0.1},
    "model.readout": {"type": "categorical", "choices": ["mean", "flatten"]},
    "model.batch": {"type": "categorical", "choices": [16, 32]},
}


def draw(space, n=40, seed=0):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    return [space.suggest(study.ask()) for _ in range(n)]


@pytest.mark.parametrize(
    "value", [1e-5, 1.5e-5, 1e16, 0.1, 3.0, -2e-7, 30, 0, True, False, None, "focal", "au_probability", "a/b-c.d", "_x"]
)
def test_yaml_hydra_and_mmer_run_read_the_value_that_was_written(value):
    override = f"model.key={text(value)}"
    read = [
        yaml.safe_load(text(value)),
        OverridesParser.create().parse_override(override).value(),
        parse([override])[0][1],
    ]
    assert [(type(each), each) for each in read] == [(type(value), value)] * 3


@pytest.mark.parametrize(
    "word", ["1e5", "null", "yes", "On", "nan", "Infinity", "a b", "a,b", "a=b", "", "${x}", "1:30"]
)
def test_words_that_would_be_read_otherwise_are_refused(word):
    with pytest.raises(InputError, match="would not be read back"):
        Space.of({"model.key": {"type": "categorical", "choices": ["plain", word]}}, "x.yaml: space")


def test_drawn_numbers_are_in_range_on_their_grid_and_short():
    space = Space.of(SPACE, "x.yaml: space")
    for overrides in draw(space):
        values = {name: yaml.safe_load(value) for name, _, value in (each.partition("=") for each in overrides)}
        assert 1e-5 <= values["model.lr"] <= 1e-1
        assert float(f"{values['model.lr']:.6g}") == values["model.lr"]
        assert values["model.hidden"] in (16, 32, 48, 64)
        assert values["model.dropout"] in (0.1, 0.2, 0.3, 0.4, 0.5)
        assert values["model.batch"] in (16, 32)
        assert ("loss.gamma" in values) == (values["loss"] == "focal")
        assert overrides[0].startswith("loss=")  # a choice stands before the values of what is chosen
    narrow = Space.of({"model.lr": {"type": "float", "low": 0.12345678, "high": 0.12345679}}, "x.yaml: space")
    for (override,) in draw(narrow):
        assert 0.12345678 <= float(override.partition("=")[2]) <= 0.12345679


def test_examples_show_every_choice_and_both_ends_of_every_range():
    examples = Space.of(SPACE, "x.yaml: space").examples()
    shown = {override for example in examples for override in example}
    assert shown == {
        *("loss=cross_entropy", "loss=focal", "loss=ldam", "loss.gamma=0.5", "loss.gamma=5.0", "model.hidden=16"),
        *("model.hidden=64", "model.lr=1.0e-05", "model.lr=0.1", "model.dropout=0.1", "model.dropout=0.5"),
        *("model.readout=mean", "model.readout=flatten", "model.batch=16", "model.batch=32"),
    }
    assert len(examples) <= 4
    for example in examples:
        assert any(each.startswith("loss.gamma=") for each in example) == ("loss=focal" in example)
    assert Space.of(SPACE, "").groups() == {"loss": ("cross_entropy", "focal", "ldam")}


def test_branches_nest():
    nested = {
        "model": {"type": "categorical", "choices": ["gcn", "mlp", "st_gcn"]},
        "model.adjacency": {
            "type": "categorical",
            "choices": ["given", "learned"],
            "when": {"model": ["gcn", "st_gcn"]},
        },
        "model.rank": {"type": "int", "low": 1, "high": 8, "log": True, "when": {"model.adjacency": "learned"}},
    }
    drawn = [dict(each.split("=") for each in overrides) for overrides in draw(Space.of(nested, "x"), 60)]
    assert {each["model"] for each in drawn} == {"gcn", "mlp", "st_gcn"}
    for each in drawn:
        assert ("model.adjacency" in each) == (each["model"] != "mlp")
        assert ("model.rank" in each) == (each.get("model.adjacency") == "learned")


def entry(**changed):
    return {"type": "float", "low": 0.1, "high": 1.0} | changed


CHOICE = {"type": "categorical", "choices": ["a", "b"]}


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({}, "must map keys"),
        ({"protocol": CHOICE}, "protocol is not searched: it decides what is measured"),
        ({"protocol.k": {"type": "int", "low": 2, "high": 5}}, "protocol.k is not searched"),
        ({"labels": CHOICE}, "easier test"),
        ({"datasets": CHOICE}, "decides what is measured"),
        ({"seeds": CHOICE}, "luck"),
        ({"stack": {"type": "int", "low": 1, "high": 5}}, "how fast"),
        ({"tuned": CHOICE}, "search its base"),
        ({"faces": CHOICE}, "once per corpus.*under `datasets` in params.yaml"),
        ({"motion.n_frames": {"type": "int", "low": 2, "high": 5}}, "once per corpus"),
        ({"model.name": CHOICE}, "choose the group itself, model"),
        ({"model._target_": CHOICE}, "no key of an override"),
        ({"++model.lr": entry()}, "no key of an override"),
        ({"model.lr": 0.1}, "must be a mapping"),
        ({"model.lr": entry(type="flaot")}, "did you mean 'float'"),
        ({"model.lr": entry(lo=0.1)}, "unknown key 'lo'.*did you mean 'low'"),
        ({"model.lr": entry(choices=[1])}, "unknown key 'choices' of type float"),
        ({"model.lr": {"type": "float", "low": 0.1}}, "high: must be a number, got None"),
        ({"model.lr": entry(low="1e-4")}, "'1e-4' is a word"),
        ({"model.lr": entry(high=float("inf"))}, "must be a number"),
        ({"model.lr": entry(low=True)}, "must be a number"),
        ({"model.lr": entry(low=1.0)}, "low must be below high"),
        ({"model.lr": entry(low=0.0, log=True)}, "above 0"),
        ({"model.lr": entry(log=1)}, "true or false"),
        ({"model.lr": entry(log=True, step=0.1)}, "exclude each other"),
        ({"model.lr": entry(step=0.4)}, r"e.g. high: 0.9"),
        ({"model.lr": entry(step=-0.1)}, "does not lead"),
        ({"model.n": {"type": "int", "low": 1, "high": 2.5}}, "whole number"),
        ({"loss": {"type": "categorical"}}, "at least two values"),
        ({"loss": {"type": "categorical", "choices": ["a"]}}, "at least two values"),
        ({"loss": {"type": "categorical", "choices": ["a", "a"]}}, "listed twice"),
        ({"model.b": {"type": "categorical", "choices": [1, True]}}, "the same"),
        ({"model.b": {"type": "categorical", "choices": [[1], [2]]}}, "no single value"),
        ({"loss": CHOICE, "model.lr": entry(when={"los": "a"})}, "did you mean 'loss'"),
        ({"loss": CHOICE, "model.lr": entry(when={"loss": "c"})}, "'c' is no choice of loss"),
        ({"loss": CHOICE, "model.lr": entry(when=[])}, "when must be a mapping"),
        ({"model.n": entry(), "model.lr": entry(when={"model.n": 0.2})}, "only a categorical one makes branches"),
        ({"loss": CHOICE | {"when": {"loss": "a"}}}, "in a circle"),
        ({"loss": CHOICE | {"when": {"model": "a"}}, "model": CHOICE | {"when": {"loss": "a"}}}, "in a circle"),
        (
            {
                "loss": CHOICE | {"when": {"model": "a"}},
                "model": CHOICE,
                "loss.x": entry(when={"loss": "a", "model": "b"}),
            },
            "loss.x: is never reached: the conditions on model exclude each other",
        ),
    ],
)
def test_a_wrong_space_is_refused_by_name(space, message):
    with pytest.raises(InputError, match=message) as caught:
        Space.of(space, "conf/search/x.yaml: space")
    assert str(caught.value).startswith("conf/search/x.yaml: space")


def test_a_space_survives_its_plain_form_and_says_what_differs():
    space = Space.of(SPACE, "x")
    again = Space.of(space.to_dict(), "x")
    assert again.to_dict() == space.to_dict()
    assert space.difference(again) == []
    changed = SPACE | {"model.lr": SPACE["model.lr"] | {"high": 0.2}, "model.p": entry()}
    del changed["model.hidden"]
    assert space.difference(Space.of(changed, "x")) == [
        "model.hidden is gone",
        "model.p is new",
        "model.lr: high 0.1, now 0.2",
    ]
