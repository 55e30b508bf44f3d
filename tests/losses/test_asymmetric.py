"""Asymmetric loss against its formula, and where it ends in known losses."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torchvision.ops import sigmoid_focal_loss

from mmer.losses.asymmetric import Asymmetric
from mmer.types.errors import InputError

COUNTS = torch.tensor([[30, 10], [20, 20], [39, 1], [5, 35]])


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(50, 4, generator=generator, dtype=torch.float64)
    return logits, (torch.rand(50, 4, generator=generator) < 0.3).double()


@pytest.mark.parametrize(("present", "absent", "margin"), [(0, 4, 0.05), (1, 4, 0.05), (0.5, 0.5, 0.2), (2, 3, 0)])
def test_formula(batch, present, absent, margin):
    generator = torch.Generator().manual_seed(1)
    weight = torch.rand(50, generator=generator, dtype=torch.float64)
    known = torch.rand(50, 4, generator=generator) < 0.6
    logits, target = batch
    total = shares = 0
    for i, j in known.nonzero().tolist():
        p = 1 / (1 + np.exp(-float(logits[i, j])))
        shifted = max(p - margin, 0)
        if target[i, j]:
            value = (1 - p) ** present * np.log(p)
        else:
            value = shifted**absent * np.log(1 - shifted)
        total -= float(weight[i]) * value
        shares += float(weight[i])
    value = Asymmetric(COUNTS, present, absent, margin)(logits, torch.where(known, target, torch.nan), weight)
    assert float(value) == pytest.approx(total / shares, rel=1e-9)


def test_no_focus_and_no_margin_is_binary_cross_entropy(batch):
    value = Asymmetric(COUNTS, 0.0, 0.0, 0.0)(*batch, torch.ones(50))
    torch.testing.assert_close(value, F.binary_cross_entropy_with_logits(*batch))


def test_equal_focus_and_no_margin_is_torchvision_s_focal_loss(batch):
    value = Asymmetric(COUNTS, 2.0, 2.0, 0.0)(*batch, torch.ones(50))
    torch.testing.assert_close(value, sigmoid_focal_loss(*batch, alpha=-1, gamma=2, reduction="mean"))


def test_an_absence_below_the_margin_has_no_gradient():
    logits = torch.tensor([[-4.0, -2.0]], requires_grad=True)  # p = .018 and .12
    Asymmetric(COUNTS[:2])(logits, torch.zeros(1, 2), torch.ones(1)).backward()
    assert logits.grad[0, 0] == 0
    assert logits.grad[0, 1] > 0


def test_easy_absences_fade_and_presences_stay():
    """At p = .3: the absence weighs (.25)^4, the presence is not focused at all."""
    logits = torch.full((1, 1), float(np.log(3 / 7)), dtype=torch.float64)
    absent = Asymmetric(COUNTS[:1])(logits, torch.zeros(1, 1), torch.ones(1))
    present = Asymmetric(COUNTS[:1])(logits, torch.ones(1, 1), torch.ones(1))
    assert float(absent) == pytest.approx(-(0.25**4) * np.log(0.75))
    assert float(present) == pytest.approx(-np.log(0.3))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"gamma_present": -1.0}, "gamma_present must be a finite number at least 0, got -1"),
        ({"gamma_absent": float("inf")}, "gamma_absent must be a finite number at least 0, got inf"),
        ({"margin": 1.0}, "margin must be a finite number in 0 <= margin < 1, got 1"),
    ],
)
def test_bad_keys_are_named(keys, message):
    with pytest.raises(InputError, match=f"asymmetric: {message}"):
        Asymmetric(COUNTS, **keys)
