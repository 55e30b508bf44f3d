"""Label smoothing against torch's."""

import pytest
import torch
import torch.nn.functional as F

from mmer.losses.cross_entropy import CrossEntropy
from mmer.losses.label_smoothing import LabelSmoothing
from mmer.losses.weighted_cross_entropy import WeightedCrossEntropy
from mmer.types.errors import InputError

COUNTS = torch.tensor([12, 3, 5, 40])


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(50, 4, generator=generator)
    return logits, torch.randint(4, (50,), generator=generator)


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.5])
def test_equals_torch(batch, epsilon):
    ones = torch.ones(50)
    plain = LabelSmoothing(COUNTS, epsilon, weighted=False)(*batch, ones)
    torch.testing.assert_close(plain, F.cross_entropy(*batch, label_smoothing=epsilon))
    weighted = LabelSmoothing(COUNTS, epsilon)(*batch, ones)
    class_weight = COUNTS.sum() / (4 * COUNTS)
    torch.testing.assert_close(weighted, F.cross_entropy(*batch, weight=class_weight, label_smoothing=epsilon))


def test_weight_2_is_the_clip_twice(batch):
    logits, target = batch
    weight = torch.ones(50)
    weight[:10] = 2
    twice = torch.cat([logits, logits[:10]]), torch.cat([target, target[:10]])
    for weighted in (False, True):
        loss = LabelSmoothing(COUNTS, weighted=weighted)
        torch.testing.assert_close(loss(logits, target, weight), loss(*twice, torch.ones(60)))


def test_epsilon_0_is_cross_entropy(batch):
    ones = torch.ones(50)
    torch.testing.assert_close(LabelSmoothing(COUNTS, 0.0, False)(*batch, ones), CrossEntropy(COUNTS)(*batch, ones))
    weighted = WeightedCrossEntropy(COUNTS)(*batch, ones)
    torch.testing.assert_close(LabelSmoothing(COUNTS, 0.0, True)(*batch, ones), weighted)


def test_certainty_is_not_the_optimum():
    """The best p of the true class is 1 - epsilon + epsilon / K."""
    target, weight = torch.tensor([0]), torch.ones(1)
    loss = LabelSmoothing(torch.tensor([1, 1, 1]), 0.3, weighted=False)
    best = torch.log(torch.tensor([[0.8, 0.1, 0.1]])).requires_grad_()
    loss(best, target, weight).backward()
    torch.testing.assert_close(best.grad, torch.zeros(1, 3), rtol=0, atol=1e-7)


def test_it_reweights_where_it_is_told_to():
    assert LabelSmoothing(COUNTS).reweights
    assert not LabelSmoothing(COUNTS, weighted=False).reweights


def test_bad_keys_are_named():
    with pytest.raises(InputError, match="label_smoothing: epsilon must be a finite number in 0 <= epsilon < 1, got 1"):
        LabelSmoothing(COUNTS, epsilon=1.0)
    with pytest.raises(InputError, match="label_smoothing: weighted must be true or false, got 'yes'"):
        LabelSmoothing(COUNTS, weighted="yes")
