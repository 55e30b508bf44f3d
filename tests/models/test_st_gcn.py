"""StGcn and its partition strategies."""

import numpy as np
import pytest
import torch
from torch import nn
from torch_geometric.nn import SAGEConv

from mmer.models.partition import centre_distance, hops, partition
from mmer.models.probe import Probe
from mmer.models.st_gcn import StGcn, Unit
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

# 0 - 1 - 2 - 3 - 4 in a line, and 2 - 5, 3 - 5; every edge in both directions
PAIRS = [(0, 1), (1, 2), (2, 3), (3, 4), (2, 5), (3, 5)]
EDGES = np.array(sorted(edge for a, b in PAIRS for edge in ((a, b), (b, a)))).T.copy()
N, E = 6, 12
NAMES = tuple(f"n{i}" for i in range(N))


def sizes(frames=4, features=2, nodes=N, edges=EDGES, classes=3, names=None):
    names = names or tuple(f"n{i}" for i in range(nodes))
    return Sizes(classes, {"graph": (frames, nodes, features)}, names, edges)


def parts(strategy, centre="middle", as_coded=False):
    found = partition(strategy, EDGES, NAMES, centre, as_coded)
    return {(int(a), int(b)): int(p) for (a, b), p in zip(EDGES.T, found, strict=False)}, found[E:].tolist()


def test_hops():
    expected = [[0, 1, 2, 3, 4, 3], [1, 0, 1, 2, 3, 2], [2, 1, 0, 1, 2, 1]]
    np.testing.assert_array_equal(hops(EDGES, N)[:3], expected)
    assert np.isinf(hops(np.array([[0], [1]]), 3)[0, 2])


def test_uniform_and_distance():
    uniform, loops = parts("uniform")
    assert set(uniform.values()) == {0}
    assert loops == [0] * N
    distance, loops = parts("distance")
    assert set(distance.values()) == {1}
    assert loops == [0] * N


def test_spatial_by_hand():
    """Node 2 is in the middle; 3 and 5 are one hop from it and joined to each other."""
    found, loops = parts("spatial")
    assert loops == [0] * N
    assert found[3, 5] == found[5, 3] == 0  # as far from the middle
    assert found[2, 3] == found[1, 0] == found[3, 4] == 1  # the source is nearer
    assert found[3, 2] == found[0, 1] == found[4, 3] == 2
    other, _ = parts("spatial", centre="n0")
    assert other[0, 1] == other[2, 3] == 1
    assert other[3, 2] == 2


def test_spatial_as_coded():
    """Beyond one hop all are equally far, and what is equally far goes with the farther sources."""
    found, _ = parts("spatial", as_coded=True)
    assert found[2, 3] == 2
    assert found[3, 2] == found[3, 5] == 1
    assert found[1, 0] == 2  # 0 is two hops away, which is farther than 1
    far, _ = parts("spatial", centre="n0", as_coded=True)
    assert far[2, 3] == far[3, 2] == far[3, 4] == 1


def test_centre_of_gravity_treats_both_sides_of_the_face_alike():
    names = tuple(f"lm{i}" for i in (48, 51, 54, 57))
    distance = centre_distance(names, np.zeros((2, 0), np.int64), "face")
    assert distance[0] == distance[2] > distance[1]
    with pytest.raises(InputError, match=r"centre 'face' needs landmarks"):
        centre_distance(("AU01",), np.zeros((2, 0), np.int64), "face")
    with pytest.raises(InputError, match="Valid: face"):
        centre_distance(names, np.zeros((2, 0), np.int64), "nose")


def test_several_nodes_in_the_middle_are_one_middle():
    """Of six nodes in a line the third and the fourth: which comes first must not count."""
    edges = np.array(sorted(edge for a in range(5) for edge in ((a, a + 1), (a + 1, a)))).T
    np.testing.assert_array_equal(centre_distance(NAMES, edges, "middle"), [2, 1, 0, 0, 1, 2])


