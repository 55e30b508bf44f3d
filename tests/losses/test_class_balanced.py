"""Class-balanced weights by the paper's formula and at both ends."""

from fractions import Fraction

import pytest
import torch

from mmer.losses.class_balanced import ClassBalanced
from mmer.losses.cross_entropy import CrossEntropy
from mmer.losses.weighted_cross_entropy import WeightedCrossEntropy
from mmer.types.errors import InputError

COUNTS = torch.tensor([12, 3, 5, 40])


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(50, 4, generator=generator)
    return logits, torch.randint(4, (50,), generator=generator), torch.rand(50, generator=generator)


@pytest.mark.parametrize("beta", [0.9, 0.99, 0.999999])
def test_weights_in_exact_arithmetic(beta):
    exact = Fraction(beta)
    weights = [(1 - exact) / (1 - exact ** int(n)) for n in COUNTS]
    expected = [float(4 * weight / sum(weights)) for weight in weights]
    assert ClassBalanced(COUNTS, beta).class_weight.tolist() == pytest.approx(expected, rel=1e-6)


def test_effective_number_is_the_expected_number_of_distinct_draws():
    """The paper's picture: n draws from N = 1 / (1 - beta) equal boxes fill N (1 - beta^n) of them."""
    generator = torch.Generator().manual_seed(1)
    filled = []
    for n in (3, 12):
        draws = torch.randint(10, (20000, n), generator=generator)
        filled.append(torch.nn.functional.one_hot(draws, 10).amax(1).sum(1).double().mean())
    weight = ClassBalanced(torch.tensor([3, 12]), 0.9).class_weight
    assert float(weight[0] / weight[1]) == pytest.approx(float(filled[1] / filled[0]), rel=0.01)


def test_beta_0_is_plain_and_beta_near_1_is_inverse_frequency(batch):
    torch.testing.assert_close(ClassBalanced(COUNTS, 0.0)(*batch), CrossEntropy(COUNTS)(*batch))
    near = ClassBalanced(COUNTS, 1 - 1e-9)
    torch.testing.assert_close(near(*batch), WeightedCrossEntropy(COUNTS)(*batch))
    inverse = 4 / COUNTS / (1 / COUNTS).sum()
    torch.testing.assert_close(near.class_weight, inverse)


def test_an_absent_class_weighs_nothing_and_the_others_sum_to_k():
    for counts in ([4, 0, 9], [0, 0, 9]):
        weight = ClassBalanced(torch.tensor(counts)).class_weight
        assert float(weight.sum()) == pytest.approx(3)
        assert ((weight == 0) == (torch.tensor(counts) == 0)).all()


@pytest.mark.parametrize("beta", [1.0, -0.1, float("nan"), True])
def test_beta_outside_its_range_is_refused(beta):
    with pytest.raises(InputError, match="class_balanced: beta must be a finite number in 0 <= beta < 1"):
        ClassBalanced(COUNTS, beta)
