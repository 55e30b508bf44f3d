"""Sampling: who is shown how often, known from counting."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mmer.stages.build import build, read_option
from mmer.training.folds import check_folds, fit_fold, run_folds
from mmer.training.sampling.balanced import Balanced
from mmer.training.sampling.order import draw_order
from mmer.training.sampling.subject_balanced import SubjectBalanced
from mmer.training.seeds import Key
from mmer.types.errors import InputError
from mmer.types.targets import Targets

KEY = Key("invented", 0, "fold")


def targets(index, classes=3):
    n = len(index)
    names = tuple(f"class{k}" for k in range(classes))
    clips = tuple(f"c{k}" for k in range(n))
    return Targets(clips, names, np.array(index), ("AU04",), np.zeros((n, 1), np.float32), np.ones(n, np.float32))


def unit_targets(answers):
    answers = np.array(answers, np.float32)
    names = tuple(f"AU{k + 1:02d}" for k in range(answers.shape[1]))
    n = len(answers)
    clips = tuple(f"c{k}" for k in range(n))
    return Targets(clips, ("absent", "present"), np.zeros(n, int), names, answers, np.ones(n, np.float32), names)


def chances(sampler, of, subjects="aaaaaaaa"):
    found = sampler.chances(of, dict(zip(of.clip_ids, subjects, strict=False)))
    assert sum(found.values()) == pytest.approx(1)
    return [found[clip] for clip in of.clip_ids]


def test_every_class_is_equally_likely_and_an_absent_one_takes_no_part():
    assert chances(Balanced(), targets([0, 0, 0, 2])) == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])


def test_within_a_class_every_subject_is_equally_likely():
    found = chances(SubjectBalanced(), targets([0, 0, 0, 0, 2, 2]), "aaabab")
    assert found == pytest.approx([1 / 12] * 3 + [1 / 4] * 3)


def test_of_one_unit_presence_and_absence_are_equally_likely():
    found = chances(Balanced(), unit_targets([[1], [0], [0], [0], [np.nan]]))
    assert found == pytest.approx([1 / 2, 1 / 6, 1 / 6, 1 / 6, 0])
    found = chances(SubjectBalanced(), unit_targets([[1], [0], [0], [0], [np.nan]]), "aabbb")
    assert found == pytest.approx([1 / 2, 1 / 4, 1 / 8, 1 / 8, 0])


def test_of_many_units_each_is_equally_likely():
    found = chances(Balanced(), unit_targets([[1, 0], [0, 0], [0, 1]]))
    assert found == pytest.approx([(1 + 1 / 2) / 4, (1 / 2 + 1 / 2) / 4, (1 / 2 + 1) / 4])


def test_natural_is_a_permutation_of_the_names_alone():
    expected = torch.randperm(9, generator=torch.Generator().manual_seed(KEY.derive("batches", 4)))
    assert torch.equal(draw_order(KEY, 9, 4), expected)


def test_draws_follow_the_chances_and_the_names():
    p = torch.tensor([0.1, 0.2, 0.7, 0.0], dtype=torch.float64)
    drawn = torch.cat([draw_order(KEY, 4, epoch, p) for epoch in range(1, 3001)])
    share = torch.bincount(drawn, minlength=4) / len(drawn)
    np.testing.assert_allclose(share, p, atol=0.015)
    assert share[3] == 0
    first = draw_order(KEY, 4, 1, p.repeat(1))
    assert torch.equal(first, draw_order(KEY, 4, 1, p))
    orders = {tuple(draw_order(Key("invented", 0, f"fold{k}"), 4, 1, p).tolist()) for k in range(20)}
    assert len(orders) > 3


@pytest.fixture
def sampled(corpus, task):
    """(task with a sampling, splits) of the invented corpus."""

    def make(sampling, **options):
        samples, of, clips, splits = corpus()
        made = task(samples, of, "gcn", **options)
        subjects = dict(zip(clips.clip_id, clips.subject, strict=True))
        return replace(made, sampling=build(read_option("sampling", sampling)), subjects=subjects), splits

    return make


def test_it_is_fitted_on_training_clips_and_the_ledger_says_so(sampled):
    made, splits = sampled("subject_balanced", loss="cross_entropy", epochs=1)
    seen = fit_fold(made, splits[0]).seen
    assert set(seen["sampling"]) == set(splits[0].train)
    assert set(seen["weights"]) < set(splits[0].train)  # with replacement: not everybody is drawn in an epoch
    asked = []

    class Spy(Balanced):
        def chances(self, targets, subjects):
            asked.append((targets.clip_ids, set(subjects)))
            return super().chances(targets, subjects)

    fit_fold(replace(made, sampling=Spy()), splits[0])
    assert asked == [(splits[0].train, set(splits[0].train))]
    assert "sampling" not in fit_fold(sampled("natural", epochs=1)[0], splits[0]).seen


def test_held_out_subjects_have_no_part_in_it(sampled):
    made, splits = sampled("balanced", loss="cross_entropy", epochs=2, patience=1)
    seen = fit_fold(made, splits[0]).seen
    assert set(seen["sampling"]) == set(splits[0].train) - set(seen["epochs"])


def test_it_changes_the_training(sampled):
    natural, balanced = (fit_fold(*[item[0], item[1][0]]).curve for item in (sampled("natural"), sampled("balanced")))
    assert len(natural) == len(balanced)
    assert not np.allclose(natural.loss, balanced.loss)


def test_reweighting_and_resampling_warn_once_and_name_both(sampled, caplog):
    made, splits = sampled("balanced", epochs=1)
    list(run_folds(made, splits, 1, seeds=(0, 1)))
    said = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert len(said) == 1
    assert "WeightedCrossEntropy" in said[0]
    assert "sampling balanced" in said[0]
    caplog.clear()
    for sampling, loss in (("natural", "weighted_cross_entropy"), ("balanced", "cross_entropy")):
        check_folds(*sampled(sampling, loss=loss))
    assert not caplog.records


def test_subjects_must_be_known(sampled):
    made, splits = sampled("balanced", loss="cross_entropy")
    with pytest.raises(InputError, match="'balanced' needs to know the subject"):
        check_folds(replace(made, subjects=None), splits)
