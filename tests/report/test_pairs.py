"""Which experiments are compared, and how the page and programs get the result."""

import pytest
from page_for_tests import Page, render
from records_for_tests import experiment_record, unit_record

from fakes import clips_table, predictions_table
from mmer.metrics.comparison import compare
from mmer.report.metrics_file import metrics_json
from mmer.report.results import measure


@pytest.fixture(scope="module")
def clips():
    return clips_table(subjects=5)


def groups(*records):
    return [group.names for group in measure(records).comparisons]


def test_only_experiments_on_the_same_clips_and_classes_are_compared(clips):
    fewer = clips.iloc[3:].reset_index(drop=True)
    renamed = predictions_table(clips).replace("disgust", "anger").rename(columns={"p_disgust": "p_anger"})
    records = (
        experiment_record("a", clips),
        experiment_record("other_clips", fewer),
        experiment_record("b", clips, skill=0.3),
        experiment_record("other_classes", clips, predictions=renamed, baselines={}),
        unit_record("u", clips),
        unit_record("v", clips),
    )
    assert groups(*records) == [("a", "b"), ("u", "v")]
    assert groups(records[0], records[1]) == []


def test_other_folds_of_the_same_clips_are_compared_and_the_protocols_named(clips):
    first = experiment_record("a", clips)
    second = experiment_record(
        "b",
        clips,
        config={"protocol": "kfold"},
        predictions=predictions_table(clips, experiment="b").assign(fold="all"),
    )
    assert groups(first, second) == [("a", "b")]
    text = Page(render([first, second])).text
    assert "The experiments differ in protocol (kfold, loso)" in text


def test_runs_are_set_against_as_many_runs(clips):
    one, two, three = (experiment_record(f"e{n}", clips, seeds=tuple(range(n))) for n in (1, 2, 3))
    again = experiment_record("again", clips, seeds=(7, 8))
    assert groups(one, two, again) == [("e1", "e2", "again")]
    assert groups(one, two, three, again) == [("e2", "again")]


def test_the_page_and_the_json_hold_what_compare_says(clips):
    records = [experiment_record(name, clips, skill=skill) for name, skill in (("a", 0.3), ("b", 0.95), ("c", 0.5))]
    table = compare({record.name: record.predictions for record in records})
    text = Page(render(records)).text
    row = table.iloc[0]
    assert f"a and b {row.score_a:.3f} {row.score_b:.3f} −{-row.difference:.3f}" in text
    assert "Holm's correction" in text
    numbers = metrics_json(measure(records))
    forth, back = numbers["a"]["comparisons"]["b"], numbers["b"]["comparisons"]["a"]
    assert forth["difference"] == round(row.difference, 6) == -back["difference"]
    assert (forth["low"], forth["high"]) == (-back["high"], -back["low"])
    assert forth["permutation_p_holm"] == back["permutation_p_holm"] == round(row.permutation_p_holm, 6)


def test_one_subject_is_compared_without_an_interval():
    alone = clips_table(("samm",), subjects=1, clips=6)
    records = [experiment_record("a", alone, skill=1), experiment_record("b", alone, skill=0)]
    assert metrics_json(measure(records))["a"]["comparisons"]["b"]["low"] is None
    assert "95 % interval" in Page(render(records)).text


def test_a_score_that_is_not_defined_is_not_compared():
    clips = clips_table(("samm",))
    never = [unit_record(name, clips) for name in ("u", "v")]
    never = [
        unit_record(one.name, clips, predictions=one.predictions.query("target == 'AU12'"), baselines={})
        for one in never
    ]
    assert groups(*never) == []
    assert "Comparisons" not in Page(render(never)).text
