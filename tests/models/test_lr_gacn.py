"""LrGacn and its attention."""

import numpy as np
import pytest
import torch
from torch_geometric.nn import GATConv

from mmer.models.edge_attention import SharedEdges
from mmer.models.graph_attention import GraphAttention
from mmer.models.lr_gacn import LrGacn
from mmer.stages.build import build, read_option
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

N, T = 6, 3
PATH = np.array([[a, b] for a in range(N) for b in range(N) if abs(a - b) == 1]).T.copy()


def sizes(edges=PATH, frames=T, features=6):
    return Sizes(3, {"graph": (frames, N, features)}, tuple(f"lm{i}" for i in range(N)), edges)


def model(edges=PATH, frames=T, **options):
    torch.manual_seed(0)
    made = LrGacn(sizes(edges, frames), **{"width": 3, "heads": 2, "dropout": 0.0} | options).double().eval()
    for parameter in made.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    return made


@pytest.fixture
def x():
    return torch.randn(4, T, N, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.fixture
def weight():
    return 0.2 + torch.rand(PATH.shape[1], generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def directed():
    """Directed edges, nodes with none or many sources, so that a swap of source and target would be seen."""
    rng = np.random.default_rng(0)
    pairs = np.array([(a, b) for a in range(N) for b in range(N - 1) if a != b])
    return pairs[rng.random(len(pairs)) < 0.4].T.copy()


def test_attention_with_weights_of_one_is_that_of_torch_geometric():
    edges = directed()
    layer = GraphAttention(5, 3, 2).double()
    layer.bias.data.normal_()
    theirs = GATConv(5, 3, heads=2).double()
    theirs.lin.weight.data, theirs.bias.data = layer.map.weight.data, layer.bias.data
    theirs.att_src.data, theirs.att_dst.data = layer.source.data[None], layer.target.data[None]
    x = torch.randn(4, N, 5, dtype=torch.float64)
    ours, share = layer(x, torch.ones(edges.shape[1] + N, dtype=torch.float64), SharedEdges(edges, N))
    for clip, out, shares in zip(x, ours, share, strict=True):
        expected, (_, attention) = theirs(clip, torch.from_numpy(edges), return_attention_weights=True)
        torch.testing.assert_close(out, expected, rtol=0, atol=1e-12)
        torch.testing.assert_close(shares, attention.mean(1), rtol=0, atol=1e-12)


def test_weights_multiply_shares_and_zero_takes_an_edge_out():
    edges = directed()
    layer, x = GraphAttention(5, 3, 2).double(), torch.randn(4, N, 5, dtype=torch.float64)
    weight = torch.rand(edges.shape[1] + N, dtype=torch.float64)
    weight[-N:] = 1
    weight[0] = 0
    out, share = layer(x, weight, SharedEdges(edges, N))
    fewer, _ = layer(x, weight[1:], SharedEdges(edges[:, 1:], N))
    torch.testing.assert_close(out, fewer, rtol=0, atol=1e-12)
    assert not share[:, 0].any()
    one = GraphAttention(5, 3, 1).double()
    (_, plain), (_, share) = (one(x, w, SharedEdges(edges, N)) for w in (torch.ones_like(weight), weight))
    target = torch.from_numpy(np.concatenate([edges[1], np.arange(N)]))
    below = torch.zeros(4, N, dtype=torch.float64).index_add(1, target, plain * weight)
    torch.testing.assert_close(share, plain * weight / below[:, target], rtol=0, atol=1e-12)


def test_as_many_parameters_as_the_docstring_counts():
    nodes = build(read_option("nodes", "landmarks")).node_set()
    edges = build(read_option("edges", "anatomical")).edge_index(nodes)
    made = LrGacn(Sizes(3, {"graph": (3, 68, 2 + 242)}, nodes.names, edges))
    counts = [[sum(value.numel() for value in layer.parameters()) for layer in part.layers] for part in made.relations]
    assert counts == [[320, 4_288], [15_680, 4_288]]
    assert sum(value.numel() for value in made.parameters()) == 24_963


@pytest.mark.parametrize(("reach", "moments"), [(None, [0, 1, 2]), (1, [0, 1])])
def test_a_landmark_reaches_its_neighbours_in_its_frame_and_itself_in_others(x, weight, reach, moments):
    """One layer of attention: a change of landmark 2 at onset, on the path 0 - 1 - 2 - 3 - ..."""
    made = model(layers=1, readout="flatten", reach=reach)
    made.classifier = torch.nn.Identity()
    other = x.clone()
    other[:, 0, 2] += 1
    change = (made({"graph": other}, weight) - made({"graph": x}, weight)).view(4, 2, T, N, 6).abs().sum((0, 1, 4))
    assert {(t, i) for t in range(T) for i in range(N) if change[t, i] > 0} == {
        (0, 1),
        (0, 3),
        *((t, 2) for t in moments),
    }


def test_the_streams_see_their_own_features(x, weight):
    made = model(split=2)
    made.classifier = torch.nn.Identity()
    before = made({"graph": x}, weight)
    for features, half in ((slice(0, 2), slice(0, 6)), (slice(2, 6), slice(6, 12))):
        other = x.clone()
        other[..., features] += 1
        changed = (made({"graph": other}, weight) - before).abs().sum(0) > 0
        assert changed[half].all()
        assert changed.sum() == 6


def test_renaming_nodes_changes_nothing(x, weight):
    order = np.random.default_rng(1).permutation(N)  # new node i is old node order[i]
    place, shuffle = np.argsort(order), np.random.default_rng(2).permutation(PATH.shape[1])
    made, renamed = model(), model(place[PATH][:, shuffle])
    renamed.load_state_dict(made.state_dict())
    torch.testing.assert_close(
        renamed({"graph": x[:, :, order]}, weight[shuffle]), made({"graph": x}, weight), rtol=0, atol=1e-12
    )
    assert not torch.allclose(made({"graph": x}, weight.flip(0)), made({"graph": x}, weight))


def test_attention_is_seen_per_edge(x, weight):
    made, seen = model(layers=1), []
    for stream in made.relations:
        stream.probes[0].register_forward_hook(lambda probe, _, values: seen.append((probe.over, values)))
    made({"graph": x}, weight)
    assert [over for over, _ in seen] == ["edges", "edges"]
    layer = made.relations[0].layers[0]
    alone = torch.cat([made.over_time.weight(weight), weight.new_ones(T * N)])
    _, share = layer(x[..., :2].flatten(1, 2), alone, made.graph)
    source, target = made.over_time.edge_index
    for edge, (a, b) in enumerate(PATH.T.tolist()):
        same = (source % N == a) & (target % N == b)
        assert same.sum() == T
        torch.testing.assert_close(seen[0][1][:, edge], share[:, : len(same)][:, same].mean(1))


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_absent_clips_and_absent_edges_are_finite_with_gradients(frames):
    for edges in (PATH, np.zeros((2, 0), np.int64)):
        made = model(edges, frames).train()
        logits = made({"graph": torch.zeros(3, frames, N, 6, dtype=torch.float64)}, torch.zeros(edges.shape[1]))
        logits.sum().backward()
        assert torch.isfinite(logits).all()
        assert all(torch.isfinite(value.grad).all() for value in made.parameters())


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"heads": 0}, "heads"),
        ({"readout": "max"}, "Valid: flatten, mean"),
        ({"reach": 0}, "reach"),
        ({"split": 6}, "split 6 leaves nothing"),
        ({"split": 0}, "split"),
        ({"dropout": 1.0}, "dropout"),
    ],
)
def test_nonsense_is_refused(values, word):
    with pytest.raises(InputError, match=word):
        model(**values)
