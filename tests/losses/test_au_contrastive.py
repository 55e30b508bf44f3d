"""The contrast by action units, pair by pair, and what it does to features."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import jaccard_score

from mmer.losses.au_contrastive import AuContrastive, unit_similarity
from mmer.losses.cross_entropy import CrossEntropy
from mmer.losses.weighted_cross_entropy import WeightedCrossEntropy
from mmer.types.errors import InputError

COUNTS = torch.tensor([12, 3, 5])
N = 14


@pytest.fixture
def batch():
    """Logits, target, weight, features, units; three clips are not annotated and two are padding."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(N, 3, generator=generator, dtype=torch.float64)
    weight = 0.5 + torch.rand(N, generator=generator, dtype=torch.float64)
    weight[-2:] = 0
    features = torch.randn(N, 5, generator=generator, dtype=torch.float64)
    units = (torch.rand(N, 6, generator=generator) < 0.4).double()
    units[[2, 5, 6]] = torch.nan
    return logits, torch.arange(N) % 3, weight, features, units


def alike(one, other, target, other_target):
    """Jaccard index of two clips by sets; equality of class where one is not annotated."""
    if np.isnan(one).any() or np.isnan(other).any():
        return float(target == other_target)
    one, other = set(np.flatnonzero(one)), set(np.flatnonzero(other))
    return len(one & other) / len(one | other) if one | other else 0.0


def contrast(target, weight, features, units, temperature=0.1):
    """The weighted mean over the anchors, clip by clip."""
    f = features / np.linalg.norm(features, axis=1, keepdims=True)
    total = shares = 0
    for i in np.flatnonzero(weight):
        others = [j for j in np.flatnonzero(weight) if j != i]
        s = {j: alike(units[i], units[j], target[i], target[j]) for j in others}
        if not sum(s.values()):
            continue
        denominator = sum(math.exp(f[i] @ f[a] / temperature) for a in others)
        value = -sum(s[j] * math.log(math.exp(f[i] @ f[j] / temperature) / denominator) for j in others)
        total += weight[i] * value / sum(s.values())
        shares += weight[i]
    return total / shares


def test_similarity_is_scikit_learns_jaccard_index():
    units = (torch.rand(12, 6, generator=torch.Generator().manual_seed(1)) < 0.5).double()
    similarity = unit_similarity(units, torch.zeros(12, dtype=torch.int64))
    for i in range(12):
        for j in range(12):
            expected = jaccard_score(units[i], units[j], zero_division=0)
            assert float(similarity[i, j]) == pytest.approx(expected)


def test_similarity_looks_only_at_units_annotated_in_both():
    units = torch.tensor([[1, 1, torch.nan], [1, torch.nan, 1], [1, 1, 1]])
    expected = [[1, 1, 1], [1, 1, 1], [1, 1, 1]]
    assert unit_similarity(units, torch.tensor([0, 1, 2])).tolist() == expected
    units = torch.tensor([[1.0, torch.nan], [torch.nan, 1.0]])
    assert unit_similarity(units, torch.tensor([0, 0])).tolist() == [[1, 1], [1, 1]]  # nothing in common: the class
    assert unit_similarity(units, torch.tensor([0, 1])).tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("share", [0.3, 1.0])
def test_formula(batch, weighted, share):
    target, weight, features, units = (value.numpy() for value in batch[1:])
    class_weight = 20 / (3 * COUNTS.numpy()) if weighted else np.ones(3)
    entropy = (WeightedCrossEntropy(COUNTS).double() if weighted else CrossEntropy(COUNTS))(*batch[:3])
    expected = (1 - share) * float(entropy) + share * contrast(target, weight * class_weight[target], features, units)
    value = AuContrastive(COUNTS, share, weighted=weighted).double()(*batch)
    assert float(value) == pytest.approx(expected, rel=1e-6)


def test_share_0_is_cross_entropy(batch):
    value = AuContrastive(COUNTS, 0.0).double()(*batch)
    torch.testing.assert_close(value, WeightedCrossEntropy(COUNTS).double()(*batch[:3]))


def test_without_annotation_it_is_supervised_contrast(batch):
    """Khosla et al., eq. 2: the mean over anchors and their positives, clips of the same class."""
    logits, target, weight, features, units = batch
    f = torch.nn.functional.normalize(features[:12], dim=1)
    log_p = f @ f.T / 0.1
    log_p = log_p - torch.logsumexp(log_p.masked_fill(torch.eye(12).bool(), -torch.inf), 1, keepdim=True)
    same = (target[:12, None] == target[:12]) & ~torch.eye(12).bool()
    expected = torch.stack([-log_p[i][same[i]].mean() for i in range(12)]).mean()
    loss = AuContrastive(COUNTS, 1.0, weighted=False).double()
    value = loss(logits, target, (weight > 0).double(), features, torch.full_like(units, torch.nan))
    torch.testing.assert_close(value, expected)


def test_descent_draws_clips_of_the_same_units_together():
    """Of one class all; the units alone say who belongs together."""
    features = torch.randn(6, 4, generator=torch.Generator().manual_seed(3)).requires_grad_()
    units = torch.tensor([[1.0, 0, 0], [1, 0, 0], [1, 0, 0], [0, 1, 1], [0, 1, 1], [0, 1, 1]])
    loss = AuContrastive(torch.tensor([6, 1]), 1.0)
    optimizer = torch.optim.Adam([features], 0.05)
    for _ in range(100):
        optimizer.zero_grad()
        value = loss(torch.zeros(6, 2), torch.zeros(6, dtype=torch.int64), torch.ones(6), features, units)
        value.backward()
        optimizer.step()
    closeness = torch.nn.functional.cosine_similarity(features[:, None], features[None], dim=2)
    together = torch.block_diag(torch.ones(3, 3), torch.ones(3, 3)).bool()
    assert closeness[together].min() > 0.9
    assert closeness[~together].max() < 0.5
    assert float(value.detach()) == pytest.approx(
        math.log(2), abs=0.01
    )  # both others of three alike: no less is possible


def test_a_clip_alone_has_no_contrast(batch):
    one = [value[:1] for value in batch]
    one[3] = one[3].clone().requires_grad_()
    value = AuContrastive(COUNTS, 1.0).double()(*one)
    value.backward()
    assert value == 0
    assert not one[3].grad.any()


def test_padding_has_no_gradient(batch):
    features = batch[3].clone().requires_grad_()
    AuContrastive(COUNTS).double()(*batch[:3], features, batch[4]).backward()
    assert not features.grad[-2:].any()
    assert features.grad[:-2].any(1).all()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"share": 1.5}, "share must be a finite number in 0 <= share <= 1, got 1.5"),
        ({"temperature": 0.0}, "temperature must be a finite number above 0, got 0"),
        ({"weighted": 1}, "weighted must be true or false, got 1"),
    ],
)
def test_bad_keys_are_named(keys, message):
    with pytest.raises(InputError, match=f"au_contrastive: {message}"):
        AuContrastive(COUNTS, **keys)
