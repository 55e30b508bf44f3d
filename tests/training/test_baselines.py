"""Classifiers that look at no clip, and the table that predictions go into."""

from dataclasses import replace

import numpy as np
import pytest

from mmer.training.baselines import constant, frequencies, majority, prior
from mmer.training.fold_result import FoldResult
from mmer.training.tables import predictions_table
from mmer.types.errors import InputError
from mmer.types.predictions import KEYS
from mmer.types.split import Split
from mmer.types.targets import Targets


def skewed(targets):
    """Two of three clips are of class 1."""
    return replace(targets, index=np.array([1, 1, 0] * len(targets.index))[: len(targets.index)])


def test_majority_says_the_most_frequent_training_class(corpus):
    _, targets, clips, splits = corpus()
    table = predictions_table("majority", majority(splits, skewed(targets)), skewed(targets), clips)
    assert set(table.predicted) == {"positive"}
    assert (table.predicted == table.truth).mean() == pytest.approx(2 / 3)


def test_majority_follows_the_fold_not_the_corpus(corpus):
    """The classical trap: the majority of all clips may be the minority of the fold's training clips."""
    _, targets, clips, splits = corpus(subjects=3, per_subject=4)
    index = np.array([0, 0, 0, 0, 1, 1, 1, 2, 1, 2, 2, 2])
    table = predictions_table("majority", majority(splits, replace(targets, index=index)), targets, clips)
    said = table.groupby("subject").predicted.unique().map(list).to_dict()
    assert said == {"fake/s00": ["positive"], "fake/s01": ["negative"], "fake/s02": ["negative"]}


def test_prior_draws_with_the_training_frequencies(corpus):
    _, targets, clips, splits = corpus(subjects=10, per_subject=6)
    table = predictions_table("prior", prior(splits, skewed(targets), seeds=20), skewed(targets), clips)
    assert sorted(set(table.seed)) == list(range(20))
    assert len(table) == 20 * 60
    share = table.predicted.value_counts(normalize=True)
    assert share["positive"] == pytest.approx(2 / 3, abs=0.05)
    assert "surprise" not in share
    assert (table.predicted == table.truth).mean() == pytest.approx(5 / 9, abs=0.05)


def test_prior_depends_on_no_order_and_no_test_label(corpus):
    _, targets, _, splits = corpus()
    fold = splits[1]
    test = np.isin(targets.clip_ids, fold.test)
    poisoned = replace(targets, index=np.where(test, (targets.index + 1) % 3, targets.index))
    alone = prior([fold], poisoned, seeds=2)
    whole = [result for result in prior(splits[::-1], targets, seeds=2) if result.fold == fold.fold]
    for first, second in zip(alone, whole, strict=True):
        np.testing.assert_array_equal(first.probabilities, second.probabilities)


def test_table_joins_by_clip_id(corpus):
    _, targets, clips, splits = corpus()
    results = majority(splits, targets)
    table = predictions_table("m", results, targets, clips.sample(frac=1, random_state=0))
    assert list(table.columns) == [*KEYS, "p_negative", "p_positive", "p_surprise"]
    assert set(table.target) == {"emotion"}
    truth = dict(zip(targets.clip_ids, targets.index, strict=True))
    for row in table.itertuples():
        assert row.clip_id.startswith(row.subject + "/")
        assert row.truth == targets.classes[truth[row.clip_id]]
        assert row.fold == row.subject
        assert row.dataset == "fake"


def test_table_joins_by_clip_id_in_any_order_of_the_results(corpus):
    """Every clip has a probability of its own; turned results give the same table."""
    _, targets, clips, splits = corpus()
    p = np.random.default_rng(0).dirichlet(np.ones(3), len(splits[0].test))
    straight = FoldResult(splits[0].fold, 0, splits[0].test, p)
    turned = FoldResult(splits[0].fold, 0, splits[0].test[::-1], p[::-1])
    table = predictions_table("m", [straight], targets, clips)
    assert predictions_table("m", [turned], targets, clips).equals(table)
    np.testing.assert_allclose(table.set_index("clip_id").loc[list(splits[0].test)].filter(regex="^p_"), p)


def test_probabilities_are_renormalised(corpus):
    _, targets, clips, splits = corpus()
    p = np.tile(np.float32([0.2, 0.5, 0.30001]), (len(splits[0].test), 1))
    table = predictions_table("m", [FoldResult(splits[0].fold, 0, splits[0].test, p)], targets, clips)
    sums = table[["p_negative", "p_positive", "p_surprise"]].sum(axis=1)
    np.testing.assert_allclose(sums, 1, atol=1e-15)