def test_parameters_are_those_of_the_docstring():
    ring = np.array([[i % 68, (i + 1 + i // 68) % 68] for i in range(368)]).T.copy()
    assert sum(value.numel() for value in StGcn(sizes(16, 4, 68, ring)).parameters()) == 3020279


def test_with_the_units_of_the_program_it_has_the_published_parameters():
    """Ten units, 25 joints, 60 classes, and importance of every pair of nodes in each of three parts."""
    channels = (64,) * 4 + (128,) * 3 + (256,) * 3
    model = StGcn(sizes(4, 3, 25, EDGES, 60), channels=channels)
    without = sum(v.numel() for name, v in model.named_parameters() if not name.startswith("importance"))
    assert without + 10 * 3 * 25 * 25 == 3098832


def test_uniform_graph_convolution_is_a_mean_over_neighbours():
    """As torch_geometric's SAGEConv with the node among its neighbours and nothing beside the mean."""
    unit = Unit(2, 5, 1, 3, 1, skip=False, dropout=0.0).double().eval()
    unit.graph_norm = unit.time_norm = nn.Identity()
    unit.time = nn.Identity()
    x = torch.randn(3, 2, 4, N, dtype=torch.float64)
    loops = np.concatenate([EDGES, np.tile(np.arange(N), (2, 1))], 1)
    layer = SAGEConv(2, 5, root_weight=False).double()
    layer.lin_l.weight.data, layer.lin_l.bias.data = unit.graph.weight.data[..., 0, 0], unit.graph.bias.data
    adjacency = torch.zeros(1, N, N, dtype=torch.float64)
    adjacency[0, loops[1], loops[0]] = 1
    adjacency /= adjacency.sum(2, keepdim=True)
    for clip in range(3):
        for moment in range(4):
            expected = layer(x[clip, :, moment].T, torch.from_numpy(loops)).relu().T
            torch.testing.assert_close(unit(x, adjacency)[clip, :, moment], expected, rtol=0, atol=1e-12)


def test_parts_add_up_to_the_whole_neighbourhood():
    """With the same weights for every part, all strategies are the same network."""
    x = torch.randn(2, 4, N, 2, dtype=torch.float64)
    weight = torch.rand(E, dtype=torch.float64)
    torch.manual_seed(0)
    uniform = StGcn(sizes(), channels=(4, 6), kernel=3, partition="uniform").double().eval()
    state = uniform.state_dict()
    for strategy, count in (("distance", 2), ("spatial", 3)):
        model = StGcn(sizes(), channels=(4, 6), kernel=3, partition=strategy).double().eval()
        repeated = {
            name: value.repeat(count, *[1] * (value.ndim - 1)) if ".graph." in name else value
            for name, value in state.items()
        }
        model.load_state_dict(repeated)
        torch.testing.assert_close(model({"graph": x}, weight), uniform({"graph": x}, weight), rtol=0, atol=1e-12)


def test_edges_reach_one_hop_a_unit_and_importance_can_close_them():
    model = StGcn(sizes(), channels=(4,), kernel=3).double().eval()
    seen = []
    model.units[0].register_forward_hook(lambda _, given, out: seen.append(out))
    x = torch.randn(1, 4, N, 2, dtype=torch.float64)
    other = x.clone()
    other[:, :, 4] += 5
    for values in (x, other):
        model({"graph": values}, torch.ones(E))
    change = (seen[1] - seen[0]).abs().sum((0, 1, 2))
    assert [i for i in range(N) if change[i] > 0] == [3, 4]
    model.importance[0].data[:E] = 0
    seen.clear()
    for values in (x, other):
        model({"graph": values}, torch.ones(E))
    change = (seen[1] - seen[0]).abs().sum((0, 1, 2))
    assert [i for i in range(N) if change[i] > 0] == [4]


def test_importance_can_be_read():
    model = StGcn(sizes(), channels=(4, 4), kernel=3).eval()
    model.importance[1].data[:E] = torch.arange(E)
    seen = {}
    for name, probe in model.named_modules():
        if isinstance(probe, Probe):
            probe.register_forward_hook(lambda _, given, out, name=name: seen.update({name: out}))
    model({"graph": torch.zeros(3, 4, N, 2)}, torch.ones(E))
    assert {name: tuple(value.shape) for name, value in seen.items()} == {"probes.0": (3, E), "probes.1": (3, E)}
    assert seen["probes.1"][2].tolist() == list(range(E))


def test_stride_halves_time_where_channels_grow():
    model = StGcn(sizes(7), channels=(4, 8, 8, 16), kernel=3)
    assert [unit.time.stride[0] for unit in model.units] == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"channels": ()}, "channels"),
        ({"channels": (4, 0)}, "channels of unit 2"),
        ({"kernel": 4}, "kernel must be odd"),
        ({"partition": "all"}, "Valid: distance, spatial"),
        ({"faithful_to": "us"}, "Valid: code, paper"),
        ({"centre": "nose"}, "Valid: face"),
    ],
)
def test_nonsense_is_refused(values, word):
    with pytest.raises(InputError, match=word):
        StGcn(sizes(), **values)
