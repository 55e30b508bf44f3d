"""Intervals by resampling subjects: against a plain loop, known answers and simulated coverage."""

import numpy as np
import pandas as pd
import pytest
from invented_predictions import CLASSES, emotion_table, unit_table

from mmer.metrics.bootstrap import interval, intervals, refuses, resampled_scores
from mmer.metrics.draws import resamples_of_subjects
from mmer.metrics.multilabel import mean_unit_scores
from mmer.metrics.scores import mean_scores, scores
from mmer.metrics.tallies import tally
from mmer.types.errors import InputError


def naive(table, weights, mean):
    """Copy each drawn subject's rows, rename the copies, and score the copy as any table."""
    found = []
    for row in weights.astype(int):
        parts = [
            table[table.subject == subject].assign(
                clip_id=lambda part, copy=copy: part.clip_id + f"#{copy}",
            )
            for subject, times in zip(sorted(set(table.subject)), row, strict=True)
            for copy in range(times)
        ]
        found.append(mean(pd.concat(parts)))
    return pd.DataFrame(found)


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_equal_to_a_loop_over_copied_rows(seeds):
    table = emotion_table(subjects=8, clips=3, seeds=seeds)  # few clips: resamples lack classes
    drawn = resampled_scores(table, 40, seed=5)
    expected = naive(table, resamples_of_subjects(8, 40, 5), mean_scores)
    assert list(drawn) == list(expected)
    np.testing.assert_allclose(drawn.to_numpy(), expected.to_numpy(), rtol=0, atol=1e-12)


def test_equal_to_a_loop_for_action_units():
    table = unit_table(subjects=7, clips=2, rate=0.15, seeds=(0, 1), ties=True)
    drawn = resampled_scores(table, 40)
    expected = naive(table, resamples_of_subjects(7, 40, 0), mean_unit_scores)
    assert set(drawn) == set(expected)
    np.testing.assert_allclose(drawn.to_numpy(), expected[list(drawn)].to_numpy(), rtol=0, atol=1e-12)


def test_a_run_without_the_drawn_subjects_is_left_out_of_the_mean():
    whole = emotion_table(subjects=6)
    people = sorted(set(whole.subject))
    halves = [
        whole[whole.subject.isin(part)].assign(repeat=number) for number, part in enumerate((people[:3], people[3:]))
    ]
    table = pd.concat(halves, ignore_index=True)
    weights = np.array([[2, 2, 2, 0, 0, 0], [1, 1, 1, 1, 1, 1]], float)
    drawn = tally(table).weighted(weights)
    first, second = scores(table).uf1
    assert drawn["uf1"] == pytest.approx([first, (first + second) / 2], abs=1e-12)


def test_resamples_draw_as_many_subjects_as_there_are_and_derive_from_the_seed_alone():
    weights = resamples_of_subjects(11, 300, 3)
    assert (weights.sum(1) == 11).all()
    assert weights.mean(0) == pytest.approx(np.ones(11), abs=0.3)
    np.random.default_rng().random(7)
    assert (weights == resamples_of_subjects(11, 300, 3)).all()
    assert (weights != resamples_of_subjects(11, 300, 4)).any()


@pytest.mark.parametrize("make", [emotion_table, unit_table])
def test_deterministic_and_independent_of_the_row_order(make):
    table = make(seeds=(0, 1))
    first = intervals(table, 200)
    pd.testing.assert_frame_equal(intervals(table, 200), first)
    pd.testing.assert_frame_equal(intervals(table.sample(frac=1, random_state=3), 200), first)
    assert not intervals(table, 200, seed=1).equals(first)


@pytest.mark.parametrize("make", [emotion_table, unit_table])
def test_what_the_table_of_intervals_holds(make):
    table = make(seeds=(0, 1))
    mean = mean_unit_scores if make is unit_table else mean_scores
    found = intervals(table, 1000)
    pd.testing.assert_series_equal(found["mean"], mean(table), check_names=False)
    assert ((found.low < found["mean"]) & (found["mean"] < found.high)).all()
    assert (found.resamples <= 1000).all()
    if make is emotion_table:
        np.testing.assert_allclose(found.sd, scores(table).std(ddof=1), atol=1e-15)
        assert intervals(make(), 10).sd.isna().all()  # one run has no spread
    narrow = intervals(table, 1000, level=0.5)
    assert (narrow.high - narrow.low < found.high - found.low).all()


def test_perfect_predictions_have_an_interval_of_no_width():
    table = emotion_table(skill=1)
    found = intervals(table, 500)
    assert (found[["mean", "low", "high"]] == 1).all(axis=None)


def test_resamples_that_do_not_define_a_score_are_counted():
    table = unit_table(subjects=3, clips=2, rate=0.0, annotated=1)
    table.loc[table.subject == "casme2/sub00", "truth"] = "present"
    found = intervals(table, 1000)
    absent = (2 / 3) ** 3  # chance that the only subject with positives is not drawn
    assert found.resamples["macro_f1"] == pytest.approx(1000 * (1 - absent), abs=60)
    assert found.loc["macro_f1", ["low", "high"]].notna().all()


def test_more_clips_of_the_same_people_do_not_narrow_the_interval():
    """Copies of every clip add no person; treating clips as independent would narrow the interval."""
    table = emotion_table(subjects=20, clips=4)
    copies = pd.concat([table, *(table.assign(clip_id=table.clip_id + f"#{copy}") for copy in range(3))])
    pd.testing.assert_frame_equal(intervals(copies, 500), intervals(table, 500))


def test_intervals_cover_the_true_score():
    """Persons differ in how often a classifier is right on them; 95 % intervals hold the true accuracy mostly."""
    random = np.random.default_rng(0)
    subjects, clips, covered, times = 40, 8, 0, 250
    table = pd.DataFrame(
        {
            "experiment": "one",
            "seed": 0,
            "repeat": 0,
            "fold": "f",
            "dataset": "samm",
            "subject": [f"samm/{s:02d}" for s in range(subjects) for _ in range(clips)],
            "clip_id": [f"samm/{s:02d}/{c}" for s in range(subjects) for c in range(clips)],
            "target": "emotion",
            "truth": "a",
            "p_a": 0.5,
            "p_b": 0.5,
        }
    )
    for _ in range(times):
        skill = random.beta(3, 2, subjects).repeat(clips)  # mean .6
        one = table.assign(predicted=np.where(random.random(len(table)) < skill, "a", "b"))
        low, high = interval(resampled_scores(one, 300, names=["accuracy"]).accuracy.to_numpy())
        covered += low <= 0.6 <= high
    assert 0.90 < covered / times < 0.98


def test_one_subject_has_no_interval():
    table = emotion_table(subjects=1)
    assert table.subject[0] in refuses(table)
    assert refuses(emotion_table()) is None
    with pytest.raises(InputError, match=f"one only, {table.subject[0]}"):
        intervals(table)


def test_bad_input():
    table = emotion_table()
    for level in (0, 1, 95):
        with pytest.raises(InputError, match="level"):
            intervals(table, level=level)
    with pytest.raises(InputError, match="resamples must be at least 1"):
        intervals(table, 0)
    with pytest.raises(InputError, match=r"'macro_f1' is no score.*Valid: accuracy"):
        resampled_scores(table, 10, names=["macro_f1"])
    with pytest.raises(InputError, match="empty"):
        intervals(table.iloc[:0])
    with pytest.raises(InputError, match="one experiment at a time"):
        intervals(pd.concat([table, table.assign(experiment="another")]))
    assert set(CLASSES) == set(table.truth)
