"""GraphTcn and its parts."""

from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from mmer.models.graph_tcn import EdgeFeatures, GraphTcn
from mmer.models.tcn import SequenceConv, Tcn
from mmer.stages.build import build, read_option
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

N = 8
RING = np.array([range(N), [(i + 1) % N for i in range(N)]])


def sizes(edge_index=RING, nodes=N):
    return Sizes(3, {"graph": (1, nodes, 2)}, tuple(f"n{i}" for i in range(nodes)), edge_index)


@pytest.fixture
def x():
    return torch.randn(4, 1, N, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize(
    ("edges", "causal", "weight_norm", "readout"),
    list(product(["consecutive", "graph"], [True, False], [True, False], ["flatten", "mean", "last"])),
)
def test_every_option_gives_every_parameter_a_gradient(x, edges, causal, weight_norm, readout):
    torch.manual_seed(0)
    options = {"edges": edges, "causal": causal, "weight_norm": weight_norm, "readout": readout}
    model = GraphTcn(sizes(), width=8, blocks=2, dropout=0.0, **options).double()
    logits = model({"graph": x}, torch.rand(N))
    logits.square().sum().backward()
    assert logits.shape == (4, 3)
    assert [name for name, value in model.named_parameters() if not value.grad.any()] == []


def test_weight_norm_is_that_of_torch():
    ours = SequenceConv(3, 5, 4, dilation=2, causal=True, weight_norm=True).double()
    theirs = nn.utils.parametrizations.weight_norm(nn.Conv1d(3, 5, 4, dilation=2).double())
    original = theirs.parametrizations.weight
    ours.length.data *= 1.7
    original.original0.data, original.original1.data = ours.length.data, ours.direction.data
    theirs.bias.data = ours.bias.data
    x = torch.randn(2, 3, 20, dtype=torch.float64)
    torch.testing.assert_close(ours(x)[:, :, 6:], theirs(x), rtol=0, atol=1e-12)


def test_weight_norm_starts_as_the_plain_convolution():
    plain = SequenceConv(3, 5, 3, 1, True, False)
    normed = SequenceConv(3, 5, 3, 1, True, True)
    normed.direction, normed.bias = plain.direction, plain.bias
    normed.length.data = plain.direction.detach().flatten(1).norm(dim=1)[:, None, None]
    x = torch.randn(2, 3, 9)
    torch.testing.assert_close(normed(x), plain(x))


@pytest.mark.parametrize(("causal", "first", "last"), [(True, 18, 30), (False, 12, 24)])
def test_tcn_sees_what_its_docstring_says(causal, first, last):
    """Kernel 3, 2 blocks: 2 * 2 * 3 = 12 others. All weights 1, so a change of element 18 cannot be cancelled."""
    tcn = Tcn(width=2, blocks=2, kernel=3, dropout=0.0, causal=causal, weight_norm=False).double()
    for parameter in tcn.parameters():
        parameter.data.fill_(1)
    x = torch.ones(1, 2, 40, dtype=torch.float64)
    other = x.clone()
    other[:, :, 18] += 1
    change = (tcn(other) - tcn(x)).abs().sum((0, 1))
    assert [i for i in range(40) if change[i] > 0] == list(range(first, last + 1))


def test_edge_features_on_consecutive_nodes_are_a_convolution(x):
    layer = EdgeFeatures(2, 5).double()
    conv = nn.Conv1d(2, 5, 2).double()
    conv.weight.data = torch.stack([layer.pair.weight[:, :2], layer.pair.weight[:, 2:]], -1)
    conv.bias.data = layer.pair.bias.data
    nodes = x[:, 0]
    chain = torch.stack([torch.arange(N - 1), torch.arange(1, N)])
    expected = conv(nodes.transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(layer(nodes, chain, torch.ones(N - 1)), expected, rtol=0, atol=1e-12)


def test_edge_features_read_source_then_target(x):
    layer = EdgeFeatures(2, 4).double()
    layer.pair.weight.data = torch.eye(4, dtype=torch.float64)
    layer.pair.bias.data.zero_()
    one = layer(x[:, 0], torch.tensor([[5], [2]]), torch.tensor([3.0]))
    torch.testing.assert_close(one[:, 0], 3 * torch.cat([x[:, 0, 5], x[:, 0, 2]], 1))


def test_edge_weights_count_only_with_the_graphs_edges(x):
    graph = GraphTcn(sizes(), width=4, edges="graph").double().eval()
    assert not torch.allclose(graph({"graph": x}, torch.ones(N)), graph({"graph": x}, torch.arange(N) / N))
    chain = GraphTcn(sizes(), width=4).double().eval()
    assert torch.equal(chain({"graph": x}, torch.ones(N)), chain({"graph": x}, torch.arange(N) / N))


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"width": 0}, "width"),
        ({"node_kernel": 0}, "node_kernel"),
        ({"edges": "all"}, "Valid: consecutive, graph"),
        ({"readout": "max"}, "Valid: flatten, last, mean"),
        ({"causal": "yes"}, "causal must be true or false"),
    ],
)
def test_nonsense_is_refused(values, word):
    with pytest.raises(InputError, match=word):
        GraphTcn(sizes(), **values)


def test_as_many_parameters_as_the_docstring_counts():
    nodes = build(read_option("nodes", "graph_tcn_28")).node_set().names
    made = GraphTcn(Sizes(3, {"graph": (1, 28, 49)}, nodes, RING))
    parts = {name: sum(value.numel() for value in part.parameters()) for name, part in made.named_children()}
    expected = {"node_features": 1_600, "edge_features": 3_168, "node_tcn": 18_816, "edge_tcn": 18_816}
    assert parts == expected | {"classifier": 5_283}
    assert sum(parts.values()) == 47_683


def test_with_kernels_of_one_a_node_reaches_itself_and_its_two_edges(x):
    model = GraphTcn(sizes(), width=8, blocks=2, node_kernel=1, edge_kernel=1, dropout=0.0).double()
    model.classifier = nn.Identity()
    other = x.clone()
    other[:, :, 3] += 1
    change = (model({"graph": other}, torch.ones(N)) - model({"graph": x}, torch.ones(N))).abs().sum(0)
    nodes, edges = change[: 8 * N].view(8, N).sum(0), change[8 * N :].view(8, N - 1).sum(0)
    assert nodes.nonzero().flatten().tolist() == [3]
    assert edges.nonzero().flatten().tolist() == [2, 3]


def test_a_clip_without_a_graph_is_finite_with_gradients(x):
    model = GraphTcn(sizes(), width=8, blocks=2).double()
    logits = model({"graph": 0 * x}, torch.zeros(N))
    logits.sum().backward()
    assert torch.isfinite(logits).all()
    assert all(torch.isfinite(value.grad).all() for value in model.parameters())


def test_too_few_nodes_or_edges_are_refused():
    none = np.zeros((2, 0), np.int64)
    with pytest.raises(InputError, match="at least two nodes"):
        GraphTcn(sizes(none, nodes=1))
    with pytest.raises(InputError, match="no edge"):
        GraphTcn(sizes(none), edges="graph")
