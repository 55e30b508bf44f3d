"""What a search found, in numbers, and the files beside a trial."""

import math
import xml.etree.ElementTree as ElementTree

import numpy as np
import optuna
import pandas as pd
import pytest

from mmer.tuning.analysis import best_so_far, importances, summarise
from mmer.tuning.artifacts import CONFUSION, CURVES, OVERRIDES, trial_files
from mmer.tuning.results import trials_table
from mmer.tuning.search import Search

SPACE = {
    "model.lr": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True},
    "model.hidden": {"type": "int", "low": 16, "high": 64, "step": 16},
    "loss": {"type": "categorical", "choices": ["cross_entropy", "focal"]},
    "loss.gamma": {"type": "float", "low": 0.5, "high": 5.0, "when": {"loss": "focal"}},
}
SEARCH = Search.of("demo", {"trials": 30, "space": SPACE}, "conf/search/demo.yaml")


def study_of(score, trials=30, seed=0):
    """Return a study whose trials score what a function of their parameters says; None is a failure."""
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=seed))
    for _ in range(trials):
        trial = study.ask()
        overrides = list(SEARCH.space.suggest(trial))
        for key, value in (("overrides", overrides), ("seconds", 1.5), ("worker", {"host": "a", "pid": 1})):
            trial.set_user_attr(key, value)
        value = score(trial.number, trial.params)
        study.tell(trial, value, state=optuna.trial.TrialState.FAIL if value is None else None)
    return study


def by_rate(number, params):
    return -abs(math.log10(params["model.lr"]) + 2)


def test_what_alone_decides_is_most_important():
    shares = importances(study_of(by_rate))
    assert next(iter(shares)) == "model.lr"
    assert shares["model.lr"] > 0.7
    assert sum(shares.values()) == pytest.approx(1)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert importances(study_of(by_rate)) == shares


def test_a_choice_that_decides_is_most_important():
    shares = importances(study_of(lambda number, params: float(params["loss"] == "focal") + number / 1000))
    # within focal its own parameter exists, outside it does not: the two say the same
    assert shares["loss"] + shares["loss.gamma"] > 0.7


@pytest.mark.parametrize(
    ("values", "told"),
    [([], False), (list(range(9)), False), ([0.5] * 12, False), ([0.5] * 11 + [0.6], False), (range(12), True)],
)
def test_where_nothing_can_be_told_apart_there_are_no_importances(values, told):
    study = study_of(lambda number, params: float(list(values)[number]), len(values))
    assert bool(importances(study)) is told


def test_a_failed_trial_is_none_of_the_best():
    table = pd.DataFrame(
        {
            "number": [3, 0, 1, 2, 4],
            "state": ["COMPLETE", "COMPLETE", "FAIL", "COMPLETE", "PRUNED"],
            "value": [0.75, 0.5, np.nan, 0.25, np.nan],
        }
    )
    assert best_so_far(table) == [(0, 0.5), (3, 0.75)]
    assert best_so_far(table[:0]) == []


def test_the_summary_is_that_of_the_table():
    studies = {
        "b": study_of(lambda number, params: None if number == 2 else by_rate(number, params), 14, seed=1),
        "a": study_of(by_rate, 12),
    }
    table = trials_table(studies)
    summary = summarise("demo", SEARCH, studies, table, "d")
    assert [one["study"] for one in summary["studies"]] == ["a", "b"]
    a, b = summary["studies"]
    assert (a["states"], b["states"]) == ({"COMPLETE": 12}, {"COMPLETE": 13, "FAIL": 1})
    for one in (a, b):
        study = studies[one["study"]]
        assert (one["best"]["number"], one["best"]["value"]) == (study.best_trial.number, study.best_value)
        assert one["best"]["overrides"] == " ".join(study.best_trial.user_attrs["overrides"])
        assert one["best_so_far"][-1] == [study.best_trial.number, study.best_value]
    assert summary["inner_mean"] == pytest.approx((a["best"]["value"] + b["best"]["value"]) / 2)
    assert (summary["seconds"], a["seconds"]) == (39.0, 18.0)
    assert summary["parameters"]["model.hidden"] == {"type": "int", "low": 16, "high": 64, "log": False}
    assert summary["parameters"]["loss"]["choices"] == ["cross_entropy", "focal"]
    assert set(summary["parameters"]) <= set(table)  # a drawing finds the columns of all parameters
    rate = summary["importances"]["model.lr"]
    pair = sorted(one["importances"]["model.lr"] for one in (a, b))
    assert (rate["low"], rate["high"], rate["mean"]) == pytest.approx((*pair, sum(pair) / 2))
    assert (summary["mode"], summary["metric"], summary["pruner"], summary["digest"]) == ("nested", "uf1", "none", "d")


def test_a_study_without_a_complete_trial_has_no_best():
    studies = {"a": study_of(lambda number, params: None, 2)}
    summary = summarise("demo", SEARCH, studies, trials_table(studies), "d")
    assert summary["studies"][0]["best"] is None
    assert summary["inner_mean"] is None


def files(truth, probabilities, classes=("<b>", "sad"), curves=()):
    return trial_files("trial 7", ("loss=a b", "x=1"), "mmer run t", ("s",), classes, truth, probabilities, curves)


def texts(svg):
    return [one.text for one in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_the_pictures_count_clips():
    found = files(np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]]))
    assert texts(found[CONFUSION])[1:] == ["<b>", "sad", "<b>", "1", "1", "sad", "0", "1"]
    assert found[OVERRIDES].splitlines() == ["# s", "mmer run t 'loss=a b' x=1", "", "loss=a b", "x=1"]
    assert "Nothing was trained by epochs." in texts(found[CURVES])


def test_units_without_annotation_count_nowhere():
    truth = np.array([[1.0, np.nan], [0.0, 1.0], [1.0, np.nan]])
    found = files(truth, np.array([[0.9, 0.9], [0.8, 0.2], [0.1, 0.9]]), ("AU01", "AU12"))
    assert texts(found[CONFUSION])[5:] == ["AU01", "1", "1", "1", "0", "AU12", "0", "1", "0", "0"]


def test_curves_that_diverged_are_drawn_as_far_as_they_go():
    curve = pd.DataFrame({"epoch": [1, 2, 3], "loss": [2.0, np.inf, np.nan], "accuracy": [np.nan] * 3})
    found = files(np.empty(0), np.empty(0), curves=[curve, curve.assign(loss=[2.0, 1.0, 0.5])])
    assert CONFUSION not in found
    assert "no finite value" in texts(found[CURVES])
    assert "nan" not in found[CURVES]
