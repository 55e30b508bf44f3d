"""Logit adjustment, its two relatives, and what all three are for: the balanced error."""

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, logsumexp

from mmer.losses.balanced_softmax import BalancedSoftmax
from mmer.losses.cross_entropy import CrossEntropy
from mmer.losses.logit_adjustment import LogitAdjustment
from mmer.losses.logit_adjustment_posthoc import LogitAdjustmentPosthoc
from mmer.types.errors import InputError

COUNTS = torch.tensor([12, 3, 5, 40])
PRIOR = COUNTS.numpy() / 60


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(50, 4, generator=generator, dtype=torch.float64)
    weight = torch.rand(50, generator=generator, dtype=torch.float64)
    return logits, torch.randint(4, (50,), generator=generator), weight


@pytest.mark.parametrize("tau", [0.5, 1.0, 2.0])
def test_formula(batch, tau):
    z, y, w = (value.numpy() for value in batch)
    log_p = log_softmax(z + tau * np.log(PRIOR), axis=1)[np.arange(50), y]
    assert float(LogitAdjustment(COUNTS, tau).double()(*batch)) == pytest.approx(-(w * log_p).sum() / w.sum(), rel=1e-6)


def test_balanced_softmax_formula(batch):
    z, y, w = (value.numpy() for value in batch)
    n = COUNTS.numpy()
    losses = logsumexp(z, b=n, axis=1) - np.log(n[y] * np.exp(z[np.arange(50), y]))
    assert float(BalancedSoftmax(COUNTS).double()(*batch)) == pytest.approx((w * losses).sum() / w.sum(), rel=1e-6)


def test_balanced_softmax_is_logit_adjustment_with_tau_1(batch):
    assert BalancedSoftmax(COUNTS).double()(*batch) == LogitAdjustment(COUNTS, 1.0).double()(*batch)


def test_tau_0_and_equal_counts_are_cross_entropy(batch):
    plain = CrossEntropy(COUNTS)(*batch)
    torch.testing.assert_close(LogitAdjustment(COUNTS, 0.0).double()(*batch), plain)
    torch.testing.assert_close(LogitAdjustment(torch.tensor([7] * 4)).double()(*batch), plain)
    assert torch.equal(LogitAdjustmentPosthoc(COUNTS, 0.0).decide(batch[0]), batch[0])


def test_posthoc_is_cross_entropy_in_training(batch):
    assert LogitAdjustmentPosthoc(COUNTS)(*batch) == CrossEntropy(COUNTS)(*batch)


@pytest.mark.parametrize("tau", [0.5, 1.0])
def test_posthoc_takes_the_prior_off(batch, tau):
    decided = LogitAdjustmentPosthoc(COUNTS, tau).double().decide(batch[0])
    np.testing.assert_allclose(decided, batch[0].numpy() - tau * np.log(PRIOR), atol=1e-6)


def test_train_time_logits_are_decided_upon_as_they_are(batch):
    for loss in (LogitAdjustment(COUNTS), BalancedSoftmax(COUNTS)):
        assert torch.equal(loss.decide(batch[0]), batch[0])


@pytest.mark.parametrize("make", [LogitAdjustment, LogitAdjustmentPosthoc])
def test_both_find_the_classifier_of_highest_average_recall(make):
    """Observations of four kinds with known frequencies; the best decision for UAR is the largest P(kind | class)."""
    given_class = torch.tensor([[0.5, 0.3, 0.15, 0.05], [0.3, 0.4, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]]).double()
    counts = torch.tensor([800, 150, 50])
    joint = given_class * (counts / 1000)[:, None]  # P(class, kind)
    loss = make(counts).double()
    table = torch.zeros(4, 3, dtype=torch.float64, requires_grad=True)  # logits of each kind
    target, kind = torch.meshgrid(torch.arange(3), torch.arange(4), indexing="ij")
    optimizer = torch.optim.LBFGS([table], max_iter=200, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        value = loss(table[kind.flatten()], target.flatten(), joint.flatten())
        value.backward()
        return value

    optimizer.step(closure)
    p = torch.softmax(loss.decide(table.detach()), 1)
    torch.testing.assert_close(p, (given_class / given_class.sum(0)).T, rtol=0, atol=1e-4)
    assert torch.equal(p.argmax(1), given_class.argmax(0))
    assert not torch.equal(joint.argmax(0), given_class.argmax(0))  # what cross-entropy would decide


@pytest.mark.parametrize("make", [LogitAdjustment, BalancedSoftmax])
def test_an_absent_class_takes_no_part_in_training(make, batch):
    counts = torch.tensor([12, 0, 5, 40])
    logits, target, weight = batch
    leaf = logits.clone().requires_grad_()
    value = make(counts).double()(leaf, target, weight)
    value.backward()
    assert not leaf.grad[:, 1].any()
    assert not leaf.grad[target == 1].any()
    here, without = target != 1, [0, 2, 3]
    renamed = torch.tensor([0, 0, 1, 2])[target[here]]
    expected = make(counts[without]).double()(logits[here][:, without], renamed, weight[here])
    torch.testing.assert_close(value.detach(), expected)


@pytest.mark.parametrize("make", [LogitAdjustment, LogitAdjustmentPosthoc])
@pytest.mark.parametrize("tau", [-1.0, float("inf")])
def test_bad_tau_is_refused(make, tau):
    with pytest.raises(InputError, match="tau must be a finite number at least 0"):
        make(COUNTS, tau)
