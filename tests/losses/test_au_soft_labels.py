"""Soft labels from action units against scikit-learn's naive Bayes classifier."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.naive_bayes import BernoulliNB

from mmer.losses.au_soft_labels import AuSoftLabels
from mmer.losses.cross_entropy import CrossEntropy
from mmer.losses.weighted_cross_entropy import WeightedCrossEntropy
from mmer.types.errors import InputError
from mmer.types.targets import Targets

N, A = 40, 5


def training_clips(units, index=None):
    n, a = units.shape
    return Targets(
        clip_ids=tuple(f"clip{k:02d}" for k in range(n)),
        classes=("negative", "positive", "surprise"),
        index=np.arange(n) % 4 % 3 if index is None else index,
        au_names=tuple(f"AU{k + 1:02d}" for k in range(a)),
        action_units=units.astype(np.float32),
        weight=np.ones(n, np.float32),
    )


@pytest.fixture
def units():
    return (np.random.default_rng(0).random((N, A)) < 0.4).astype(float)


def fitted(targets, *keys):
    loss = AuSoftLabels(torch.from_numpy(targets.class_counts), *keys)
    loss.fit(targets)
    return loss.double()


@pytest.fixture
def batch(units):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(N, 3, generator=generator, dtype=torch.float64)
    weight = torch.rand(N, generator=generator, dtype=torch.float64)
    return logits, torch.arange(N) % 4 % 3, weight, torch.from_numpy(units)


def test_soft_labels_are_those_of_scikit_learns_naive_bayes(units):
    targets = training_clips(units)
    expected = BernoulliNB(alpha=1).fit(units, targets.index).predict_proba(units)
    np.testing.assert_allclose(fitted(targets).soft_labels(torch.from_numpy(units)), expected, rtol=1e-5)


def test_clips_without_annotation_are_not_counted(units):
    """A third of the clips lose their annotation: units by the others, class frequencies by all."""
    targets = training_clips(units)
    partly = units.copy()
    partly[::3] = np.nan
    rest = np.arange(N) % 3 != 0
    expected = BernoulliNB(alpha=1, class_prior=targets.class_counts / N).fit(units[rest], targets.index[rest])
    loss = fitted(training_clips(partly, targets.index))
    np.testing.assert_allclose(loss.soft_labels(torch.from_numpy(units)), expected.predict_proba(units), rtol=1e-5)


def test_what_is_not_annotated_of_a_clip_says_nothing(units):
    loss = fitted(training_clips(units))
    unknown = torch.full((1, A), torch.nan, dtype=torch.float64)
    prior = np.bincount(np.arange(N) % 4 % 3) / N
    np.testing.assert_allclose(loss.soft_labels(unknown)[0], prior, rtol=1e-6)
    partly, only = unknown.clone(), BernoulliNB(alpha=1).fit(units[:, :1], np.arange(N) % 4 % 3)
    partly[0, 0] = 1
    np.testing.assert_allclose(loss.soft_labels(partly), only.predict_proba([[1]]), rtol=1e-5)


def test_units_that_tell_no_clip_from_another_are_left_out(units):
    more = np.column_stack([units, np.ones(N), np.zeros(N)])
    expected = fitted(training_clips(units)).soft_labels(torch.from_numpy(units))
    torch.testing.assert_close(fitted(training_clips(more)).soft_labels(torch.from_numpy(more)), expected)


def test_formula(batch, units):
    logits, target, weight, _ = batch
    targets = training_clips(units)
    soft = BernoulliNB(alpha=1).fit(units, targets.index).predict_proba(units)
    label = torch.from_numpy(0.6 * np.eye(3)[target] + 0.4 * soft)
    plain = (F.cross_entropy(logits, label, reduction="none") * weight).sum() / weight.sum()
    torch.testing.assert_close(fitted(targets, 0.4, False)(*batch), plain, rtol=1e-5, atol=0)
    class_weight = torch.from_numpy(N / (3 * targets.class_counts))
    losses = F.cross_entropy(logits, label, weight=class_weight, reduction="none")
    expected = (losses * weight).sum() / (label * class_weight * weight[:, None]).sum()
    torch.testing.assert_close(fitted(targets, 0.4, True)(*batch), expected, rtol=1e-5, atol=0)


def test_share_0_and_clips_without_annotation_are_cross_entropy(batch, units):
    targets = training_clips(units)
    unknown = torch.full_like(batch[3], torch.nan)
    for weighted, make in ((False, CrossEntropy), (True, WeightedCrossEntropy)):
        expected = make(torch.from_numpy(targets.class_counts)).double()(*batch[:3])
        torch.testing.assert_close(fitted(targets, 0.0, weighted)(*batch), expected)
        torch.testing.assert_close(fitted(targets, 0.5, weighted)(*batch[:3], unknown), expected)


def test_the_same_units_in_two_classes_are_learned_as_ambiguous():
    """AU04 in both of two classes alike, AU12 in the third only."""
    units = np.array([[1, 0]] * 20 + [[0, 1]] * 10, float)
    index = np.array([0, 1] * 10 + [2] * 10)
    p = fitted(training_clips(units, index)).soft_labels(torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64))
    assert p[0].tolist() == pytest.approx([0.5, 0.5, 0], abs=0.01)
    assert p[1].tolist() == pytest.approx([0, 0, 1], abs=0.05)


def test_an_absent_class_has_no_share_of_any_label(units):
    targets = training_clips(units, np.arange(N) % 2)
    assert not fitted(targets).soft_labels(torch.from_numpy(units))[:, 2].any()


def test_no_annotation_at_all_is_refused():
    loss = AuSoftLabels(torch.tensor([4, 3, 3]))
    with pytest.raises(InputError, match=r"no training clip has annotated action units.*label_smoothing"):
        loss.fit(training_clips(np.full((10, A), np.nan)))


def test_bad_keys_are_named():
    with pytest.raises(InputError, match="au_soft_labels: share must be a finite number in 0 <= share <= 1, got -1"):
        AuSoftLabels(torch.tensor([1, 1]), share=-1)
    with pytest.raises(InputError, match="au_soft_labels: weighted must be true or false, got None"):
        AuSoftLabels(torch.tensor([1, 1]), weighted=None)
