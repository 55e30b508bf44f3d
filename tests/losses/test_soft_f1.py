"""Soft F1 against scikit-learn's F1 and by its formula."""

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from mmer.losses.soft_f1 import SoftF1
from mmer.types.errors import InputError

COUNTS = torch.tensor([12, 3, 5, 40])


@pytest.mark.parametrize("squared", [True, False])
def test_certain_predictions_have_the_f1_of_scikit_learn(squared):
    generator = np.random.default_rng(0)
    for _ in range(20):
        truth, predicted = generator.integers(0, 4, 60), generator.integers(0, 4, 60)
        weight = generator.random(60)
        logits = torch.from_numpy(200.0 * np.eye(4)[predicted])
        value = SoftF1(COUNTS, squared)(logits, torch.from_numpy(truth), torch.from_numpy(weight))
        expected = f1_score(truth, predicted, average="macro", sample_weight=weight)
        assert float(value) == pytest.approx(1 - expected, abs=1e-9)


@pytest.mark.parametrize("squared", [True, False])
def test_formula(squared):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(50, 4, generator=generator, dtype=torch.float64)
    target = torch.randint(4, (50,), generator=generator)
    p, t = torch.softmax(logits, 1).numpy(), np.eye(4)[target]
    sizes = (p**2 + t**2) if squared else p + t
    expected = np.mean([1 - 2 * (p[:, k] * t[:, k]).sum() / sizes[:, k].sum() for k in range(4)])
    assert float(SoftF1(COUNTS, squared)(logits, target, torch.ones(50))) == pytest.approx(expected, rel=1e-6)


def test_a_class_that_the_batch_lacks_takes_no_part():
    """Perfect predictions have loss 0, whatever classes are there; a false alarm costs the clip's own class."""
    target, weight = torch.tensor([0, 0, 2, 2]), torch.ones(4)
    perfect = 200.0 * torch.eye(4)[target]
    assert float(SoftF1(COUNTS)(perfect, target, weight)) == pytest.approx(0, abs=1e-6)
    alarm = 200.0 * torch.eye(4)[torch.tensor([0, 1, 2, 2])]
    assert float(SoftF1(COUNTS)(alarm, target, weight)) == pytest.approx((1 / 3 + 0) / 2, abs=1e-6)


def test_every_class_counts_the_same():
    """One clip of a rare class, missed, costs as much as all clips of the frequent one."""
    target = torch.tensor([0] * 30 + [1])
    missed = 200.0 * torch.eye(2)[torch.zeros(31, dtype=torch.int64)]
    value = SoftF1(torch.tensor([30, 1]))(missed, target, torch.ones(31))
    assert float(value) == pytest.approx((1 - 60 / 61 + 1) / 2, abs=1e-6)


def test_bad_keys_are_named():
    with pytest.raises(InputError, match="soft_f1: squared must be true or false, got 2"):
        SoftF1(COUNTS, squared=2)
