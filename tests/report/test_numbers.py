"""Numbers for programs and for the terminal."""

import json

import pytest
from records_for_tests import experiment_record
from sklearn.metrics import f1_score

from fakes import clips_table
from mmer.report.numbers import markdown_table, metrics_json, summarise
from mmer.report.page import verdict
from mmer.types.errors import InputError


def test_json_is_plain_sorted_and_rounded():
    records = [experiment_record("b"), experiment_record("a", seeds=(0, 1))]
    numbers = metrics_json(records)
    assert list(numbers) == ["a", "b"]
    assert json.loads(json.dumps(numbers, allow_nan=False)) == numbers
    table = records[0].predictions
    assert numbers["b"]["uf1"] == round(f1_score(table.truth, table.predicted, average="macro"), 6)
    assert numbers["b"]["std"]["uf1"] == 0
    assert numbers["b"]["clips"] == 18
    assert numbers["b"]["classes"] == {"disgust": 6, "happiness": 6, "surprise": 6}
    assert numbers["b"]["baselines"]["majority"]["uar"] == pytest.approx(1 / 3, abs=1e-6)
    assert numbers["a"]["seeds"] == 2


def test_several_corpora_are_also_scored_apart():
    per_dataset = metrics_json([experiment_record("both")])["both"]["per_dataset"]
    assert {name: part["clips"] for name, part in per_dataset.items()} == {"casme2": 9, "samm": 9}
    assert "per_dataset" not in metrics_json([experiment_record("one", clips_table(("samm",)))])["one"]


def test_json_of_nothing():
    assert metrics_json([]) == {}


def test_markdown_has_a_row_per_experiment_and_baseline():
    lines = markdown_table([experiment_record("a|b", seeds=(0, 1))]).splitlines()
    assert len(lines) == 5
    assert len({len(line) for line in lines}) == 1
    assert "a\\|b" in lines[2]
    assert "±" in lines[2]
    assert "majority" in lines[3]
    assert markdown_table([]).startswith("No experiment")


def test_equal_names_are_refused():
    with pytest.raises(InputError, match="different names"):
        metrics_json([experiment_record("a"), experiment_record("a")])


def test_verdict_compares_with_the_spread_of_guessing():
    clips = clips_table(subjects=10)
    good = experiment_record(clips=clips)
    assert "above 95 %" in verdict(summarise(good))
    guess = experiment_record(clips=clips, predictions=good.baselines["prior"].query("seed == 3"))
    assert "not distinguishable" in verdict(summarise(guess))
    inverted = experiment_record(clips=clips, predictions=_never_right(good.predictions))
    assert "below 95 %" in verdict(summarise(inverted))


def _never_right(predictions):
    turn = {"disgust": "happiness", "happiness": "surprise", "surprise": "disgust"}
    return predictions.assign(predicted=predictions.truth.map(turn))
