"""Graphsage and its parts."""

import numpy as np
import pytest
import torch
from torch_geometric.nn import SAGEConv

from mmer.models.branches import branch_sizes
from mmer.models.graphsage import Graphsage, SageConvolution
from mmer.models.neighbour_mean import neighbour_mean
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

N = 7


def sizes(edge_index, nodes=N, features=5):
    return Sizes(3, {"graph": (1, nodes, features)}, tuple(f"n{i}" for i in range(nodes)), edge_index)


@pytest.fixture
def edge_index():
    """Directed edges, so that a swap of source and target would be seen; nothing leads to node 0."""
    rng = np.random.default_rng(0)
    pairs = np.array([(a, b) for a in range(N) for b in range(1, N) if a != b])
    return pairs[rng.random(len(pairs)) < 0.4].T.copy()


@pytest.fixture
def x():
    return torch.randn(4, 1, N, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_parameters_are_those_of_the_docstring(edge_index):
    model = Graphsage(sizes(edge_index, 68, 100), split=2)
    assert sum(value.numel() for value in model.parameters()) == 23683


@pytest.mark.parametrize("normalize", [False, True])
def test_equals_the_layer_of_torch_geometric(edge_index, x, normalize):
    ours = SageConvolution(5, 6, normalize).double()
    theirs = SAGEConv(5, 6, normalize=normalize).double()
    theirs.load_state_dict(ours.state_dict())
    edges = torch.from_numpy(edge_index)
    ones = torch.ones(edges.shape[1], dtype=torch.float64)
    adjacency = neighbour_mean(edges[1] * N + edges[0], ones, N, "none")
    nodes = x[:, 0].transpose(0, 1)  # (N, B, F)
    expected = torch.stack([theirs(clip, edges) for clip in x[:, 0]], 1)
    torch.testing.assert_close(ours(nodes, adjacency), expected, rtol=0, atol=1e-12)


def test_a_branch_sees_its_own_features_only(edge_index, x):
    model = Graphsage(sizes(edge_index), split=2, hidden=8, readout="mean").double().eval()
    model.classifier = torch.nn.Identity()
    weight = torch.ones(edge_index.shape[1], dtype=torch.float64)
    other = x.clone()
    other[..., 3] += 5
    change = (model({"graph": other}, weight) - model({"graph": x}, weight)).abs().sum(0)
    assert change[:8].sum() == 0
    assert change[8:].sum() > 0


def test_renaming_nodes_changes_nothing_with_mean_readout(edge_index, x):
    order = np.random.default_rng(1).permutation(N)  # new node i is old node order[i]
    model = Graphsage(sizes(edge_index), readout="mean").double().eval()
    renamed = Graphsage(sizes(np.argsort(order)[edge_index]), readout="mean").double().eval()
    renamed.load_state_dict(model.state_dict())
    weight = torch.rand(edge_index.shape[1], dtype=torch.float64)
    torch.testing.assert_close(
        renamed({"graph": x[:, :, order]}, weight), model({"graph": x}, weight), rtol=0, atol=1e-12
    )


def test_edges_and_their_weights_matter(edge_index, x):
    model = Graphsage(sizes(edge_index)).double().eval()
    weight = torch.ones(edge_index.shape[1], dtype=torch.float64)
    same, other = model({"graph": x}, weight), model({"graph": x}, weight.cumsum(0))
    assert not torch.allclose(same, other)
    torch.testing.assert_close(model({"graph": x}, 3 * weight), same, rtol=0, atol=1e-12)  # a mean has no scale


def test_split_of_the_features():
    assert branch_sizes("m", 5, None) == (2, 3)
    assert branch_sizes("m", 1, None) == (1,)
    assert branch_sizes("m", 5, 0) == (5,)
    assert branch_sizes("m", 5, 4) == (4, 1)
    with pytest.raises(InputError, match=r"m: split 5 leaves nothing .* split: 0"):
        branch_sizes("m", 5, 5)
    with pytest.raises(InputError, match="split must be"):
        branch_sizes("m", 5, -1)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"hidden": 0}, "hidden"),
        ({"layers": 1.5}, "layers"),
        ({"readout": "max"}, "Valid: flatten, mean"),
        ({"normalize": 1}, "normalize must be true or false"),
    ],
)
def test_nonsense_is_refused(edge_index, values, word):
    with pytest.raises(InputError, match=word):
        Graphsage(sizes(edge_index), **values)
