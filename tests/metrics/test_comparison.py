"""Paired tests between experiments: known answers, the null, a clear winner, and tables that do not belong together."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from invented_predictions import CLASSES, emotion_table, unit_table
from scipy.stats import wilcoxon
from sklearn.metrics import f1_score

from mmer.metrics.bootstrap import resampled_scores
from mmer.metrics.comparison import compare, holm, permutation_test, wilcoxon_test
from mmer.metrics.pairing import paired
from mmer.metrics.scores import mean_scores, per_subject
from mmer.types.errors import InputError


def exchanged(a, b, subjects):
    """Give the predictions for some subjects to the other experiment."""
    mine = a.subject.isin(subjects)
    columns = ["predicted", *(f"p_{name}" for name in CLASSES)]
    first, second = a.copy(), b.copy()
    first.loc[mine, columns], second.loc[mine, columns] = b.loc[mine, columns], a.loc[mine, columns]
    return first, second


@pytest.mark.parametrize(
    ("seeds", "skills"), [((0,), (0.7, 0.1)), ((0, 1), (0.7, 0.1)), ((0, 1, 2), (0.5, 0.3)), ((3, 4), (0.4, 0.4))]
)
def test_exact_p_is_that_of_trying_every_exchange(seeds, skills):
    a, b = (emotion_table(seed, subjects=5, clips=3, seeds=seeds, skill=skill) for seed, skill in enumerate(skills, 1))
    observed = abs(mean_scores(a).uf1 - mean_scores(b).uf1)
    people = sorted(set(a.subject))
    found = []
    for choice in product([False, True], repeat=len(people)):
        first, second = exchanged(a, b, [name for name, moved in zip(people, choice, strict=True) if moved])
        found.append(abs(mean_scores(first).uf1 - mean_scores(second).uf1))
    expected = np.mean(np.array(found) >= observed - 1e-12)
    p, tried, exact = permutation_test(paired("a", a, "b", b), "uf1")
    assert p == pytest.approx(expected, abs=1e-15)
    assert exact
    assert tried in (8, 16, 32)  # subjects for whom both predict the same need no exchange
    assert p < 1


def test_drawn_p_is_near_the_exact_one(monkeypatch):
    pair = paired(*("a", emotion_table(1, skill=0.5)), *("b", emotion_table(2, skill=0.2)))
    p, _, exact = permutation_test(pair, "uf1")
    assert exact
    monkeypatch.setattr("mmer.metrics.comparison.EXACT", 0)
    drawn, tried, exact = permutation_test(pair, "uf1", permutations=4000)
    assert (tried, exact) == (4000, False)
    assert drawn == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / 4000))


def test_drawn_p_is_never_zero():
    good, bad = (emotion_table(seed, subjects=16, skill=skill) for seed, skill in ((1, 0.95), (2, 0.0)))
    p, tried, exact = permutation_test(paired("good", good, "bad", bad), "uf1", permutations=999)
    assert (p, tried, exact) == (1 / 1000, 999, False)


def test_only_subjects_that_differ_are_exchanged():
    wide = emotion_table(1, subjects=30)
    other = wide.copy()
    other.loc[wide.subject.isin(sorted(set(wide.subject))[:3]), "predicted"] = "surprise"
    assert permutation_test(paired("a", wide, "b", other), "accuracy")[1:] == (8, True)


def test_subjects_for_whom_both_predict_the_same_change_no_p():
    """Of accuracy: they add the same to both sides of every exchange, wherever they stand among the subjects."""
    a, guess = emotion_table(1, subjects=24, skill=0.6), emotion_table(2, subjects=24, skill=0)
    people = sorted(set(a.subject))
    for chosen in (people[:6], people[-6:], people[1::4]):
        apart = a.subject.isin(chosen)
        b = pd.concat([a[~apart], guess[apart]])
        alone = permutation_test(paired("a", a[apart], "b", b[b.subject.isin(chosen)]), "accuracy")
        assert permutation_test(paired("a", a, "b", b), "accuracy") == alone
        assert alone[0] < 1


def test_under_the_null_p_is_uniform():
    """Two classifiers that guess alike: p below .05 in about 5 % of the tables, and .5 on average."""
    found = np.array(
        [
            permutation_test(
                paired(
                    "a",
                    emotion_table([number, 1], subjects=8, clips=3, skill=0),
                    "b",
                    emotion_table([number, 2], subjects=8, clips=3, skill=0),
                ),
                "uf1",
            )[0]
            for number in range(200)
        ]
    )
    assert found.mean() == pytest.approx(0.5, abs=0.08)
    for level in (0.05, 0.2, 0.5):
        assert (found <= level).mean() == pytest.approx(level, abs=3.5 * np.sqrt(level * (1 - level) / len(found)))


def test_a_clear_winner_is_found_and_equals_are_not():
    good, fair, guess = (
        emotion_table(seed, subjects=20, skill=skill) for seed, skill in ((1, 0.9), (2, 0.0), (3, 0.0))
    )
    table = compare({"good": good, "fair": fair, "guess": guess}, permutations=2000, resamples=2000).set_index(
        ["a", "b"]
    )
    assert list(table.index) == [("good", "fair"), ("good", "guess"), ("fair", "guess")]
    for other in ("fair", "guess"):
        row = table.loc["good", other]
        assert row.difference == pytest.approx(row.score_a - row.score_b)
        assert 0 < row.low < row.difference < row.high
        assert max(row.permutation_p_holm, row.wilcoxon_p_holm) < 0.01
    row = table.loc["fair", "guess"]
    assert row.low < 0 < row.high
    assert min(row.permutation_p, row.wilcoxon_p) > 0.05
    assert (table.permutation_p_holm >= table.permutation_p).all()
    assert table.score_a["good", "fair"] == pytest.approx(f1_score(good.truth, good.predicted, average="macro"))


def test_the_interval_of_the_difference_uses_the_same_resamples():
    a, b = (emotion_table(seed, subjects=15) for seed in (1, 2))
    row = compare({"a": a, "b": b}, resamples=500, permutations=10).iloc[0]
    gap = (resampled_scores(a, 500) - resampled_scores(b, 500)).uf1
    assert [row.low, row.high] == pytest.approx(np.quantile(gap, [0.025, 0.975]), abs=1e-12)
    row = compare({"a": a, "b": b}, resamples=500, permutations=10, level=0.8).iloc[0]
    assert [row.low, row.high] == pytest.approx(np.quantile(gap, [0.1, 0.9]), abs=1e-12)


def test_an_experiment_against_itself():
    a = emotion_table(seeds=(0, 1))
    row = compare({"a": a, "twin": a.assign(experiment="twin")}, resamples=100).iloc[0]
    assert (row.difference, row.low, row.high) == (0, 0, 0)
    assert (row.permutation_p, row.wilcoxon_p, row.exact) == (1, 1, True)
    assert row.tied_subjects == row.subjects == 12


def test_wilcoxon_is_that_of_scipy_over_subjects_that_differ():
    a, b = (emotion_table(seed, subjects=30, seeds=(0, 1, 2)) for seed in (1, 2))
    difference = (per_subject(a).accuracy - per_subject(b).accuracy).round(12)
    p, tied = wilcoxon_test(paired("a", a, "b", b))
    assert tied == (difference == 0).sum() > 0
    assert p == pytest.approx(wilcoxon(difference[difference != 0]).pvalue, abs=1e-12)


def test_order_of_rows_and_of_experiments_does_not_matter():
    a, b = (emotion_table(seed, subjects=16, skill=skill) for seed, skill in ((1, 0.4), (2, 0.2)))
    given = {"resamples": 200, "permutations": 200}
    one = compare({"a": a, "b": b}, **given)
    shuffled = {"a": a.sample(frac=1, random_state=0), "b": b.sample(frac=1, random_state=1)}
    pd.testing.assert_frame_equal(compare(shuffled, **given), one)
    turned = compare({"b": b, "a": a}, **given)
    assert turned.permutation_p[0] == one.permutation_p[0]
    assert turned.wilcoxon_p[0] == one.wilcoxon_p[0]
    assert turned.difference[0] == -one.difference[0]


def test_seeds_are_paired_and_a_single_one_stands_against_each():
    a, b = emotion_table(1, seeds=(0, 1, 2)), emotion_table(2, seeds=(0,))
    copies = pd.concat([b.assign(seed=seed) for seed in (7, 8, 9)])
    given = {"resamples": 100, "permutations": 100}
    one, other = (compare({"a": a, "b": table}, **given) for table in (b, copies))
    pd.testing.assert_frame_equal(one, other)
    with pytest.raises(InputError, match="a has 3 seeds and b has 2"):
        compare({"a": a, "b": emotion_table(2, seeds=(0, 1))})


def test_the_repeats_of_a_single_seed_stand_against_the_same_repeats_of_each_seed():
    """Two repeats that test other clips: set against each other they would exchange what was never predicted."""

    def repeated(table):
        first = table.clip_id.str[-1].astype(int) % 2 == 0
        return pd.concat([table[first], table[~first].assign(repeat=1)])

    a, b = repeated(emotion_table(1, seeds=(0, 1, 2))), repeated(emotion_table(2, seeds=(0,)))
    copies = pd.concat([b.assign(seed=seed) for seed in (0, 1, 2)])
    pairs = [paired("a", a, "b", table) for table in (b, copies)]
    np.testing.assert_array_equal(pairs[0].b.counts, pairs[1].b.counts)
    np.testing.assert_array_equal(pairs[0].b.counts.sum(-1), pairs[0].a.counts.sum(-1))  # the truth of every run
    assert permutation_test(pairs[0], "uf1") == permutation_test(pairs[1], "uf1")


def test_action_units_are_compared_by_f1():
    a, b = unit_table(1, subjects=15), unit_table(2, subjects=15)
    truth = b.truth == "present"
    b = b.assign(predicted=b.truth, p_present=truth * 0.8 + 0.1, p_absent=0.9 - truth * 0.8)
    for score in (None, "micro_f1", "corpus_mean_f1"):
        row = compare({"a": a, "b": b}, score, resamples=200, permutations=500).iloc[0]
        assert row.score == (score or "macro_f1")
        assert row.score_b == 1
        assert row.high < 0
        assert row.permutation_p < 0.01
    with pytest.raises(InputError, match=r"'macro_auc'.*Valid: corpus_mean_f1, macro_f1, micro_f1"):
        compare({"a": a, "b": b}, "macro_auc")
    with pytest.raises(InputError, match="no positive"):
        compare({name: table.assign(truth="absent") for name, table in (("a", a), ("b", b))})


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_that_is_no_share_is_refused_whatever_the_tables(level):
    for subjects in (1, 4):
        tables = {name: emotion_table(seed, subjects=subjects) for seed, name in enumerate("ab")}
        with pytest.raises(InputError, match="level must lie between 0 and 1"):
            compare(tables, resamples=10, permutations=10, level=level)


def test_one_subject_has_a_p_but_no_interval():
    a, b = (emotion_table(seed, subjects=1) for seed in (1, 2))
    row = compare({"a": a, "b": b}).iloc[0]
    assert row.permutation_p == 1
    assert np.isnan([row.low, row.high]).all()


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        ([0.01, 0.02, 0.03, 0.04], [0.04, 0.06, 0.06, 0.06]),
        ([0.04, 0.01, 0.03, 0.02], [0.06, 0.04, 0.06, 0.06]),
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),  # worked example of Holm's procedure
        ([0.5, 0.6, 0.9], [1, 1, 1]),
        ([0.0001, 0.5], [0.0002, 0.5]),
        ([0.2], [0.2]),
        ([0.03, 0.03, 0.03], [0.09, 0.09, 0.09]),
    ],
)
def test_holm_of_known_answers(p, expected):
    assert holm(p) == pytest.approx(expected, abs=1e-15)


def test_predictions_of_other_clips_are_refused_by_name():
    a = emotion_table(1)
    first, last = a.clip_id.min(), a.clip_id.max()
    fewer = a[a.clip_id != first]
    with pytest.raises(InputError, match=rf"predictions of other clips: only a has {first}\."):
        compare({"a": a, "b": fewer})
    renamed = a.assign(clip_id=a.clip_id.replace(last, "samm/new"))
    with pytest.raises(InputError, match=rf"only a has {last}; only b has samm/new"):
        compare({"a": a, "b": renamed})
    other = a.copy()
    other.loc[3, "truth"] = next(name for name in CLASSES if name != a.truth[3])
    with pytest.raises(InputError, match=rf"truth differs between a and b for {a.clip_id[3]}"):
        compare({"a": a, "b": other})
    moved = a.assign(subject=a.subject.replace(a.subject[0], "casme2/other"))
    with pytest.raises(InputError, match="subject differs"):
        compare({"a": a, "b": moved})
    moved = a.assign(dataset=a.dataset.replace("samm", "smic"))
    with pytest.raises(InputError, match="dataset differs between a and b for samm/"):
        compare({"a": a, "b": moved})


def test_tables_of_another_question_are_refused():
    a = emotion_table(1)
    more = emotion_table(1, classes=(*CLASSES, "others"))
    with pytest.raises(InputError, match=r"classes.*others.*one label scheme"):
        compare({"a": a, "b": more})
    with pytest.raises(InputError, match="target"):
        compare({"a": a, "b": a.assign(target="objective_class")})
    with pytest.raises(InputError, match="b detects action units and a recognises emotions"):
        compare({"a": a, "b": unit_table()})
    with pytest.raises(InputError, match="a has 1 repeats, b has 2"):
        compare({"a": a, "b": pd.concat([a, a.assign(repeat=1)])})
    with pytest.raises(InputError, match="two experiments are needed"):
        compare({"a": a})
    with pytest.raises(InputError, match="did you mean 'uf1'"):
        compare({"a": a, "b": a}, "uf2")
    with pytest.raises(InputError, match="permutations must be at least 1"):
        compare({"a": a, "b": a}, permutations=0)
    with pytest.raises(InputError, match="empty"):
        compare({"a": a, "b": a.iloc[:0]})


def test_a_seed_that_was_not_tested_on_all_clips_is_refused():
    a = emotion_table(1, seeds=(0, 1))
    half = a.drop(index=a.index[-1])
    with pytest.raises(InputError, match=rf"seed 1 of b was not tested on {a.clip_id.iloc[-1]}"):
        compare({"a": a, "b": half})
