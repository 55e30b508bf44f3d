"""The classifier that knows a clip's action units and nothing else."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import BernoulliNB

from mmer.training.au_prior import au_prior, au_prior_oracle
from mmer.training.baselines import majority
from mmer.training.tables import predictions_table
from mmer.types.split import Split
from mmer.types.targets import Targets

UNITS = ("AU04", "AU06", "AU12", "AU25")
KINDS = ("detected", "annotated")


@pytest.fixture
def corpus(corpus):
    """(targets, detected, clips, splits): units that follow the class by ``link`` (0: not at all, 1: always)."""

    def make(link=0.7, jitter=0.1, seed=0, **settings):
        _, targets, clips, splits = corpus(**({"subjects": 8, "per_subject": 6} | settings))
        rng = np.random.default_rng(seed)
        n = len(targets.clip_ids)
        tied = targets.index[:, None] == np.arange(4) % 3
        shown = np.where(rng.random((n, 4)) < link, tied, rng.random((n, 4)) < 1 / 3).astype(np.float32)
        rises = jitter * rng.random((n, 4)) + shown
        detected = pd.DataFrame(rises, columns=list(UNITS), index=pd.Index(targets.clip_ids, name="clip_id"))
        return replace(targets, au_names=UNITS, action_units=shown), detected, clips, splits

    return make


def run(kind, splits, targets, detected):
    return au_prior(splits, targets, detected) if kind == "detected" else au_prior_oracle(splits, targets)


def same(first, second):
    assert [result.fold for result in first] == [result.fold for result in second]
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.probabilities, other.probabilities)


@pytest.mark.parametrize("kind", KINDS)
def test_agrees_with_scikit_learn(corpus, kind):
    targets, detected, _, splits = corpus()
    for split, result in zip(splits, run(kind, splits, targets, detected), strict=True):
        train, test = targets.subset(split.train), targets.subset(split.test)
        x, y = train.action_units, test.action_units
        if kind == "detected":
            median = detected.loc[list(split.train)].median().to_numpy()
            x, y = detected.loc[list(split.train)] > median, detected.loc[list(split.test)] > median
        reference = BernoulliNB(alpha=1).fit(np.asarray(x), train.index)
        np.testing.assert_allclose(result.probabilities, reference.predict_proba(np.asarray(y)), atol=1e-12)


def test_known_answer():
    """Classes a (3 clips, 2 with the unit) and b (1 clip, without): P(unit | a) = 3/5, P(unit | b) = 1/3."""
    names = ("c0", "c1", "c2", "c3", "c4", "c5")
    units = np.array([[1], [1], [0], [0], [1], [0]], np.float32)
    targets = Targets(names, ("a", "b"), np.array([0, 0, 0, 1, 0, 0]), ("AU12",), units, np.ones(6, np.float32))
    (result,) = au_prior_oracle([Split("f", names[:4], names[4:], ("s",), ("t",))], targets)
    with_it, without = 0.75 * 3 / 5, 0.75 * 2 / 5
    expected = [with_it / (with_it + 0.25 / 3), without / (without + 0.25 * 2 / 3)]
    assert result.probabilities[:, 0] == pytest.approx(expected)


@pytest.mark.parametrize("kind", KINDS)
def test_units_tied_to_the_class_give_every_clip_its_class(corpus, kind):
    # Less than half show a unit, so the median lies among those that do not: with jitter, some of these are over it.
    targets, detected, clips, splits = corpus(link=1, jitter=0)
    table = predictions_table(kind, run(kind, splits, targets, detected), targets, clips)
    assert (table.truth == table.predicted).all()


@pytest.mark.parametrize("kind", KINDS)
def test_units_that_say_nothing_give_chance(corpus, kind):
    """Frequencies are even: four standard deviations of 180 guesses are .14."""
    targets, detected, clips, splits = corpus(link=0, subjects=30)
    table = predictions_table(kind, run(kind, splits, targets, detected), targets, clips)
    assert (table.truth == table.predicted).mean() == pytest.approx(1 / 3, abs=0.14)


@pytest.mark.parametrize("kind", KINDS)
def test_labels_of_test_clips_change_no_bit(corpus, kind):
    targets, detected, _, splits = corpus()
    for fold in splits[:3]:
        test = np.isin(targets.clip_ids, fold.test)
        poisoned = replace(targets, index=np.where(test, (targets.index + 1) % 3, targets.index))
        if kind == "detected":  # annotated units of test clips are what the oracle reads
            flipped = np.where(test[:, None], 1 - targets.action_units, targets.action_units)
            poisoned = replace(poisoned, action_units=flipped)
        same(run(kind, [fold], targets, detected), run(kind, [fold], poisoned, detected))


def test_annotated_units_are_not_read_beside_detected_ones(corpus):
    targets, detected, _, splits = corpus()
    blind = replace(targets, action_units=np.full_like(targets.action_units, np.nan))
    same(au_prior(splits, targets, detected), au_prior(splits, blind, detected))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [0.0, 1.0, np.nan])
def test_units_of_a_test_clip_change_no_other_clip(corpus, kind, value):
    targets, detected, _, splits = corpus()
    fold = splits[2]
    units, rises = targets.action_units.copy(), detected.copy()
    units[targets.clip_ids.index(fold.test[-1])] = value
    rises.loc[fold.test[-1]] = 1000 * value
    (clean,) = run(kind, [fold], targets, detected)
    (other,) = run(kind, [fold], replace(targets, action_units=units), rises)
    np.testing.assert_array_equal(clean.probabilities[:-1], other.probabilities[:-1])
    assert not np.array_equal(clean.probabilities[-1], other.probabilities[-1])


@pytest.mark.parametrize("kind", KINDS)
def test_order_changes_nothing_and_a_fold_alone_is_the_fold_among_others(corpus, kind):
    targets, detected, _, splits = corpus()
    turned = targets.subset(targets.clip_ids[::-1])
    whole = run(kind, splits, turned, detected.sample(frac=1, random_state=0))
    same(run(kind, splits, targets, detected), whole)
    same(run(kind, [splits[3]], targets, detected), whole[3:4])


@pytest.mark.parametrize("kind", KINDS)
def test_a_clip_of_which_nothing_is_known_gets_the_class_frequencies(corpus, kind):
    targets, detected, _, splits = corpus()
    fold = splits[0]
    units = targets.action_units.copy()
    units[targets.clip_ids.index(fold.test[1])] = np.nan
    (result,) = run(kind, [fold], replace(targets, action_units=units), detected.drop(index=fold.test[1]))
    (expected,) = majority([fold], targets)
    np.testing.assert_allclose(result.probabilities[1], expected.probabilities[1], atol=1e-15)


@pytest.mark.parametrize("kind", KINDS)
def test_training_clips_without_units_are_left_out_of_the_fit(corpus, kind):
    targets, detected, _, splits = corpus()
    fold = splits[0]
    lost = fold.train[::4]
    units = targets.action_units.copy()
    units[np.isin(targets.clip_ids, lost)] = np.nan
    (result,) = run(kind, [fold], replace(targets, action_units=units), detected.drop(index=list(lost)))
    rest = replace(fold, train=tuple(clip for clip in fold.train if clip not in lost))
    x, y = units, units
    if kind == "detected":
        x = y = (detected > detected.loc[list(rest.train)].median()).to_numpy(float)
    rows = {clip: row for row, clip in enumerate(targets.clip_ids)}
    fit, test = [rows[clip] for clip in rest.train], [rows[clip] for clip in fold.test]
    counts = targets.subset(fold.train).class_counts
    # The class of a clip is known without its units: frequencies are those of all training clips.
    reference = BernoulliNB(alpha=1, class_prior=counts / counts.sum()).fit(x[fit], targets.index[fit])
    np.testing.assert_allclose(result.probabilities, reference.predict_proba(y[test]), atol=1e-12)
    assert result.seen["au_prior"] == rest.train
    assert result.seen["frequencies"] == fold.train


def test_an_unknown_unit_takes_no_part(corpus):
    """As if there were no such unit, for this clip alone."""
    targets, _, _, splits = corpus()
    fold = splits[0]
    units = targets.action_units.copy()
    units[targets.clip_ids.index(fold.test[0]), 2] = np.nan
    (result,) = au_prior_oracle([fold], replace(targets, action_units=units))
    without = replace(targets, au_names=tuple(np.delete(UNITS, 2)), action_units=np.delete(units, 2, axis=1))
    np.testing.assert_allclose(
        result.probabilities[0], au_prior_oracle([fold], without)[0].probabilities[0], atol=1e-12
    )


def test_units_that_no_or_every_training_clip_shows_change_nothing(corpus):
    """Ninety units that nobody shows would otherwise outvote all others, for the larger class."""
    targets, detected, _, splits = corpus()
    index = np.where(np.arange(len(targets.index)) % 8 == 0, targets.index, 1)
    n = len(index)
    idle = np.concatenate([np.zeros((n, 90)), np.ones((n, 5))], 1).astype(np.float32)
    uneven = replace(targets, index=index)
    more = replace(
        uneven,
        au_names=(*UNITS, *(f"AU{k}" for k in range(100, 195))),
        action_units=np.concatenate([targets.action_units, idle], 1),
    )
    same(au_prior_oracle(splits, uneven), au_prior_oracle(splits, more))
    wide = detected.assign(AU45=0.2, AU46=np.nan)
    same(au_prior(splits, uneven, detected), au_prior(splits, uneven, wide))


def test_a_unit_that_a_test_clip_alone_shows_is_left_out_too(corpus):
    """Which units tell clips apart is fitted as well: whoever asks all clips has looked at those of the test side."""
    targets, _, _, splits = corpus()
    fold = splits[1]
    alone = np.isin(targets.clip_ids, fold.test[0])[:, None].astype(np.float32)
    more = replace(targets, au_names=(*UNITS, "AU45"), action_units=np.concatenate([targets.action_units, alone], 1))
    same(au_prior_oracle([fold], targets), au_prior_oracle([fold], more))


def test_does_not_apply_without_units_in_some_fold(corpus):
    targets, detected, _, splits = corpus(subjects=2)
    assert len(au_prior(splits, targets, detected)) == 2
    assert au_prior(splits, targets, detected.loc[list(splits[0].train)]) == []
    assert au_prior(splits, targets, detected[[]]) == []
    assert au_prior(splits, targets, detected.iloc[:0]) == []
    units = targets.action_units.copy()
    units[np.isin(targets.clip_ids, splits[1].train)] = np.nan
    assert au_prior_oracle(splits, replace(targets, action_units=units)) == []
    wanted = replace(targets, units=("AU12",), classes=("absent", "present"), index=np.zeros_like(targets.index))
    assert au_prior(splits, wanted, detected) == []
    assert au_prior_oracle(splits, wanted) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_ledger_names_training_clips_and_repeats_are_kept(corpus, kind):
    targets, detected, _, splits = corpus()
    again = [replace(split, repeat=3) for split in splits]
    for split, result in zip(again, run(kind, again, targets, detected), strict=True):
        assert (result.fold, result.seed, result.repeat, result.clip_ids) == (split.fold, 0, 3, split.test)
        fitted = {"frequencies", "au_prior"} | ({"au_thresholds"} if kind == "detected" else set())
        assert result.seen == dict.fromkeys(fitted, split.train)