def test_a_clip_missing_from_the_table_is_named(corpus):
    _, targets, clips, splits = corpus()
    with pytest.raises(InputError, match="not in the clips table: fake/s00/k0"):
        predictions_table("m", majority(splits, targets), targets, clips.iloc[1:])
    with pytest.raises(InputError, match="no fold gave a result"):
        predictions_table("m", [], targets, clips)


def test_prior_keeps_its_draws():
    """Recorded once: the numbers of the baseline in every report hang on them."""
    index = np.array([0, 1, 1, 2, 0, 1, 1, 1])
    names = tuple(f"c{i}" for i in range(8))
    targets = Targets(names, ("a", "b", "c"), index, (), np.zeros((8, 0), np.float32), np.ones(8, np.float32))
    split = Split("f", names[4:], names[:4], ("s1",), ("s0",))
    whole = Split("f", names[:4], names[4:], ("s0",), ("s1",))
    drawn = [[int(p.argmax()) for p in result.probabilities] for result in prior([split, whole], targets, seeds=3)]
    assert drawn == [[0, 1, 1, 0], [0, 1, 1, 0], [1, 1, 1, 0], [1, 1, 0, 2], [1, 1, 2, 1], [1, 1, 2, 1]]


# action units ---------------------------------------------------------------------------------------------------------

UNITS = ("AU04", "AU12")


def detection(targets):
    """AU04 in every third clip, AU12 in every second; AU12 of every fifth clip is not annotated."""
    n = len(targets.clip_ids)
    shown = np.stack([np.arange(n) % 3 == 0, np.arange(n) % 2 == 0, np.ones(n)], 1).astype(np.float32)
    shown[::5, 1] = np.nan
    return Targets(
        targets.clip_ids, ("absent", "present"), np.zeros(n, np.int64), (*UNITS, "AU17"), shown, targets.weight, UNITS
    )


def test_units_have_a_row_per_clip_and_annotated_unit(corpus):
    _, plain, clips, splits = corpus()
    targets = detection(plain)
    p = {split.fold: np.random.default_rng(k).random((len(split.test), 2)) for k, split in enumerate(splits)}
    results = [FoldResult(split.fold, 3, split.test, p[split.fold]) for split in splits]
    table = predictions_table("m", results, targets, clips.sample(frac=1, random_state=0))
    assert list(table.columns) == [*KEYS, "p_absent", "p_present"]
    assert len(table) == 24 + 24 - 5
    assert set(table.target) == set(UNITS)
    place = {name: row for row, name in enumerate(targets.clip_ids)}
    for row in table.itertuples():
        truth = targets.answer[place[row.clip_id], UNITS.index(row.target)]
        assert row.truth == {0: "absent", 1: "present"}[truth]
        fold = next(split for split in splits if split.fold == row.fold)
        expected = p[row.fold][fold.test.index(row.clip_id), UNITS.index(row.target)]
        assert row.p_present == expected
        assert row.predicted == ("present" if expected > 0.5 else "absent")
        assert (row.subject, row.dataset, row.seed) == (row.fold, "fake", 3)


def test_a_unit_at_one_half_is_absent(corpus):
    _, plain, clips, splits = corpus()
    results = [FoldResult(splits[0].fold, 0, splits[0].test, np.full((4, 2), 0.5))]
    assert set(predictions_table("m", results, detection(plain), clips).predicted) == {"absent"}


def test_a_clip_without_any_annotated_unit_has_no_row_and_a_table_without_row_is_refused(corpus):
    _, plain, clips, splits = corpus()
    targets = detection(plain)
    units = targets.action_units.copy()
    units[targets.clip_ids.index(splits[0].test[1])] = np.nan
    results = majority(splits, targets)
    table = predictions_table("m", results, replace(targets, action_units=units), clips)
    assert set(targets.clip_ids) - set(table.clip_id) == {splits[0].test[1]}
    units[np.isin(targets.clip_ids, splits[2].test)] = np.nan  # a whole fold
    table = predictions_table("m", results, replace(targets, action_units=units), clips)
    assert set(table.fold) == {split.fold for split in splits if split != splits[2]}
    nothing = replace(targets, action_units=np.full_like(units, np.nan))
    with pytest.raises(InputError, match=r"no test clip has an annotation of AU04, AU12"):
        predictions_table("m", results, nothing, clips)


