"""Weighted binary cross-entropy against torch's and by hand."""

import math

import pytest
import torch
import torch.nn.functional as F

from mmer.losses.weighted_bce import WeightedBce
from mmer.types.errors import InputError

COUNTS = torch.tensor([[30, 10], [20, 20], [39, 1], [5, 35]])


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(50, 4, generator=generator)
    return logits, (torch.rand(50, 4, generator=generator) < 0.3).float()


def test_presence_weighs_absent_by_present_within_the_limits():
    assert WeightedBce(COUNTS).present_weight.tolist() == pytest.approx([3, 1, 10, 1 / 7])
    assert WeightedBce(COUNTS, max_weight=50.0).present_weight.tolist() == pytest.approx([3, 1, 39, 1 / 7])
    assert WeightedBce(COUNTS, max_weight=2.0).present_weight.tolist() == pytest.approx([2, 1, 2, 0.5])


def test_weight_one_is_plain_binary_cross_entropy(batch):
    plain = F.binary_cross_entropy_with_logits(*batch)
    torch.testing.assert_close(WeightedBce(COUNTS, max_weight=1.0)(*batch, torch.ones(50)), plain)


def test_equals_torch_where_all_is_annotated(batch):
    expected = F.binary_cross_entropy_with_logits(*batch, pos_weight=torch.tensor([3, 1, 10, 1 / 7]))
    torch.testing.assert_close(WeightedBce(COUNTS)(*batch, torch.ones(50)), expected)


def test_equals_torch_on_the_annotated_pairs(batch):
    logits, target = batch
    generator = torch.Generator().manual_seed(1)
    known = torch.rand(50, 4, generator=generator) < 0.6
    weight = torch.rand(50, generator=generator)
    present = WeightedBce(COUNTS).present_weight.expand(50, 4)
    each = F.binary_cross_entropy_with_logits(logits[known], target[known], pos_weight=present[known], reduction="none")
    shares = weight[:, None].expand(50, 4)[known]
    value = WeightedBce(COUNTS)(logits, torch.where(known, target, torch.nan), weight)
    torch.testing.assert_close(value, (each * shares).sum() / shares.sum())


def test_known_answer():
    """One clip, log-odds ln 3: present -3 ln(3/4), absent -ln(1/4), the third unit is not annotated."""
    loss = WeightedBce(torch.tensor([[3, 1], [1, 1], [1, 1]]))
    value = loss(torch.full((1, 3), math.log(3)), torch.tensor([[1.0, 0.0, torch.nan]]), torch.ones(1))
    assert float(value) == pytest.approx((3 * math.log(4 / 3) + math.log(4)) / 2, rel=1e-6)


def test_clips_with_and_without_a_unit_sum_to_the_same():
    """What the weight is for: a classifier that knows nothing is pushed neither way."""
    logits = torch.zeros(40, 1, requires_grad=True)
    target = (torch.arange(40) < 10).float()[:, None]
    WeightedBce(torch.tensor([[30, 10]]))(logits, target, torch.ones(40)).backward()
    assert float(logits.grad.sum()) == pytest.approx(0, abs=1e-7)


def test_units_that_nobody_shows_lacks_or_annotated_have_finite_weights():
    counts = torch.tensor([[12, 0], [0, 9], [0, 0]])
    assert WeightedBce(counts, max_weight=4.0).present_weight.tolist() == [4, 0.25, 1]


def test_counts_of_classes_are_refused():
    with pytest.raises(InputError, match=r"one class per clip; choose e\.g\. `cross_entropy`.*got \(3,\)"):
        WeightedBce(torch.tensor([1, 2, 3]))


@pytest.mark.parametrize("limit", [0.5, -1.0, math.inf, math.nan])
def test_a_limit_that_limits_nothing_is_refused(limit):
    with pytest.raises(InputError, match="max_weight must be finite and at least 1"):
        WeightedBce(COUNTS, max_weight=limit)
