"""Numbers of action unit tables against scikit-learn and known answers."""

import numpy as np
import pandas as pd
import pytest
from invented_predictions import UNITS, emotion_table, unit_table
from sklearn.metrics import f1_score, precision_recall_fscore_support, roc_auc_score

from mmer.metrics.auc import auc_of_groups, resampled_auc
from mmer.metrics.multilabel import f1_per_unit_and_corpus, left_out, mean_unit_scores, per_unit, unit_scores
from mmer.types.errors import InputError


def f1(part):
    return f1_score(part.truth == "present", part.predicted == "present", zero_division=0)


def area(part):
    return roc_auc_score(part.truth == "present", part.p_present)


def by_scikit_learn(table):
    """The rules spelt out in loops: no positives, no F1; one class only, no AUC."""
    positive = [part for _, part in table.groupby("target") if (part.truth == "present").any()]
    mixed = [part for _, part in table.groupby("target") if part.truth.nunique() == 2]
    corpora = [
        [f1(part) for _, part in corpus.groupby("target") if (part.truth == "present").any()]
        for _, corpus in table.groupby("dataset")
    ]
    corpora = [np.mean(values) for values in corpora if values]
    return {
        "macro_f1": np.mean([f1(part) for part in positive]) if positive else np.nan,
        "micro_f1": f1(table) if positive else np.nan,
        "macro_auc": np.mean([area(part) for part in mixed]) if mixed else np.nan,
        "micro_auc": area(table) if table.truth.nunique() == 2 else np.nan,
        "corpus_mean_f1": np.mean(corpora) if corpora else np.nan,
    }


@pytest.mark.parametrize("seed", range(25))
def test_equal_to_scikit_learn(seed):
    random = np.random.default_rng(seed)
    table = unit_table(
        seed=seed,
        truth_seed=seed,
        subjects=int(random.integers(1, 9)),
        clips=int(random.integers(1, 5)),
        rate=random.choice([0.0, 0.05, 0.3, 0.6, 1.0], p=[0.04, 0.4, 0.3, 0.2, 0.06]),
        seeds=(0, 1),
        ties=bool(seed % 2),
    )
    scores = unit_scores(table)
    assert scores.index.names == ["seed", "repeat"]
    for run, part in table.groupby(["seed", "repeat"]):
        expected = by_scikit_learn(part)
        assert list(scores) == ["macro_f1", "micro_f1", "macro_auc", "micro_auc", "corpus_mean_f1"]
        assert scores.loc[run].to_dict() == pytest.approx(expected, abs=1e-12, nan_ok=True)
    units = per_unit(table)
    for unit, part in table.groupby("target"):
        runs = [one for _, one in part.groupby("seed")]
        row = units.loc[unit]
        assert (row.clips, row.support) == (len(runs[0]), (runs[0].truth == "present").sum())
        if row.support:
            sides = [
                precision_recall_fscore_support(
                    one.truth == "present", one.predicted == "present", average="binary", zero_division=0
                )[:3]
                for one in runs
            ]
            assert row[["precision", "recall", "f1"]].tolist() == pytest.approx(np.mean(sides, 0), abs=1e-12)
        else:
            assert row[["precision", "recall", "f1"]].isna().all()
        expected = np.mean([area(one) for one in runs]) if runs[0].truth.nunique() == 2 else np.nan
        assert row.auc == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_perfect_detection_is_one_although_units_are_never_present():
    table = unit_table(rate=0.2)
    table.loc[table.target == "AU12", "truth"] = "absent"
    there = table.truth == "present"
    table = table.assign(predicted=table.truth, p_present=there * 0.8 + 0.1, p_absent=0.9 - there * 0.8)
    assert (unit_scores(table) == 1).all(axis=None)
    assert left_out(table) == {"f1": ("AU12",), "auc": ("AU12",)}


def test_a_unit_that_everybody_shows_has_an_f1_but_no_area():
    table = unit_table()
    table.loc[table.target == "AU01", "truth"] = "present"
    assert left_out(table) == {"f1": (), "auc": ("AU01",)}
    assert np.isnan(per_unit(table).auc["AU01"])
    assert per_unit(table).f1["AU01"] > 0


