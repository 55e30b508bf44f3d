"""Cross-entropies against torch's and scikit-learn's."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.utils.class_weight import compute_class_weight

from mmer.losses.cross_entropy import CrossEntropy
from mmer.losses.weighted_cross_entropy import WeightedCrossEntropy

COUNTS = torch.tensor([12, 3, 5, 40])


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(50, 4, generator=generator)
    return logits, torch.randint(4, (50,), generator=generator)


def test_class_weights_are_those_of_scikit_learn():
    labels = np.repeat(np.arange(4), COUNTS)
    expected = compute_class_weight("balanced", classes=np.arange(4), y=labels)
    np.testing.assert_allclose(WeightedCrossEntropy(COUNTS).class_weight, expected, rtol=1e-6)


def test_weighted_equals_torch(batch):
    weight = COUNTS.sum() / (4 * COUNTS)
    torch.testing.assert_close(
        WeightedCrossEntropy(COUNTS)(*batch, torch.ones(50)), F.cross_entropy(*batch, weight=weight)
    )


def test_plain_equals_torch(batch):
    torch.testing.assert_close(CrossEntropy(COUNTS)(*batch, torch.ones(50)), F.cross_entropy(*batch))


def test_equal_counts_make_both_the_same(batch):
    even, ones = torch.tensor([7, 7, 7, 7]), torch.ones(50)
    torch.testing.assert_close(WeightedCrossEntropy(even)(*batch, ones), CrossEntropy(even)(*batch, ones))


def test_known_answer():
    """Two clips, log-odds 0 and ln 3: -(1/2 w0 ln 1/2 ...) by hand; counts 1 and 3 give weights 2 and 2/3."""
    logits = torch.tensor([[0.0, 0.0], [0.0, np.log(3)]])
    value = WeightedCrossEntropy(torch.tensor([1, 3]))(logits, torch.tensor([0, 1]), torch.ones(2))
    assert float(value) == pytest.approx((2 * np.log(2) + 2 / 3 * np.log(4 / 3)) / (2 + 2 / 3), rel=1e-6)


def test_an_absent_class_weighs_nothing():
    assert WeightedCrossEntropy(torch.tensor([4, 0, 4])).class_weight.tolist() == pytest.approx([2 / 3, 0, 2 / 3])
