"""The compiled kernels do what the lines of torch beside them do."""

import pytest
import torch
from torch.func import functional_call, vmap

from mmer.models.dropout import Dropout, ReluDropout, seed_dropout
from mmer.models.folded import GraphConvolution, graph_layer
from mmer.models.kernels import dropout as kernel

FOLDS = 3


def stacked(layer, folds):
    """Give a dropout layer the seeds and steps of several folds."""
    layer.seed, layer.step = torch.arange(folds) * 123456789012345, torch.full((folds,), 7)
    return layer.train()


@pytest.mark.parametrize("clips", [0, 1, -2])
@pytest.mark.parametrize("kind", [Dropout, ReluDropout])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_compiled_mask_is_the_one_that_torch_computes(monkeypatch, kind, dtype, clips):
    layer = stacked(kind(0.4), FOLDS)
    x, above = torch.randn(2, FOLDS, 5, 6, 7, dtype=dtype)
    inputs = [x.clone().requires_grad_() for _ in range(2)]
    fast = layer(inputs[0], clips)
    monkeypatch.setattr("mmer.models.dropout.fits", lambda x: False)
    slow = layer(inputs[1], clips)
    assert torch.equal(fast, slow)
    for found, given in zip((fast, slow), inputs, strict=True):
        found.backward(above)
        assert given.grad is not None
    assert torch.equal(inputs[0].grad, inputs[1].grad)
    assert 0.3 < (fast == 0).double().mean() < 0.85


@pytest.mark.parametrize("kind", [Dropout, ReluDropout])
def test_under_vmap_a_fold_gets_its_own_mask(kind):
    layer = stacked(kind(0.4), FOLDS)
    x = torch.randn(FOLDS, 5, 6, requires_grad=True)
    whole = layer(x)
    state = {"seed": layer.seed, "step": layer.step}
    lifted = vmap(lambda own, x: functional_call(layer, own, (x,)))(state, x)
    assert torch.equal(whole, lifted)
    above = torch.randn_like(x)
    assert torch.equal(*(torch.autograd.grad(found, x, above)[0] for found in (whole, lifted)))


def test_a_tensor_with_another_layout_is_not_for_the_kernels():
    x = torch.randn(2, 3, 4, 5)
    assert kernel.fits(x)
    assert not kernel.fits(x.contiguous(memory_format=torch.channels_last))
    assert not kernel.fits(x.half())
    assert not kernel.fits(x.to("meta"))


def layer_and_input(channels, width, folds, dtype=torch.float64):
    torch.manual_seed(0)
    convolution = GraphConvolution(channels, width).to(dtype)
    dropout = ReluDropout(0.3)
    shape = (folds,) if folds else ()
    if folds:
        convolution.lin.weight = torch.nn.Parameter(torch.randn(*shape, width, channels, dtype=dtype))
        dropout = stacked(dropout, folds)
    else:
        seed_dropout(dropout, 3)
    convolution.bias = torch.nn.Parameter(torch.randn(*shape, width, dtype=dtype))
    x = torch.randn(*shape, 5, 4, channels, dtype=dtype, requires_grad=True)
    return convolution, dropout, x, torch.rand(*shape, 5, 5, dtype=dtype)


@pytest.mark.parametrize("clips_first", [False, True])
@pytest.mark.parametrize("folds", [0, FOLDS])
@pytest.mark.parametrize(("channels", "width"), [(3, 6), (6, 3)])
def test_the_graph_layer_is_convolution_then_relu_then_dropout(channels, width, folds, clips_first):
    convolution, dropout, x, adjacency = layer_and_input(channels, width, folds)
    fast = graph_layer(x, adjacency, convolution, dropout, clips_first)
    slow = dropout(convolution(x, adjacency), clips=1)
    slow = slow.movedim(-3, -2) if clips_first else slow
    assert torch.allclose(fast, slow, rtol=0, atol=1e-13)
    assert (fast > 0).any()
    assert torch.equal(fast == 0, slow == 0)
    above = torch.randn_like(slow)
    wanted = (x, convolution.lin.weight, convolution.bias)
    for one, other in zip(*(torch.autograd.grad(y, wanted, above) for y in (fast, slow)), strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-12)


def test_the_graph_layer_does_not_drop_when_evaluating():
    convolution, dropout, x, adjacency = layer_and_input(3, 6, FOLDS)
    found = graph_layer(x, adjacency, convolution, dropout.eval())
    assert torch.allclose(found, torch.relu(convolution(x, adjacency)), rtol=0, atol=1e-13)


def test_a_learned_adjacency_gets_its_gradient():
    convolution, dropout, x, adjacency = layer_and_input(3, 6, FOLDS)
    adjacency.requires_grad_()
    graph_layer(x, adjacency, convolution, dropout).sum().backward()
    assert adjacency.grad.abs().sum() > 0


def test_a_fold_of_the_graph_layer_is_the_fold_alone_to_the_bit():
    convolution, dropout, x, adjacency = layer_and_input(6, 6, FOLDS, torch.float32)
    whole = graph_layer(x, adjacency, convolution, dropout)
    for k in range(FOLDS):
        alone, own = GraphConvolution(6, 6), ReluDropout(0.3).train()
        alone.lin.weight = torch.nn.Parameter(convolution.lin.weight[k])
        alone.bias = torch.nn.Parameter(convolution.bias[k])
        own.seed, own.step = dropout.seed[k], dropout.step[k]
        assert torch.equal(graph_layer(x[k], adjacency[k], alone, own), whole[k])


def test_the_graph_layer_under_vmap():
    convolution, dropout, x, adjacency = layer_and_input(3, 6, FOLDS)
    whole = graph_layer(x, adjacency, convolution, dropout)

    class Both(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.convolution, self.dropout = convolution, dropout

        def forward(self, x, adjacency):
            return graph_layer(x, adjacency, self.convolution, self.dropout)

    both = Both()
    state = dict(both.named_parameters()) | dict(both.named_buffers())
    lifted = vmap(lambda own, *items: functional_call(both, own, items))(state, x, adjacency)
    assert torch.equal(whole, lifted)
    above = torch.randn_like(whole)
    wanted = (x, convolution.lin.weight, convolution.bias)
    for one, other in zip(*(torch.autograd.grad(y, wanted, above) for y in (whole, lifted)), strict=True):
        assert torch.equal(one, other)
