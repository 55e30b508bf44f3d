"""The electrode graph: its filters are those of torch-geometric, its graph starts with places and is learned."""

import numpy as np
import pytest
import torch
from torch_geometric.nn import ChebConv
from torch_geometric.utils import dense_to_sparse

from mmer.models.dgcnn import ChebyshevFilter, Dgcnn
from mmer.types.errors import InputError
from mmer.types.samples import Sizes
from mmer.types.signal_window import SignalLayout

BANDS = ("theta", "alpha", "beta")
PLACES = ((0.0, 0.0, 0.1), (0.05, 0.0, 0.1), (-0.05, 0.0, 0.1), (0.0, 0.05, 0.1), (0.0, -0.1, 0.05))
NAMES = ("Cz", "C4", "C3", "Fz", "Oz")


def sizes(places=PLACES, features=BANDS, names=NAMES):
    layout = SignalLayout(names, features, sfreq=0.0 if features else 128.0, positions=places)
    length = len(features) or 64
    return Sizes(3, {"eeg_bands": (len(names), length)}, (), np.zeros((2, 0), np.int64), {"eeg_bands": layout})


@pytest.mark.parametrize("order", [1, 2, 4])
def test_filters_are_those_of_torch_geometric(order):
    torch.manual_seed(0)
    graph = torch.rand(5, 5, dtype=torch.float64)
    graph = ((graph + graph.T) / 2).fill_diagonal_(0)
    ours, theirs = ChebyshevFilter(3, 4, order).double(), ChebConv(3, 4, order).double()
    with torch.no_grad():
        for own, other in zip(ours.maps, theirs.lins, strict=True):
            own.weight.copy_(other.weight)
        ours.bias.copy_(theirs.bias.normal_())
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    edges, weight = dense_to_sparse(graph)
    largest = torch.tensor(2.0, dtype=torch.float64)
    expected = torch.stack([theirs(clip, edges, weight, lambda_max=largest) for clip in x])
    torch.testing.assert_close(ours(x, graph), expected, rtol=1e-5, atol=1e-5)


def test_an_electrode_without_edges_is_seen_alone():
    filters = ChebyshevFilter(3, 4, 2)
    x, graph = torch.randn(1, 3, 3), torch.zeros(3, 3)
    torch.testing.assert_close(filters(x, graph), filters.maps[0](x) + filters.bias)


def test_the_graph_starts_with_how_near_electrodes_are():
    graph = Dgcnn(sizes()).adjacency().detach()
    assert torch.equal(graph, graph.T)
    assert torch.equal(graph.diagonal(), torch.zeros(5))
    assert float(graph[0, 1]) == pytest.approx(np.exp(-0.5), abs=1e-6)  # .05 m, the reach
    assert float(graph[0, 3]) == pytest.approx(np.exp(-0.5), abs=1e-6)
    assert graph[1, 2] < graph[0, 1]


def test_the_graph_is_learned_and_what_falls_to_zero_stays_gone():
    model = Dgcnn(sizes(), dropout=0.0)
    with torch.no_grad():
        model.edges[0, 1] = model.edges[1, 0] = -0.1
    model({"eeg_bands": torch.randn(6, 5, 3)}, torch.zeros(0)).square().sum().backward()
    assert model.edges.grad[0, 1] == model.edges.grad[1, 0] == 0
    assert model.edges.grad[0, 2] != 0
    assert model.adjacency()[0, 1] == 0


def test_channels_without_places_have_a_complete_graph_where_asked_for():
    graph = Dgcnn(sizes(places=()), initial="complete").adjacency()
    assert torch.equal(graph, 1 - torch.eye(5))


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"sizes": sizes(places=())}, ["places", "'eeg_bands'", "montage", "initial: complete"]),
        ({"sizes": sizes(places=((float("nan"),) * 3,) * 5)}, ["places", "initial: complete"]),
        ({"sizes": sizes(features=())}, ["reads features", "'eeg_bands'", "eegnet"]),
        ({"sizes": sizes(PLACES[:1], names=NAMES[:1])}, ["2 electrodes or more", "has 1"]),
        ({"initial": "position"}, ["initial", "did you mean 'positions'"]),
        ({"reach": 0}, ["reach", "metres"]),
        ({"stream": "bands"}, ["'bands'", "['eeg_bands']"]),
    ],
)
def test_what_does_not_fit_is_said(keys, words):
    with pytest.raises(InputError) as caught:
        Dgcnn(**({"sizes": sizes()} | keys))
    for word in words:
        assert word in str(caught.value)
