"""What every loss of conf/loss/ keeps, whoever wrote it."""

import copy
import pickle

import pytest
import torch
from torch.func import functional_call, stack_module_state, vmap

from mmer.stages.build import build, read_option, target_class
from mmer.types.errors import InputError

CLASS_COUNTS = torch.tensor([12, 3, 5])
UNIT_COUNTS = torch.tensor([[12, 3], [1, 9], [7, 8]])  # without and with each of three units


def detects(name):
    return getattr(target_class(read_option("loss", name)), "detection", False)


def make(name, counts=None):
    if counts is None:
        counts = UNIT_COUNTS if detects(name) else CLASS_COUNTS
    return build(read_option("loss", name), counts).double()


def batch(name, n=10, seed=0):
    """Logits, target and weight of the kind that the loss is for; a fifth of the units is not annotated."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(n, 3, generator=generator, dtype=torch.float64)
    weight = 0.5 + torch.rand(n, generator=generator, dtype=torch.float64)
    if not detects(name):
        return logits, torch.arange(n) % 3, weight
    target = (torch.arange(3 * n).reshape(n, 3) % 4 < 2).double()
    target[torch.arange(3 * n).reshape(n, 3) % 5 == 1] = torch.nan
    return logits, target, weight


def empty_target(name, n):
    return torch.zeros(n, 3, dtype=torch.float64) if detects(name) else torch.zeros(n, dtype=torch.int64)


def test_name_file_and_yaml_agree(loss_name):
    node = read_option("loss", loss_name)
    assert node["name"] == loss_name
    assert node["_target_"].split(".")[:3] == ["mmer", "losses", loss_name]


def test_is_a_finite_positive_scalar(loss_name):
    value = make(loss_name)(*batch(loss_name))
    assert value.shape == ()
    assert 0 < value < 100


def test_gradient_is_right(loss_name):
    logits, target, weight = batch(loss_name)
    assert torch.autograd.gradcheck(lambda z: make(loss_name)(z, target, weight), logits.requires_grad_())


def test_falls_when_the_logits_get_better(loss_name):
    logits, target, weight = batch(loss_name)
    right = 2 * target.nan_to_num(0.5) - 1 if detects(loss_name) else torch.nn.functional.one_hot(target, 3)
    assert make(loss_name)(logits + 2 * right, target, weight) < make(loss_name)(logits, target, weight)


def test_padding_changes_nothing(loss_name):
    logits, target, weight = batch(loss_name)
    more = torch.tensor([[0.0, 1, torch.nan]] * 4).double() if detects(loss_name) else torch.tensor([0, 1, 2, 0])
    padded = (
        torch.cat([logits, torch.full((4, 3), 50.0, dtype=torch.float64)]),
        torch.cat([target, more]),
        torch.cat([weight, torch.zeros(4, dtype=torch.float64)]),
    )
    torch.testing.assert_close(make(loss_name)(*padded), make(loss_name)(logits, target, weight), rtol=0, atol=1e-12)


def test_order_of_the_batch_changes_nothing(loss_name):
    values = batch(loss_name)
    turned = [value.flip(0) for value in values]
    torch.testing.assert_close(make(loss_name)(*turned), make(loss_name)(*values), rtol=0, atol=1e-12)


def test_scale_of_the_weights_changes_nothing(loss_name):
    logits, target, weight = batch(loss_name)
    loss = make(loss_name)
    torch.testing.assert_close(loss(logits, target, 7 * weight), loss(logits, target, weight), rtol=0, atol=1e-12)


@pytest.mark.parametrize("n", [0, 4])
def test_is_finite_where_nothing_counts(loss_name, n):
    """A fold that has run out of clips in a stacked step."""
    logits = torch.zeros(n, 3, dtype=torch.float64, requires_grad=True)
    value = make(loss_name)(logits, empty_target(loss_name, n), torch.zeros(n, dtype=torch.float64))
    value.backward()
    assert value == 0
    assert not logits.grad.any()


def test_is_finite_with_an_absent_class_and_extreme_logits(loss_name):
    logits, target, weight = batch(loss_name)
    counts = torch.tensor([[12, 0], [0, 9], [0, 0]]) if detects(loss_name) else torch.tensor([12, 0, 5])
    for scale in (1, 1e4):
        leaf = (scale * logits).requires_grad_()
        value = make(loss_name, counts)(leaf, target, weight)
        value.backward()
        assert torch.isfinite(value)
        assert torch.isfinite(leaf.grad).all()


def test_pickles(loss_name):
    loss = make(loss_name)
    assert pickle.loads(pickle.dumps(loss))(*batch(loss_name)) == loss(*batch(loss_name))


def test_stacked_folds_equal_folds_alone(loss_name):
    counts = UNIT_COUNTS if detects(loss_name) else CLASS_COUNTS
    losses = [make(loss_name, counts.roll(k, 0)) for k in range(3)]
    batches = [batch(loss_name, seed=k) for k in range(3)]
    parameters, buffers = stack_module_state(losses)
    base = copy.deepcopy(losses[0]).to("meta")
    stacked = vmap(lambda p, b, *values: functional_call(base, (p, b), values))(
        parameters, buffers, *(torch.stack(parts) for parts in zip(*batches, strict=True))
    )
    alone = torch.stack([loss(*values) for loss, values in zip(losses, batches, strict=True)])
    torch.testing.assert_close(stacked, alone, rtol=0, atol=1e-12)


def test_misspelt_key_is_named(loss_name):
    with pytest.raises(InputError, match="gama"):
        build(read_option("loss", loss_name) | {"gama": 2}, UNIT_COUNTS if detects(loss_name) else CLASS_COUNTS)


def test_what_is_not_annotated_takes_no_part(loss_name):
    """Neither the value nor the gradient knows the logit of such a unit."""
    if not detects(loss_name):
        pytest.skip("for one class per clip, which every clip has")
    logits, target, weight = batch(loss_name)
    unknown = target.isnan()
    leaf = logits.clone().requires_grad_()
    value = make(loss_name)(leaf, target, weight)
    value.backward()
    assert not leaf.grad[unknown].any()
    assert leaf.grad[~unknown].all()
    torch.testing.assert_close(make(loss_name)(torch.where(unknown, 30.0, logits), target, weight), value)
    nobody = make(loss_name)(leaf, torch.full_like(target, torch.nan), weight)
    assert nobody == 0
    assert not torch.autograd.grad(nobody, leaf)[0].any()
