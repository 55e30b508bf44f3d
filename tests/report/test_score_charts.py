"""Drawings of scores by class and subject, and of action units that come together."""

import numpy as np
import pandas as pd
import pytest
from page_for_tests import Page, render
from records_for_tests import dataset_records, experiment_record, unit_predictions

from fakes import clips_table, predictions_table
from mmer.metrics.bootstrap import resampled_scores
from mmer.metrics.class_intervals import class_intervals, subject_scores
from mmer.metrics.multilabel import per_unit
from mmer.metrics.scores import per_class, per_subject
from mmer.report.class_tables import confusion_rows
from mmer.report.score_charts import confusion_finding, score_charts
from mmer.report.unit_counts import unit_counts
from mmer.types.errors import InputError


@pytest.fixture
def predictions():
    return predictions_table(clips_table(subjects=8), skill=0.5, seeds=(0, 1))


def test_class_intervals_hold_the_scores_of_the_tables_and_those_of_resampled_subjects(predictions):
    table = class_intervals(predictions, resamples=500)
    known = per_class(predictions)
    np.testing.assert_allclose(table[["f1", "recall"]], known[["f1", "recall"]])
    for name in ("f1", "recall"):
        assert (table[f"{name}_low"] <= table[name]).all()
        assert (table[name] <= table[f"{name}_high"]).all()
    units = unit_predictions(clips_table(subjects=8), seeds=(0, 1))
    np.testing.assert_allclose(class_intervals(units, 10)[["f1", "recall"]], per_unit(units)[["f1", "recall"]])


def test_the_interval_of_a_class_is_that_of_the_uf1_where_no_other_class_has_truth(predictions):
    # A class without truth has no F1 and is left out of the mean.
    one = predictions[predictions.truth == "disgust"]
    table = class_intervals(one, resamples=500).loc["disgust"]
    drawn = resampled_scores(one, 500, names=["uf1"]).uf1
    assert (table.f1_low, table.f1_high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])))


def test_one_subject_has_no_interval_and_zero_resamples_are_refused(predictions):
    alone = predictions[predictions.subject == predictions.subject.iloc[0]]
    table = class_intervals(alone)
    assert table.f1_low.isna().all()
    assert score_charts(alone, ()).subjects is None
    assert all(mark.bar is None and mark.interval == "" for mark in score_charts(alone, ()).classes)
    with pytest.raises(InputError, match="resamples"):
        class_intervals(predictions, resamples=0)


def test_subjects_are_scored_alone(predictions):
    table = subject_scores(predictions)
    known = per_subject(predictions)
    assert list(table.subject) == list(known.subject)
    assert list(table.clips) == list(known.clips)
    np.testing.assert_allclose(table.score, known.accuracy)
    plot = score_charts(predictions, ()).subjects
    assert [dot.y for dot in plot.dots] == sorted((dot.y for dot in plot.dots), reverse=True)
    worst = known.accuracy.min()
    assert f"from {worst:.2f} (" in plot.finding


def test_more_clips_are_a_larger_dot(predictions):
    first = predictions.subject.iloc[0]
    few = predictions[(predictions.subject != first) | (predictions.clip_id == predictions.clip_id.iloc[0])]
    dots = {dot.subject: dot for dot in score_charts(few, ()).subjects.dots}
    clips, radius = dots[first].clips, dots[first].radius
    other = next(dot for name, dot in dots.items() if name != first)
    assert (clips, other.clips) == (1, 3)
    assert radius / other.radius == pytest.approx(np.sqrt(1 / 3), abs=0.01)


def test_the_finding_names_the_best_class_and_the_most_frequent_mistake():
    truth = ["a"] * 4 + ["b"] * 4
    said = ["a"] * 4 + ["b", "a", "a", "a"]
    table = pd.DataFrame(
        {
            "experiment": "e", "seed": 0, "repeat": 0, "fold": "f", "clip_id": [f"c/{i}" for i in range(8)],
            "dataset": "c", "subject": "c/s", "target": "emotion", "truth": truth, "predicted": said,
            "p_a": [float(word == "a") for word in said], "p_b": [float(word == "b") for word in said],
        }
    )  # fmt: skip
    rows = confusion_rows(table, per_class(table))
    assert confusion_finding(rows) == (
        "Found most often: a, 100 % of 4 clips. Most frequent mistake: b taken for a, 3 of 4."
    )
    right = table.assign(
        predicted=table.truth, p_a=table.p_a.where(table.truth != "b", 0), p_b=table.truth.eq("b") * 1.0
    )
    assert "No clip is predicted wrong" in confusion_finding(confusion_rows(right, per_class(right)))
    assert confusion_finding(()) == ""


def test_units_are_counted_alone_and_together():
    clips = pd.DataFrame({"action_units": [["AU04", "AU07"], ["AU04"], ["AU04", "AU07", "AU12"], [], None]})
    counts = unit_counts(clips)
    assert (counts.names, counts.clips, counts.left_out) == (("AU04", "AU07", "AU12"), 4, 0)
    assert dict(counts.rows)["AU07"] == (("AU04", 2, 1.0), ("AU07", 2, 0.5))
    assert dict(counts.rows)["AU12"] == (("AU04", 1, 1.0), ("AU07", 1, 1.0), ("AU12", 1, 0.25))
    assert counts.finding == "Most frequent: AU04, in 3 of 4 annotated clips. Most frequent pair: AU04 with AU07, in 2."
    assert unit_counts(clips.iloc[1:2]) is None
    many = pd.DataFrame({"action_units": [[f"AU{i:02d}" for i in range(1, 18)]]})
    assert (len(unit_counts(many).names), unit_counts(many).left_out) == (14, 3)


def test_the_page_shows_them_in_words_too():
    clips = clips_table()
    clips["action_units"] = [["AU04", "AU07"] if i % 2 else ["AU12"] for i in range(len(clips))]
    html = render([experiment_record(clips=clips)], dataset_records(clips))
    text = Page(html).text
    assert "Most frequent pair: AU04 with AU07" in text
    assert "F1 by class" in text
    assert "Found most often: " in text
    assert html.count('class="subject-plot"') == 1
