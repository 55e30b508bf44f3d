"""The majority and the random classifier, and the table that predictions go into."""

from dataclasses import replace

import numpy as np
import pytest

from mmer.training.baselines import majority, random
from mmer.training.fold_result import FoldResult
from mmer.training.tables import predictions_table
from mmer.types.errors import InputError
from mmer.types.predictions import KEYS


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


def test_random_draws_with_the_training_frequencies(corpus):
    _, targets, clips, splits = corpus(subjects=10, per_subject=6)
    table = predictions_table("random", random(splits, skewed(targets), seeds=20), skewed(targets), clips)
    assert sorted(set(table.seed)) == list(range(20))
    assert len(table) == 20 * 60
    share = table.predicted.value_counts(normalize=True)
    assert share["positive"] == pytest.approx(2 / 3, abs=0.05)
    assert "surprise" not in share
    assert (table.predicted == table.truth).mean() == pytest.approx(5 / 9, abs=0.05)


def test_random_depends_on_no_order_and_no_test_label(corpus):
    _, targets, _, splits = corpus()
    fold = splits[1]
    test = np.isin(targets.clip_ids, fold.test)
    poisoned = replace(targets, index=np.where(test, (targets.index + 1) % 3, targets.index))
    alone = random([fold], poisoned, seeds=2)
    whole = [result for result in random(splits[::-1], targets, seeds=2) if result.fold == fold.fold]
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
