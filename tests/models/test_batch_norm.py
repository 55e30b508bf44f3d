"""Batch normalisation that ignores padding, against torch's on the real rows."""

import copy
import pickle

import pytest
import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap

from mmer.models.batch_norm import BatchNorm1d, BatchNorm2d, BatchNorm3d, mask_names, set_mask

SHAPES = {"1d": (6, 4), "1d_long": (6, 4, 5), "2d": (6, 4, 3, 5), "3d": (6, 4, 2, 3, 5)}
KINDS = {"1d": (BatchNorm1d, nn.BatchNorm1d), "2d": (BatchNorm2d, nn.BatchNorm2d), "3d": (BatchNorm3d, nn.BatchNorm3d)}
MASK = torch.tensor([1.0, 0, 1, 1, 0, 1])


def layers(kind, seed=0):
    """Ours and torch's with the same weights."""
    generator = torch.Generator().manual_seed(seed)
    ours, theirs = (layer(4) for layer in KINDS[kind[:2]])
    for layer in (ours, theirs):
        layer.double().train()
    for name, value in theirs.state_dict().items():
        if value.is_floating_point():
            value.copy_(torch.rand(4, generator=generator) + 0.5)
        ours.state_dict()[name].copy_(value)
    return ours, theirs


def clips(kind, seed=0):
    x = torch.randn(SHAPES[kind], generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return 3 * x + 50  # far from 0: a variance from sums of squares would show


def close(a, b):
    torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("mask", [None, torch.ones(6)])
def test_is_torchs_layer_without_padding(kind, mask):
    ours, theirs = layers(kind)
    set_mask(ours, mask)
    a, b = clips(kind).requires_grad_(), clips(kind).requires_grad_()
    for _ in range(3):
        y, z = ours(a), theirs(b)
        close(y, z)
        y.pow(3).sum().backward()
        z.pow(3).sum().backward()
    close(a.grad, b.grad)
    close(ours.weight.grad, theirs.weight.grad)
    close(ours.bias.grad, theirs.bias.grad)
    close(ours.state_dict(), theirs.state_dict())
    close(ours.eval()(a), theirs.eval()(b))


@pytest.mark.parametrize("kind", SHAPES)
def test_sees_only_the_real_rows(kind):
    ours, theirs = layers(kind)
    real = MASK.bool()
    x = clips(kind)
    x[~real] = 1e6
    a, b = x.clone().requires_grad_(), x[real].clone().requires_grad_()
    set_mask(ours, MASK)
    y, z = ours(a)[real], theirs(b)
    close(y, z)
    y.pow(3).sum().backward()
    z.pow(3).sum().backward()
    close(a.grad[real], b.grad)
    assert not a.grad[~real].any()
    close(ours.weight.grad, theirs.weight.grad)
    close(ours.bias.grad, theirs.bias.grad)
    close(ours.state_dict(), theirs.state_dict())


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.float32])
def test_mask_may_be_of_any_type(dtype):
    ours, _ = layers("2d")
    set_mask(ours, MASK)
    expected = ours(clips("2d"))
    set_mask(ours, MASK.to(dtype))
    torch.testing.assert_close(ours(clips("2d")), expected, rtol=0, atol=0)


def test_evaluation_does_not_look_at_the_mask():
    ours, theirs = layers("2d")
    set_mask(ours, MASK)
    assert torch.equal(ours.eval()(clips("2d")[:2]), theirs.eval()(clips("2d")[:2]))


def test_a_batch_of_padding_moves_nothing_and_is_finite():
    ours, _ = layers("2d")
    before = copy.deepcopy(ours.state_dict())
    set_mask(ours, torch.zeros(6))
    y = ours(clips("2d"))
    y.sum().backward()
    assert torch.isfinite(y).all()
    assert torch.isfinite(ours.weight.grad).all()
    close(ours.state_dict(), before)


def test_length_may_change_from_batch_to_batch():
    ours, theirs = layers("2d")
    for rows in (6, 3):
        set_mask(ours, torch.ones(rows))
        close(ours(clips("2d")[:rows]), theirs(clips("2d")[:rows]))
    set_mask(ours, None)
    close(ours(clips("2d")[:5]), theirs(clips("2d")[:5]))


def test_wrong_number_of_dimensions_is_refused():
    ours, _ = layers("2d")
    set_mask(ours, MASK)
    with pytest.raises(ValueError, match="4D"):
        ours(clips("1d"))


def test_mask_is_not_saved_and_every_layer_has_one():
    model = nn.Sequential(nn.Conv2d(3, 4, 1), BatchNorm2d(4), nn.Sequential(BatchNorm2d(4)))
    set_mask(model, MASK)
    assert mask_names(model) == ("1.mask", "2.0.mask")
    assert mask_names(model[1]) == ("mask",)
    assert set(mask_names(model)) <= set(dict(model.named_buffers()))
    assert not [name for name in model.state_dict() if "mask" in name]
    assert torch.equal(pickle.loads(pickle.dumps(model))[1].mask, MASK)


@pytest.mark.parametrize("masked", [False, True])
def test_ragged_folds_in_a_stack_are_the_folds_alone(masked):
    """Folds of 6, 4 and 1 rows, three steps of running statistics."""
    lengths = [6, 4, 1] if masked else [6, 6, 6]
    folds = [layers("2d", seed)[0] for seed in range(3)]
    masks = torch.stack([(torch.arange(6) < length).double() for length in lengths])
    parameters, buffers = stack_module_state(folds)
    buffers = {name: value.clone() for name, value in buffers.items()}
    if masked:
        buffers["mask"] = masks
    base = copy.deepcopy(folds[0]).to("meta")
    forward = vmap(lambda p, b, x: functional_call(base, (p, b), (x,)))
    for step in range(3):
        x = torch.stack([clips("2d", 10 * step + fold) for fold in range(3)])
        together = forward(parameters, buffers, x)
        for fold, layer in enumerate(folds):
            close(together[fold, : lengths[fold]], layer(x[fold, : lengths[fold]]))
    for name, value in buffers.items():
        if name != "mask":
            close(value, torch.stack([layer.state_dict()[name] for layer in folds]))


def test_keeps_channels_last():
    x = clips("2d").contiguous(memory_format=torch.channels_last)
    ours, _ = layers("2d")
    for mask in (None, MASK):
        set_mask(ours, mask)
        assert ours(x).is_contiguous(memory_format=torch.channels_last)
