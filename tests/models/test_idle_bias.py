"""Convolutions whose bias a batch normalisation takes away."""

import pytest
import torch
from torch import nn

from mmer.models.batch_norm import BatchNorm2d, BatchNorm3d
from mmer.models.idle_bias import REASON, Conv2d, Conv3d, idle_biases

KINDS = [(Conv2d, nn.Conv2d, BatchNorm2d, 2), (Conv3d, nn.Conv3d, BatchNorm3d, 3)]


@pytest.mark.parametrize(("ours", "theirs", "norm", "dimensions"), KINDS)
def test_is_the_layer_of_torch_but_for_the_gradient_of_its_bias(ours, theirs, norm, dimensions):
    layer, reference = ours(4, 6, 3, stride=2, padding=1, groups=2).double(), theirs(4, 6, 3, 2, 1, groups=2).double()
    reference.load_state_dict(layer.state_dict())
    x = torch.randn(5, 4, *[7] * dimensions, dtype=torch.float64)
    for one in (layer, reference):
        one(x).square().sum().backward()
    assert torch.equal(layer(x), reference(x))
    assert torch.equal(layer.weight.grad, reference.weight.grad)
    assert layer.bias.grad is None
    assert reference.bias.grad.abs().min() > 0


@pytest.mark.parametrize(("ours", "theirs", "norm", "dimensions"), KINDS)
def test_behind_a_norm_there_was_nothing_but_rounding_error(ours, theirs, norm, dimensions):
    layers = nn.Sequential(theirs(4, 6, 3), norm(6)).double()
    x = torch.randn(5, 4, *[7] * dimensions, dtype=torch.float64)
    layers(x).pow(3).sum().backward()
    assert layers[0].bias.grad.abs().max() < 1e-12 * layers[0].weight.grad.abs().max()


def test_a_model_lists_them():
    layers = nn.ModuleDict({"a": nn.Sequential(Conv2d(1, 2, 3), nn.Conv2d(2, 2, 1)), "b": Conv3d(1, 2, 3)})
    assert idle_biases(layers) == {"a.0.bias": REASON, "b.bias": REASON}
