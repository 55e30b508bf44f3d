"""What every loss of conf/loss/ keeps, whoever wrote it."""

import copy
import pickle

import pytest
import torch
from torch.func import functional_call, stack_module_state, vmap

from mmer.stages.build import build, read_option
from mmer.types.errors import InputError

COUNTS = torch.tensor([12, 3, 5])


def make(name, counts=COUNTS):
    return build(read_option("loss", name), counts).double()


def batch(n=10, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(n, 3, generator=generator, dtype=torch.float64)
    return logits, torch.arange(n) % 3, 0.5 + torch.rand(n, generator=generator, dtype=torch.float64)


def test_name_file_and_yaml_agree(loss_name):
    node = read_option("loss", loss_name)
    assert node["name"] == loss_name
    assert node["_target_"].split(".")[:3] == ["mmer", "losses", loss_name]


def test_is_a_finite_positive_scalar(loss_name):
    value = make(loss_name)(*batch())
    assert value.shape == ()
    assert 0 < value < 100


def test_gradient_is_right(loss_name):
    logits, target, weight = batch()
    assert torch.autograd.gradcheck(lambda z: make(loss_name)(z, target, weight), logits.requires_grad_())


def test_falls_when_the_logits_get_better(loss_name):
    logits, target, weight = batch()
    better = logits + 2 * torch.nn.functional.one_hot(target, 3)
    assert make(loss_name)(better, target, weight) < make(loss_name)(logits, target, weight)


def test_padding_changes_nothing(loss_name):
    logits, target, weight = batch()
    padded = (
        torch.cat([logits, torch.full((4, 3), 50.0, dtype=torch.float64)]),
        torch.cat([target, torch.tensor([0, 1, 2, 0])]),
        torch.cat([weight, torch.zeros(4, dtype=torch.float64)]),
    )
    torch.testing.assert_close(make(loss_name)(*padded), make(loss_name)(logits, target, weight), rtol=0, atol=1e-12)


def test_order_of_the_batch_changes_nothing(loss_name):
    values = batch()
    turned = [value.flip(0) for value in values]
    torch.testing.assert_close(make(loss_name)(*turned), make(loss_name)(*values), rtol=0, atol=1e-12)


def test_scale_of_the_weights_changes_nothing(loss_name):
    logits, target, weight = batch()
    loss = make(loss_name)
    torch.testing.assert_close(loss(logits, target, 7 * weight), loss(logits, target, weight), rtol=0, atol=1e-12)


@pytest.mark.parametrize("n", [0, 4])
def test_is_finite_where_nothing_counts(loss_name, n):
    """A fold that has run out of clips in a stacked step."""
    logits = torch.zeros(n, 3, dtype=torch.float64, requires_grad=True)
    value = make(loss_name)(logits, torch.zeros(n, dtype=torch.int64), torch.zeros(n, dtype=torch.float64))
    value.backward()
    assert value == 0
    assert not logits.grad.any()


def test_is_finite_with_an_absent_class_and_extreme_logits(loss_name):
    logits, target, weight = batch()
    for scale in (1, 1e4):
        leaf = (scale * logits).requires_grad_()
        value = make(loss_name, torch.tensor([12, 0, 5]))(leaf, target, weight)
        value.backward()
        assert torch.isfinite(value)
        assert torch.isfinite(leaf.grad).all()


def test_pickles(loss_name):
    loss = make(loss_name)
    assert pickle.loads(pickle.dumps(loss))(*batch()) == loss(*batch())


def test_stacked_folds_equal_folds_alone(loss_name):
    losses = [make(loss_name, COUNTS.roll(k)) for k in range(3)]
    batches = [batch(seed=k) for k in range(3)]
    parameters, buffers = stack_module_state(losses)
    base = copy.deepcopy(losses[0]).to("meta")
    stacked = vmap(lambda p, b, *values: functional_call(base, (p, b), values))(
        parameters, buffers, *(torch.stack(parts) for parts in zip(*batches, strict=True))
    )
    alone = torch.stack([loss(*values) for loss, values in zip(losses, batches, strict=True)])
    torch.testing.assert_close(stacked, alone, rtol=0, atol=1e-12)


def test_misspelt_key_is_named(loss_name):
    with pytest.raises(InputError, match="gama"):
        build(read_option("loss", loss_name) | {"gama": 2}, COUNTS)