def test_baselines_of_units_follow_the_annotated_training_clips(corpus):
    _, plain, clips, splits = corpus()
    targets = detection(plain)
    for split, result in zip(splits, majority(splits, targets), strict=True):
        answer = targets.subset(split.train).answer
        np.testing.assert_allclose(result.probabilities, np.tile(np.nanmean(answer, 0), (4, 1)), rtol=1e-6)
        np.testing.assert_allclose(frequencies(split, targets), np.nanmean(answer, 0), rtol=1e-6)
    table = predictions_table("constant", constant(splits, targets), targets, clips)
    assert set(table.predicted) == {"present"}
    assert set(table.p_present) == {1.0}


def test_prior_of_units_draws_each_by_itself(corpus):
    _, plain, clips, splits = corpus(subjects=10, per_subject=6)
    targets = detection(plain)
    table = predictions_table("prior", prior(splits, targets, seeds=20), targets, clips)
    assert table.groupby("seed").size().tolist() == [60 + 48] * 20
    share = (table.predicted == "present").groupby(table.target).mean()
    assert share["AU04"] == pytest.approx(1 / 3, abs=0.05)
    assert share["AU12"] == pytest.approx(1 / 2, abs=0.05)
    both = table.pivot(index=["seed", "clip_id"], columns="target", values="p_present").dropna()
    assert abs(np.corrcoef(both.T)[0, 1]) < 0.1


@pytest.mark.parametrize("baseline", [majority, prior, constant])
def test_baselines_of_units_know_no_test_label(corpus, baseline):
    _, plain, _, splits = corpus()
    targets, fold = detection(plain), splits[1]
    test = np.isin(targets.clip_ids, fold.test)[:, None]
    poisoned = replace(targets, action_units=np.where(test, 1 - targets.action_units, targets.action_units))
    for first, second in zip(baseline([fold], targets), baseline([fold], poisoned), strict=True):
        np.testing.assert_array_equal(first.probabilities, second.probabilities)


def test_baselines_say_so_where_they_do_not_apply(corpus):
    _, plain, _, splits = corpus()
    with pytest.raises(InputError, match="`constant` is for action unit detection"):
        constant(splits, plain)
    targets = detection(plain)
    units = targets.action_units.copy()
    units[np.isin(targets.clip_ids, splits[2].train), 1] = np.nan
    with pytest.raises(InputError, match=r"fold 'fake/s02': no training clip has an annotation of AU12"):
        majority(splits, replace(targets, action_units=units))


# folds that repeat, ledger, bad numbers -------------------------------------------------------------------------------


def test_repeats_reach_the_table(corpus):
    _, targets, clips, splits = corpus()
    twice = [replace(split, fold=f"{repeat} {split.fold}", repeat=repeat) for repeat in (0, 1) for split in splits]
    for targets_of_kind, baselines in ((targets, (majority, prior)), (detection(targets), (majority, prior, constant))):
        for baseline in baselines:
            table = predictions_table("m", baseline(twice, targets_of_kind), targets_of_kind, clips)
            assert table.groupby("fold").repeat.unique().map(list).to_dict() == {s.fold: [s.repeat] for s in twice}


def test_baselines_say_what_they_have_seen(corpus):
    _, targets, _, splits = corpus()
    for baseline in (majority, prior):
        for result in baseline(splits, targets):
            train = next(split.train for split in splits if split.fold == result.fold)
            assert {clip for ids in result.seen.values() for clip in ids} == set(train)
    assert [result.seen for result in constant(splits, detection(targets))] == [{}] * len(splits)


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1])
def test_a_probability_that_is_none_names_clip_and_fold(corpus, value):
    _, targets, clips, splits = corpus()
    for kind in (targets, detection(targets)):
        p = np.full((4, kind.n_outputs), 0.5)
        p[2, 1] = value
        with pytest.raises(InputError, match=r"fold 'fake/s01', seed 7: no probabilities.* for fake/s01/k2;"):
            predictions_table("m", [FoldResult(splits[1].fold, 7, splits[1].test, p)], kind, clips)


def test_probabilities_of_other_classes_are_refused(corpus):
    _, targets, clips, splits = corpus()
    with pytest.raises(InputError, match=r"4 test clips with 3 outputs, but probabilities of shape \(4, 2\)"):
        predictions_table("m", [FoldResult("f", 0, splits[1].test, np.full((4, 2), 0.5))], targets, clips)


def test_predictions_of_clips_without_target_are_refused(corpus):
    _, targets, clips, splits = corpus()
    with pytest.raises(InputError, match="no target for fake/s05/k3"):
        predictions_table("m", majority(splits, targets), targets.subset(targets.clip_ids[:-1]), clips)
