"""Focal loss against its formula, and where it ends in cross-entropy."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torchvision.ops import sigmoid_focal_loss

from mmer.losses.cross_entropy import CrossEntropy
from mmer.losses.focal import Focal
from mmer.losses.weighted_cross_entropy import WeightedCrossEntropy
from mmer.types.errors import InputError

COUNTS = torch.tensor([12, 3, 5, 40])


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(50, 4, generator=generator, dtype=torch.float64)
    weight = torch.rand(50, generator=generator, dtype=torch.float64)
    return logits, torch.randint(4, (50,), generator=generator), weight


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0, 5.0])
def test_formula(batch, gamma):
    z, y, w = (value.numpy() for value in batch)
    p = (np.exp(z) / np.exp(z).sum(1, keepdims=True))[np.arange(50), y]
    alpha = 60 / (4 * COUNTS.numpy())[y]
    for key, factor in (("none", 1), ("balanced", alpha)):
        expected = (factor * w * -((1 - p) ** gamma) * np.log(p)).sum() / (factor * w).sum()
        assert float(Focal(COUNTS, gamma, key).double()(*batch)) == pytest.approx(expected, rel=1e-6)


def test_two_classes_are_torchvision_s_sigmoid_focal_loss(batch):
    logits, target, _ = batch
    z, y = logits[:, :2], target % 2
    expected = sigmoid_focal_loss(z[:, 1] - z[:, 0], y.double(), alpha=-1, gamma=2, reduction="mean")
    torch.testing.assert_close(Focal(torch.tensor([1, 1]))(z, y, torch.ones(50)), expected)


def test_gamma_0_is_cross_entropy(batch):
    torch.testing.assert_close(Focal(COUNTS, 0.0).double()(*batch), CrossEntropy(COUNTS)(*batch))
    balanced, weighted = Focal(COUNTS, 0, "balanced").double(), WeightedCrossEntropy(COUNTS).double()
    torch.testing.assert_close(balanced(*batch), weighted(*batch))


def test_what_is_recognised_counts_less():
    """One clip in the balance (p = 1/2) and one that is nearly sure (p = .99): focusing shifts the gradient."""
    target, weight = torch.tensor([0, 0]), torch.ones(2)
    pulls = []
    for gamma in (0.0, 2.0):
        logits = torch.tensor([[0.0, 0.0], [np.log(99), 0.0]], requires_grad=True)
        Focal(torch.tensor([1, 1]), gamma)(logits, target, weight).backward()
        pulls.append(float(logits.grad[0, 0] / logits.grad[1, 0]))
    assert pulls[0] == pytest.approx(50)
    assert pulls[1] > 50 * 50


@pytest.mark.parametrize("gamma", [0.1, 0.5])
def test_certainty_has_no_infinite_slope(gamma):
    logits = torch.tensor([[500.0, 0.0]], requires_grad=True)
    Focal(torch.tensor([1, 1]), gamma)(logits, torch.tensor([0]), torch.ones(1)).backward()
    assert not logits.grad.any()


def test_it_reweights_with_alpha_only():
    assert Focal(COUNTS, alpha="balanced").reweights
    assert not Focal(COUNTS, alpha="none").reweights


def test_bad_keys_are_named():
    with pytest.raises(InputError, match="focal: gamma must be a finite number at least 0, got -1"):
        Focal(COUNTS, gamma=-1.0)
    with pytest.raises(InputError, match="focal: gamma must be a finite number at least 0, got '2'"):
        Focal(COUNTS, gamma="2")
    with pytest.raises(InputError, match="focal: alpha is 'balance'; did you mean 'balanced'"):
        Focal(COUNTS, alpha="balance")


def test_plain_sum_over_one_clip_is_minus_log_p_squared_miss():
    logits = torch.tensor([[np.log(3.0), 0.0]])
    value = Focal(torch.tensor([1, 1]))(logits, torch.tensor([0]), torch.ones(1))
    assert float(value) == pytest.approx(np.log(4 / 3) / 16, rel=1e-6)
    assert float(value) == pytest.approx(float(F.cross_entropy(logits, torch.tensor([0]))) / 16, rel=1e-6)
