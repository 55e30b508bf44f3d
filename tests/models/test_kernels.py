"""The compiled kernels do what the lines of torch beside them do."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.func import functional_call, vmap

from mmer.models.batch_norm import BatchNorm2d, set_mask
from mmer.models.dropout import Dropout, ReluDropout, seed_dropout
from mmer.models.folded import GraphConvolution, Linear, graph_layers
from mmer.models.kernels import dropout as kernel
from mmer.models.kernels.compiled import collect
from mmer.models.norm_pool import relu_norm_pool

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


@pytest.mark.parametrize("folds", [0, FOLDS])
@pytest.mark.parametrize(("channels", "width"), [(3, 6), (6, 3)])
def test_the_graph_layer_is_convolution_then_relu_then_dropout(channels, width, folds):
    convolution, dropout, x, adjacency = layer_and_input(channels, width, folds)
    fast = graph_layers(x, adjacency, [convolution], [dropout])
    slow = dropout(convolution(x, adjacency), clips=1).movedim(-3, -2)
    assert torch.allclose(fast, slow, rtol=0, atol=1e-13)
    assert (fast > 0).any()
    assert torch.equal(fast == 0, slow == 0)
    above = torch.randn_like(slow)
    wanted = (x, convolution.lin.weight, convolution.bias)
    for one, other in zip(*(torch.autograd.grad(y, wanted, above) for y in (fast, slow)), strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-12)


def network(folds, widths=(3, 6, 6, 4), nodes=5, clips=4, dtype=torch.float64):
    """Make layers, their input and a classifier, of one fold or several."""
    torch.manual_seed(0)
    shape = (folds,) if folds else ()
    convolutions, dropouts = [], []
    for number, (channels, width) in enumerate(pairwise(widths)):
        convolution = GraphConvolution(channels, width)
        convolution.lin.weight = torch.nn.Parameter(torch.randn(*shape, width, channels, dtype=dtype))
        convolution.bias = torch.nn.Parameter(torch.randn(*shape, width, dtype=dtype))
        dropout = ReluDropout(0.1 * (number + 1))
        dropout.seed = torch.randint(2**60, shape)
        dropout.step = torch.full(shape, 7)
        convolutions.append(convolution)
        dropouts.append(dropout.train())
    classifier = Linear(nodes * widths[-1], 3)
    classifier.weight = torch.nn.Parameter(torch.randn(*shape, 3, nodes * widths[-1], dtype=dtype))
    classifier.bias = torch.nn.Parameter(torch.randn(*shape, 3, dtype=dtype))
    x = torch.randn(*shape, nodes, clips, widths[0], dtype=dtype, requires_grad=True)
    return x, torch.rand(*shape, nodes, nodes, dtype=dtype), convolutions, dropouts, classifier


@pytest.mark.parametrize("headed", [False, True])
@pytest.mark.parametrize("folds", [0, FOLDS])
def test_several_graph_layers_are_one_after_the_other(monkeypatch, folds, headed):
    x, adjacency, convolutions, dropouts, classifier = network(folds)
    head = classifier if headed else None
    fast = graph_layers(x, adjacency, convolutions, dropouts, head)
    monkeypatch.setattr("mmer.models.folded.fits", lambda value: False)
    slow = graph_layers(x, adjacency, convolutions, dropouts, head)
    assert fast.shape == (*x.shape[:-3], 4, *((3,) if headed else (5, 4)))
    assert torch.allclose(fast, slow, rtol=0, atol=1e-12)
    wanted = [x, *(value for part in convolutions for value in part.parameters())]
    wanted += [*classifier.parameters()] if headed else []
    above = torch.randn_like(slow)
    for one, other in zip(*(torch.autograd.grad(y, wanted, above) for y in (fast, slow)), strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-11)
        assert one.abs().sum() > 0


def test_graph_layers_whose_input_needs_no_gradient():
    x, *rest = network(FOLDS)
    wanted = [*rest[1][0].parameters()]
    above = torch.randn(FOLDS, 4, 3, dtype=x.dtype)
    one, other = (torch.autograd.grad(graph_layers(given, *rest), wanted, above) for given in (x, x.detach()))
    assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))


def test_a_hook_sees_what_goes_into_the_classifier():
    x, *rest, classifier = network(FOLDS)
    found = []
    logits = graph_layers(x, *rest, classifier)
    hook = classifier.register_forward_pre_hook(lambda _, given: found.append(given[0]))
    assert torch.allclose(graph_layers(x, *rest, classifier), logits, rtol=0, atol=1e-12)
    hook.remove()
    assert torch.equal(found[0], graph_layers(x, *rest).flatten(-2))


def test_the_graph_layer_does_not_drop_when_evaluating():
    convolution, dropout, x, adjacency = layer_and_input(3, 6, FOLDS)
    found = graph_layers(x, adjacency, [convolution], [dropout.eval()])
    assert torch.allclose(found, torch.relu(convolution(x, adjacency)).movedim(-3, -2), rtol=0, atol=1e-13)


def test_a_learned_adjacency_gets_its_gradient():
    convolution, dropout, x, adjacency = layer_and_input(3, 6, FOLDS)
    adjacency.requires_grad_()
    graph_layers(x, adjacency, [convolution], [dropout]).sum().backward()
    assert adjacency.grad.abs().sum() > 0


def test_a_fold_of_the_graph_layer_is_the_fold_alone_to_the_bit():
    convolution, dropout, x, adjacency = layer_and_input(6, 6, FOLDS, torch.float32)
    whole = graph_layers(x, adjacency, [convolution], [dropout])
    for k in range(FOLDS):
        alone, own = GraphConvolution(6, 6), ReluDropout(0.3).train()
        alone.lin.weight = torch.nn.Parameter(convolution.lin.weight[k])
        alone.bias = torch.nn.Parameter(convolution.bias[k])
        own.seed, own.step = dropout.seed[k], dropout.step[k]
        assert torch.equal(graph_layers(x[k], adjacency[k], [alone], [own]), whole[k])


@pytest.mark.parametrize("headed", [False, True])
def test_graph_layers_under_vmap(headed):
    x, adjacency, convolutions, dropouts, classifier = network(FOLDS)

    class Whole(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.convolutions, self.dropouts = torch.nn.ModuleList(convolutions), torch.nn.ModuleList(dropouts)
            self.classifier = classifier

        def forward(self, x, adjacency):
            head = self.classifier if headed else None
            return graph_layers(x, adjacency, self.convolutions, self.dropouts, head)

    model = Whole()
    whole = model(x, adjacency)
    state = dict(model.named_parameters()) | dict(model.named_buffers())
    lifted = vmap(lambda own, *items: functional_call(model, own, items))(state, x, adjacency)
    assert torch.equal(whole, lifted)
    above = torch.randn_like(whole)
    wanted = [x, *convolutions[0].parameters(), *(classifier.parameters() if headed else ())]
    for one, other in zip(*(torch.autograd.grad(y, wanted, above) for y in (whole, lifted)), strict=True):
        assert torch.equal(one, other)


def images(shape, dtype):
    return torch.randn(shape, dtype=dtype).contiguous(memory_format=torch.channels_last).requires_grad_()


@pytest.mark.parametrize(("size", "padding", "edge"), [(3, 1, 10), (2, 0, 7), (3, 0, 11)])
@pytest.mark.parametrize("padded", [False, True])
def test_norm_pool_is_relu_then_batch_norm_then_max_pool(padded, size, padding, edge):
    torch.manual_seed(1)
    x = images((5, 4, edge, edge + 3), torch.float64)
    norms = [BatchNorm2d(4).double() for _ in range(2)]
    for norm in norms:
        norm.weight.data = torch.tensor([1.0, -0.5, 2.0, -1.5], dtype=torch.float64)
        norm.bias.data = torch.tensor([0.3, -1.0, 0.0, 2.0], dtype=torch.float64)
        set_mask(norm, torch.tensor([1.0, 1.0, 1.0, 0.0, 0.0]) if padded else None)
    fast = relu_norm_pool(x, norms[0], size, padding)
    slow = torch.nn.functional.max_pool2d(norms[1](torch.relu(x)), size, size, padding)
    assert torch.allclose(fast, slow, rtol=0, atol=1e-12)
    for name in ("running_mean", "running_var"):
        assert torch.allclose(*(getattr(norm, name) for norm in norms), rtol=0, atol=1e-12)
    assert norms[0].num_batches_tracked == norms[1].num_batches_tracked == 1
    above = torch.randn_like(slow)
    above[3:] *= 0 if padded else 1  # a loss gives padded rows no gradient
    found = [torch.autograd.grad(y, (x, n.weight, n.bias), above) for y, n in zip((fast, slow), norms, strict=True)]
    for one, other in zip(*found, strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-11)


def test_norm_pool_takes_the_first_of_equal_numbers_as_torch_does():
    x = torch.zeros(1, 1, 3, 3, dtype=torch.float64).contiguous(memory_format=torch.channels_last)
    x[0, 0, 1, 2] = x[0, 0, 2, 0] = 2.0
    x[0, 0, 0, 0] = 1.0
    x = x.requires_grad_()
    norms = [BatchNorm2d(1).double() for _ in range(2)]
    fast = relu_norm_pool(x, norms[0], 3, 0)
    slow = torch.nn.functional.max_pool2d(norms[1](torch.relu(x)), 3)
    assert torch.allclose(*(torch.autograd.grad(y.sum(), x)[0] for y in (fast, slow)), rtol=0, atol=1e-12)


def test_norm_pool_evaluates_with_the_running_statistics():
    x = images((5, 4, 10, 10), torch.float64)
    norm = BatchNorm2d(4).double().eval()
    norm.running_mean = torch.rand(4, dtype=torch.float64)
    expected = torch.nn.functional.max_pool2d(norm(torch.relu(x)), 3, 3, 1)
    assert torch.equal(relu_norm_pool(x, norm, 3, 1), expected)
    assert norm.num_batches_tracked == 0


@pytest.mark.parametrize("share", [0.05, 1.0], ids=["sparse", "dense"])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("nodes", [5, 40])
def test_a_product_with_an_adjacency_is_the_matrix_product(nodes, turned, share):
    random = np.random.default_rng(0)
    adjacency = random.random((nodes, nodes)) * (random.random((nodes, nodes)) < share)
    x, out = random.normal(size=(nodes, 600)), np.full((nodes, 600), np.nan)
    collect(adjacency, x, turned, out)
    np.testing.assert_allclose(out, (adjacency.T if turned else adjacency) @ x, rtol=0, atol=1e-12)