def test_a_unit_that_one_of_two_repeats_lacks_is_named_and_scored_by_the_other():
    """Repeats of a hold-out test other clips, so that one may hold a unit that the next does not."""
    first = unit_table()
    second = unit_table(seed=1, truth_seed=1).assign(repeat=1)
    second.loc[second.target == "AU12", "truth"] = "absent"
    second.loc[second.target == "AU04", "truth"] = "present"
    both = pd.concat([first, second])
    assert left_out(first) == {"f1": (), "auc": ()}
    assert left_out(both) == {"f1": ("AU12",), "auc": ("AU04", "AU12")}
    assert per_unit(both).f1["AU12"] == per_unit(first).f1["AU12"]
    assert per_unit(both).auc["AU04"] == per_unit(first).auc["AU04"]
    corpora = [f1_per_unit_and_corpus(part) for part in (first, second)]
    assert f1_per_unit_and_corpus(both).loc["AU12"].tolist() == corpora[0].loc["AU12"].tolist()
    expected = (corpora[0] + corpora[1]) / 2  # where both runs define it
    pd.testing.assert_frame_equal(f1_per_unit_and_corpus(both).where(expected.notna()), expected)


def test_false_alarms_of_a_unit_without_positives_count_in_the_micro_score():
    table = pd.DataFrame(
        {
            "target": ["AU01", "AU02"],
            "truth": ["present", "absent"],
            "predicted": "present",
            "p_absent": 0.3,
            "p_present": 0.7,
            "clip_id": "casme2/sub01/a",
            "subject": "casme2/sub01",
            "dataset": "casme2",
            "experiment": "one",
            "seed": 0,
            "fold": "f",
        }
    )
    scores = mean_unit_scores(table)
    assert scores.macro_f1 == 1
    assert scores.micro_f1 == pytest.approx(2 / 3)
    assert scores.micro_auc == 0.5
    assert np.isnan(scores.macro_auc)


def test_mean_over_corpora_weighs_every_corpus_the_same():
    table = unit_table(subjects=9, corpora=("casme2", "casme2", "samm"))
    apart = f1_per_unit_and_corpus(table)
    assert list(apart.columns) == ["casme2", "samm"]
    assert list(apart.index) == list(UNITS)
    assert mean_unit_scores(table).corpus_mean_f1 == pytest.approx(apart.mean().mean(), abs=1e-12)
    alone = mean_unit_scores(table[table.dataset == "samm"])
    assert alone.corpus_mean_f1 == pytest.approx(alone.macro_f1, abs=1e-12)


def test_row_order_does_not_matter():
    table = unit_table(seeds=(0, 1), ties=True)
    shuffled = table.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(unit_scores(shuffled), unit_scores(table))
    pd.testing.assert_frame_equal(per_unit(shuffled), per_unit(table))


@pytest.mark.parametrize("function", [unit_scores, per_unit, left_out, f1_per_unit_and_corpus])
def test_emotions_are_refused(function):
    with pytest.raises(InputError, match=r"not a table of action units.*mmer\.metrics\.scores"):
        function(emotion_table())
    with pytest.raises(InputError, match="empty"):
        function(unit_table().iloc[:0])
    with pytest.raises(InputError, match="rows of emotions among"):
        function(unit_table().replace({"target": {"AU04": "emotion"}}))


def test_probabilities_that_are_none_are_refused_with_the_clip():
    table = unit_table()
    table.loc[3, "p_present"] = np.nan
    with pytest.raises(InputError, match=table.clip_id[3]):
        unit_scores(table)


def test_area_of_known_answers():
    positive = np.array([1, 0, 1, 0, 1, 0, 1, 1], bool)
    probability = np.array([0.9, 0.1, 0.2, 0.8, 0.5, 0.5, 0.3, 0.4])
    group = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    areas = auc_of_groups(positive, probability, group, 5)
    assert areas[:3].tolist() == [1, 0, 0.5]
    assert np.isnan(areas[3:]).all()  # one class only; no row at all


def test_area_in_a_resample_is_that_of_the_rows_repeated():
    random = np.random.default_rng(0)
    positive, probability = random.random(60) < 0.3, random.random(60).round(1)
    subject = random.integers(0, 7, 60)
    weights = random.multinomial(7, [1 / 7] * 7, size=20).astype(float)
    areas = resampled_auc(positive, probability, subject, weights)
    for row, value in zip(weights, areas, strict=True):
        rows = np.repeat(np.arange(60), row[subject].astype(int))
        assert value == pytest.approx(roc_auc_score(positive[rows], probability[rows]), abs=1e-12)
    assert np.isnan(resampled_auc(np.ones(3, bool), probability[:3], subject[:3], weights)).all()
