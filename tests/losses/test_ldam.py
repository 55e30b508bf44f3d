"""LDAM against its formula, and its weights in time."""

import numpy as np
import pytest
import torch

from mmer.losses.class_balanced import ClassBalanced
from mmer.losses.cross_entropy import CrossEntropy
from mmer.losses.ldam import Ldam
from mmer.losses.progress import set_progress
from mmer.types.errors import InputError

COUNTS = torch.tensor([16, 81, 256])


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(50, 3, generator=generator, dtype=torch.float64)
    weight = torch.rand(50, generator=generator, dtype=torch.float64)
    return logits, torch.randint(3, (50,), generator=generator), weight


def formula(z, y, w, margin):
    """-log(e^(z_y - m_y) / (e^(z_y - m_y) + sum of e^z_j over the others)), clip by clip."""
    total = 0
    for logits, target, weight in zip(z.tolist(), y.tolist(), w.tolist(), strict=True):
        own = np.exp(logits[target] - margin[target])
        others = sum(np.exp(value) for k, value in enumerate(logits) if k != target)
        total += weight * -np.log(own / (own + others))
    return total


def test_margins_fall_with_the_fourth_root():
    assert Ldam(COUNTS).margin.tolist() == pytest.approx([1 / 2, 1 / 3, 1 / 4])
    assert Ldam(COUNTS, max_margin=0.2, scale=30.0).margin.tolist() == pytest.approx([6, 4, 3])


@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_formula(batch, scale):
    expected = formula(*batch, scale * np.array([1 / 2, 1 / 3, 1 / 4])) / float(batch[2].sum())
    assert float(Ldam(COUNTS, scale=scale).double()(*batch)) == pytest.approx(expected, rel=1e-6)


def test_scale_is_that_of_a_cosine_classifier(batch):
    """With logits 30 cos it is the paper's loss, cross-entropy of 30 (cos - margin on the true class)."""
    logits, target, weight = batch
    cosine = torch.tanh(logits)
    margin = torch.tensor([1 / 2, 1 / 3, 1 / 4]).double() * torch.nn.functional.one_hot(target, 3)
    expected = CrossEntropy(COUNTS)(30 * (cosine - margin), target, weight)
    torch.testing.assert_close(Ldam(COUNTS, scale=30.0).double()(30 * cosine, target, weight), expected)


def test_classes_are_weighed_towards_the_end_only(batch):
    loss, weights = Ldam(COUNTS, start=0.8).double(), ClassBalanced(COUNTS, 0.9999).class_weight.double()
    logits, target, weight = batch
    plain = loss(*batch)
    for progress, early in ((0.0, True), (0.79, True), (0.8, False), (0.99, False)):
        set_progress(loss, progress)
        row = weight if early else weight * weights[target]
        expected = formula(logits, target, row, np.array([1 / 2, 1 / 3, 1 / 4])) / float(row.sum())
        assert float(loss(*batch)) == pytest.approx(expected, rel=1e-6)
    assert abs(float(loss(*batch) - plain)) > 0.01


def test_start_1_never_reweights(batch):
    loss = Ldam(COUNTS, start=1.0).double()
    before = loss(*batch)
    set_progress(loss, 0.999)
    assert loss(*batch) == before
    assert not loss.reweights
    assert Ldam(COUNTS).reweights


def test_no_margin_is_cross_entropy(batch):
    torch.testing.assert_close(Ldam(COUNTS, max_margin=1e-12).double()(*batch), CrossEntropy(COUNTS)(*batch))


def test_absent_class_takes_no_part():
    loss = Ldam(torch.tensor([16, 0, 256]))
    assert loss.margin.tolist() == pytest.approx([0.5, 0, 0.25])
    set_progress(loss, 1.0)
    logits = torch.tensor([[1.0, -2.0, 0.5], [0.0, 0.0, 9.0]])
    ones = torch.ones(2)
    torch.testing.assert_close(loss(logits, torch.tensor([0, 1]), ones), loss(logits[:1], torch.tensor([0]), ones[:1]))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"max_margin": 0.0}, "max_margin must be a finite number above 0, got 0"),
        ({"scale": -1.0}, "scale must be a finite number above 0, got -1"),
        ({"start": 1.1}, "start must be a finite number in 0 <= start <= 1, got 1.1"),
        ({"beta": 1.0}, "beta must be a finite number in 0 <= beta < 1, got 1"),
    ],
)
def test_bad_keys_are_named(keys, message):
    with pytest.raises(InputError, match=f"ldam: {message}"):
        Ldam(COUNTS, **keys)


def test_progress_of_a_loss_without_time_is_ignored():
    loss = CrossEntropy(COUNTS)
    set_progress(loss, 0.5)
    assert not dict(loss.named_buffers())
