"""Numbers for programs and for the terminal."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from records_for_tests import experiment_record, unit_record
from sklearn.metrics import f1_score, precision_score, roc_auc_score

from fakes import clips_table, predictions_table
from mmer.report.experiment_section import verdict
from mmer.report.metrics_file import metrics_json
from mmer.report.results import measure
from mmer.report.summary import summarise
from mmer.report.terminal import markdown_table
from mmer.types.errors import InputError


def numbers_of(*records):
    return metrics_json(measure(records))


def test_json_is_plain_sorted_and_rounded():
    records = [experiment_record("b"), experiment_record("a", seeds=(0, 1)), unit_record("c")]
    numbers = numbers_of(*records)
    assert list(numbers) == ["a", "b", "c"]
    assert json.loads(json.dumps(numbers, allow_nan=False)) == numbers
    table = records[0].predictions
    assert numbers["b"]["uf1"] == round(f1_score(table.truth, table.predicted, average="macro"), 6)
    assert numbers["b"]["std"]["uf1"] == 0
    assert numbers["b"]["clips"] == 18
    assert numbers["b"]["classes"] == {"disgust": 6, "happiness": 6, "surprise": 6}
    assert numbers["b"]["baselines"]["majority"]["uar"] == pytest.approx(1 / 3, abs=1e-6)
    assert numbers["b"]["fingerprint"] == {"splits": "5" * 64}
    assert numbers["a"]["seeds"] == 2


def test_json_does_not_depend_on_the_order_of_rows_or_experiments():
    first, second = experiment_record("a"), experiment_record("b", skill=0.9)
    shuffled = experiment_record("a", predictions=first.predictions.sample(frac=1, random_state=1))
    assert json.dumps(numbers_of(first, second)) == json.dumps(numbers_of(second, shuffled))


def test_per_class_calibration_and_mean_over_folds_are_there():
    record = experiment_record("one")
    numbers = numbers_of(record)["one"]
    table = record.predictions
    precision = precision_score(table.truth, table.predicted, average=None, zero_division=0)
    assert [numbers["per_class"][name]["precision"] for name in sorted(numbers["per_class"])] == pytest.approx(
        list(precision), abs=1e-6
    )
    assert numbers["per_class"]["disgust"]["support"] == 6
    assert 0 <= numbers["ece"] <= 1
    assert 0 <= numbers["brier"] <= 2
    folds = [f1_score(part.truth, part.predicted, average="macro") for _, part in table.groupby("fold")]
    assert numbers["mean_over_folds_accuracy"] == pytest.approx(
        np.mean([(part.truth == part.predicted).mean() for _, part in table.groupby("fold")]), abs=1e-6
    )
    assert numbers["mean_over_folds_uf1"] >= np.mean(folds) - 1e-6  # a class that a fold lacks is left out
    assert numbers["interval"]["uf1"]["low"] < numbers["uf1"] < numbers["interval"]["uf1"]["high"]


def test_several_corpora_are_also_scored_apart():
    per_dataset = numbers_of(experiment_record("both"))["both"]["per_dataset"]
    assert {name: part["clips"] for name, part in per_dataset.items()} == {"casme2": 9, "samm": 9}
    assert "per_dataset" not in numbers_of(experiment_record("one", clips_table(("samm",))))["one"]


def test_groups_of_people_are_scored_apart():
    clips = clips_table(cultures={"casme2": "north"})
    numbers = numbers_of(experiment_record(clips=clips))["first"]
    assert numbers["per_culture"]["north"]["uf1"] == numbers["per_dataset"]["casme2"]["uf1"]
    assert numbers["smallest_culture"] == {"name": "north", "clips": 9, "subjects": 3, "clips_without": 9}
    assert "per_sex" not in numbers


def test_action_units_have_their_own_scores():
    record = unit_record("units")
    numbers = numbers_of(record)["units"]
    table = record.predictions
    parts = [part for _, part in table.groupby("target")]
    auc = [roc_auc_score(part.truth == "present", part.p_present) for part in parts]
    assert numbers["macro_auc"] == pytest.approx(np.mean(auc), abs=1e-6)
    assert "uf1" not in numbers
    assert not any(name.startswith("mean_over_folds") for name in numbers)
    assert numbers["baselines"]["constant"]["macro_auc"] == 0.5
    assert set(numbers["per_class"]) == {"AU01", "AU04", "AU12"}
    assert numbers["per_dataset"]["samm"]["without_f1"] == ["AU12"]


def test_what_is_not_defined_is_null():
    record = unit_record("units", clips_table(("samm",)))
    numbers = numbers_of(record)["units"]
    assert numbers["per_class"]["AU12"]["f1"] is None
    assert numbers["absent_classes"] == ["AU12"]
    never = record.predictions.query("target == 'AU12'")
    assert (
        numbers_of(unit_record("units", clips_table(("samm",)), predictions=never, baselines={}))["units"]
        | {
            "macro_f1": None,
            "macro_auc": None,
        }
        == numbers_of(unit_record("units", clips_table(("samm",)), predictions=never, baselines={}))["units"]
    )


def test_one_subject_has_no_interval():
    clips = clips_table(("samm",), subjects=1)
    numbers = numbers_of(experiment_record(clips=clips))["first"]
    assert numbers["interval"] == {}
    assert numbers["uf1"] is not None


def test_json_of_nothing():
    assert numbers_of() == {}


def test_markdown_has_a_row_per_experiment_and_baseline():
    lines = markdown_table(measure([experiment_record("a|b", seeds=(0, 1))])).splitlines()
    assert len(lines) == 6
    assert len({len(line) for line in lines}) == 1
    assert "a\\|b" in lines[2]
    assert "±" in lines[2]
    assert "[" in lines[2]
    assert [line.split("|")[1].strip() for line in lines[3:]] == [
        "majority",
        "prior",
        "AU prior on annotated AUs (oracle)",
    ]
    assert markdown_table(measure([])).startswith("No experiment")


def test_markdown_has_a_table_for_action_units():
    emotions, units = markdown_table(measure([experiment_record("a"), unit_record("b")])).split("\n\n")
    assert "UF1" in emotions
    assert "Macro F1" in units
    assert "AU12" in units
    assert "constant" in units


def test_equal_names_are_refused():
    with pytest.raises(InputError, match="different names"):
        measure([experiment_record("a"), experiment_record("a")])


@pytest.mark.parametrize("what", ["audit", "fingerprint"])
def test_what_belongs_to_another_experiment_is_refused(what):
    other = getattr(experiment_record("other"), what)
    with pytest.raises(InputError, match=f"the {what} is of 'other'"):
        experiment_record("mine", **{what: other})


def test_a_clips_table_of_other_clips_is_refused():
    with pytest.raises(InputError, match="lacks predicted clips: casme2/sub04/clip00"):
        replace(experiment_record("mine", clips_table(subjects=4)), clips=clips_table())


def test_verdict_compares_with_the_spread_of_guessing():
    clips = clips_table(subjects=10)
    good = experiment_record(clips=clips)
    assert "above 95 %" in verdict(summarise(good))
    guess = experiment_record(clips=clips, predictions=good.baselines["prior"].query("seed == 3"))
    assert "not distinguishable" in verdict(summarise(guess))
    inverted = experiment_record(clips=clips, predictions=_never_right(good.predictions))
    assert "below 95 %" in verdict(summarise(inverted))
    assert "every unit is present gives 0." in verdict(summarise(unit_record()))


def test_chance_is_the_spread_over_draws_each_averaged_over_repeats():
    clips = clips_table(subjects=6)
    table = predictions_table(clips, seeds=tuple(range(20)), skill=0)
    repeated = pd.concat([table.assign(repeat=0), table.assign(repeat=1, fold=table.fold + "b")], ignore_index=True)
    once, twice = (
        summarise(experiment_record(clips=clips, baselines={"prior": prior})).baseline("prior").scores["uf1"]
        for prior in (table, repeated)
    )
    assert once.draws == pytest.approx(twice.draws)
    assert (once.runs, twice.runs) == (20, 40)


def _never_right(predictions):
    turn = {"disgust": "happiness", "happiness": "surprise", "surprise": "disgust"}
    return predictions.assign(predicted=predictions.truth.map(turn))


@pytest.mark.parametrize(("fact", "other"), [("truth", "surprise"), ("subject", "casme2/sub03"), ("dataset", "casme")])
def test_predictions_that_contradict_the_clips_or_the_baselines_are_refused(fact, other):
    record = experiment_record("first")
    clip = "casme2/sub01/clip00"
    predictions = record.predictions.copy()
    predictions.loc[predictions.clip_id == clip, fact] = other
    with pytest.raises(InputError, match=f"first.*{fact} of {clip}.*dvc repro"):
        replace(record, predictions=predictions)
