"""EdgeGat and its parts."""

import numpy as np
import pytest
import torch
from scipy.spatial import distance
from torch_geometric.nn import GATv2Conv, SAGPooling

from mmer.models.edge_attention import EdgeAttention, SharedEdges
from mmer.models.edge_gat import EDGE_FEATURES, EdgeGat, jaccard
from mmer.models.probe import Probe
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

N = 7


def sizes(edge_index, nodes=N, features=5, frames=1):
    return Sizes(3, {"graph": (frames, nodes, features)}, tuple(f"n{i}" for i in range(nodes)), edge_index)


@pytest.fixture
def edge_index():
    """Directed edges, so that a swap of source and target would be seen; nothing leads to node 0."""
    rng = np.random.default_rng(0)
    pairs = np.array([(a, b) for a in range(N) for b in range(1, N) if a != b])
    return pairs[rng.random(len(pairs)) < 0.4].T.copy()


@pytest.fixture
def x():
    return torch.randn(4, 1, N, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def probes(model, clips, weight):
    """Return what passes the probes of a model, by name."""
    seen = {}
    for name, probe in model.named_modules():
        if isinstance(probe, Probe):
            probe.register_forward_hook(lambda _, given, out, name=name: seen.update({name: out.detach()}))
    model({"graph": clips}, weight)
    return seen


def test_parameters_are_those_of_the_docstring():
    edges = np.array([[i % 68, (i + 1 + i // 68) % 68] for i in range(242)]).T.copy()
    for features, count in {("rbf", "jaccard"): 13829, EDGE_FEATURES: 13829 + 3328}.items():
        model = EdgeGat(sizes(edges, 68, 102), split=4, edge_features=features)
        assert sum(value.numel() for value in model.parameters()) == count


def test_attention_equals_the_layer_of_torch_geometric(edge_index, x):
    torch.manual_seed(0)
    ours = EdgeAttention(5, 3, 4, heads=2).double()
    theirs = GATv2Conv(5, 4, heads=2, edge_dim=3, add_self_loops=False).double()
    for value in ours.parameters():
        value.data += 0.1 * torch.randn_like(value)
    theirs.load_state_dict(ours.state_dict())
    graph = SharedEdges(edge_index, N)
    edges = torch.stack([graph.source, graph.target])
    edge = torch.randn(4, edges.shape[1], 3, dtype=torch.float64)
    shares = []
    ours.attention.register_forward_hook(lambda _, given, out: shares.append(out))
    nodes, hidden = ours(x[:, 0], edge, torch.ones(edges.shape[1], dtype=torch.float64), graph)
    assert hidden.shape == (4, edges.shape[1], 8)
    for clip in range(4):
        expected, (_, share) = theirs(x[clip, 0], edges, edge[clip], return_attention_weights=True)
        torch.testing.assert_close(nodes[clip], expected, rtol=0, atol=1e-12)
        torch.testing.assert_close(shares[0][clip], share.mean(1)[: edge_index.shape[1]], rtol=0, atol=1e-12)


def test_an_edge_of_weight_0_is_no_edge_and_one_of_weight_2_counts_twice(edge_index, x):
    layer = EdgeAttention(5, 1, 4, heads=2).double()
    edge = torch.zeros(4, edge_index.shape[1] + N, 1, dtype=torch.float64)
    weight = torch.ones(edge.shape[1], dtype=torch.float64)
    weight[3], weight[5] = 0, 2
    nodes, _ = layer(x[:, 0], edge, weight, SharedEdges(edge_index, N))
    fewer = np.concatenate([np.delete(edge_index, 3, 1), edge_index[:, 5:6]], 1)
    expected, _ = layer(x[:, 0], edge, torch.ones_like(weight), SharedEdges(fewer, N))
    torch.testing.assert_close(nodes, expected, rtol=0, atol=1e-12)


def test_jaccard_index_by_scipy(edge_index):
    near = np.eye(N, dtype=bool)
    near[edge_index[0], edge_index[1]] = near[edge_index[1], edge_index[0]] = True
    expected = [1 - distance.jaccard(near[a], near[b]) for a, b in edge_index.T]
    np.testing.assert_allclose(jaccard(edge_index, N), [*expected, *[1.0] * N])


def test_edge_features_by_hand(edge_index, x):
    model = EdgeGat(sizes(edge_index), split=0, rbf_width=2.0).double()
    edges, weight = edge_index.shape[1], torch.rand(edge_index.shape[1] + N, dtype=torch.float64)
    found = model.branches[0]._edges(x[:, 0], weight, model.jaccard.double(), model.graph)
    source, target = edge_index[:, 4]
    difference = x[2, 0, source] - x[2, 0, target]
    expected = [*difference, (-difference.square().mean() / 8).exp(), model.jaccard[4], weight[4]]
    torch.testing.assert_close(found[2, 4], torch.stack([torch.as_tensor(v).double() for v in expected]))
    torch.testing.assert_close(found[2, edges, :7], torch.tensor([0, 0, 0, 0, 0, 1, 1], dtype=torch.float64))


def test_keeps_the_nodes_that_torch_geometric_keeps(edge_index, x):
    model = EdgeGat(sizes(edge_index), split=0, keep=0.4).double().eval()
    pool = model.branches[0].pool
    theirs = SAGPooling(pool.score.lin_rel.in_features, ratio=0.4).double()
    theirs.gnn.load_state_dict(pool.score.state_dict())
    theirs.select.weight.data.fill_(1)
    given = []
    pool.register_forward_hook(lambda _, values, out: given.append((values[0], out)))
    weight = torch.ones(edge_index.shape[1], dtype=torch.float64)
    model({"graph": x}, weight)
    for clip in range(4):
        expected = theirs(given[0][0][clip], torch.from_numpy(edge_index))[0]
        torch.testing.assert_close(given[0][1][clip], expected, rtol=0, atol=1e-12)


def test_renaming_nodes_changes_nothing(edge_index, x):
    order = np.random.default_rng(1).permutation(N)  # new node i is old node order[i]
    shuffle = np.random.default_rng(2).permutation(edge_index.shape[1])
    model = EdgeGat(sizes(edge_index)).double().eval()
    renamed = EdgeGat(sizes(np.argsort(order)[edge_index][:, shuffle])).double().eval()
    renamed.load_state_dict(model.state_dict())
    weight = torch.rand(edge_index.shape[1], dtype=torch.float64)
    torch.testing.assert_close(
        renamed({"graph": x[:, :, order]}, weight[shuffle]), model({"graph": x}, weight), rtol=0, atol=1e-7
    )


def test_attention_and_kept_nodes_can_be_read(edge_index, x):
    model = EdgeGat(sizes(edge_index), keep=0.4).double().eval()
    seen = probes(model, x, torch.ones(edge_index.shape[1], dtype=torch.float64))
    attention = {name for name in seen if name.endswith("attention")}
    assert attention == {f"branches.{b}.layers.{i}.attention" for b in (0, 1) for i in (0, 1)}
    for name in attention:
        assert seen[name].shape == (4, edge_index.shape[1])
        into = torch.zeros(4, N, dtype=torch.float64).index_add(1, torch.from_numpy(edge_index[1]), seen[name])
        assert (into[:, 1:] > 0).all()
        assert (into < 1).all()  # the rest is the self loop's
        assert (into[:, 0] == 0).all()
    assert ((seen["branches.0.pool.probe"] != 0).sum(1) == 3).all()


@pytest.mark.parametrize(
    "values",
    [{"split": 0}, {"edge_features": ("weight",)}, {"update_edges": False}, {"layers": 1}, {"keep": 1.0}],
)
def test_every_option_gives_every_parameter_a_gradient_and_stays_finite(edge_index, x, values):
    torch.manual_seed(0)
    model = EdgeGat(sizes(edge_index), dropout=0.0, **values).double()
    weight = torch.rand(edge_index.shape[1], dtype=torch.float64)
    weight[0] = 0
    both = torch.cat([x, 0 * x])  # with clips whose frames are absent
    logits = model({"graph": both}, weight)
    logits.square().sum().backward()
    assert torch.isfinite(logits).all()
    assert all(torch.isfinite(value.grad).all() for value in model.parameters())
    assert [name for name, value in model.named_parameters() if not value.grad.any()] == []


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"width": 0}, "width"),
        ({"keep": 1.5}, "keep is the share"),
        ({"keep": 0}, "keep must be a number above 0"),
        ({"edge_features": ("rfb",)}, "rbf"),
        ({"edge_features": ()}, "at least one"),
        ({"split": 5}, "split 5 leaves nothing"),
        ({"update_edges": "yes"}, "update_edges must be true or false"),
    ],
)
def test_nonsense_is_refused(edge_index, values, word):
    with pytest.raises(InputError, match=word):
        EdgeGat(sizes(edge_index), **values)
