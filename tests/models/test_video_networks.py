"""The networks over videos and action units: parameters by layer, other libraries' layers, what the contracts miss."""

from itertools import permutations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch_geometric.nn import GATConv, GraphConv, SAGPooling
from torchvision.models.video.resnet import BasicBlock, Conv3DSimple, VideoResNet

from mmer.models.au_flow import AuFlow
from mmer.models.au_gacn import AuGacn
from mmer.models.dense_attention import DenseGat, DenseSagPool, adjacency_matrix
from mmer.models.mer_gcn import MerGcn
from mmer.models.p3d import Bottleneck, P3d
from mmer.models.residual3d import Residual3d
from mmer.models.unit_detection import unit_columns, unit_loss
from mmer.types.errors import InputError
from mmer.types.samples import Sizes
from mmer.types.targets import FACS

UNITS = tuple(f"AU{unit:02d}" for unit in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17))
LANDMARKS = tuple(f"lm{i}" for i in (*range(17, 27), *range(48, 68)))
NODES = 4
EDGES = np.array(list(permutations(range(NODES), 2))).T.copy()
SMALL = {"frames": 4, "size": 16, "width": 4}


def sizes(names=UNITS[:NODES], frames=4, size=16, features=3, moments=1, edges=EDGES):
    return Sizes(3, {"video": (1, frames, size, size), "graph": (moments, len(names), features)}, names, edges)


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def clips(of, n=3, seed=0):
    return {name: noise(n, *shape, seed=seed + place) for place, (name, shape) in enumerate(of.streams.items())}


def weights(seed=0):
    return torch.rand(EDGES.shape[1], generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def parameters(model):
    return sum(value.numel() for value in model.parameters())


def norm(channels):
    return 2 * channels


def p3d_63():
    """Layer by layer, from the published program, grey."""
    total, channels, number = 64 * 49 + norm(64), 64, 0
    for stage, blocks in enumerate((3, 4, 6, 3)):
        inner = 64 * 2**stage
        for block in range(blocks):
            total += channels * inner + norm(inner) + 9 * inner**2 + norm(inner)
            total += 3 * inner**2 + norm(inner) if stage < 3 else 0
            total += inner * 4 * inner + norm(4 * inner)
            total += channels * 4 * inner + norm(4 * inner) if block == 0 else 0
            channels, number = 4 * inner, number + 1
    return total


def resnet_18():
    total, channels = 64 * 343 + norm(64), 64
    for stage in range(4):
        width = 64 * 2**stage
        total += 27 * (channels * width + 3 * width**2) + 4 * norm(width)
        total += channels * width + norm(width) if stage else 0
        channels = width
    return total


def encoder(width, inner, tokens_inner=128):
    return 4 * width * tokens_inner + width * inner + inner + inner * width + width + 2 * norm(width)


def test_parameters_are_those_of_the_tables():
    twelve = np.array(list(permutations(range(12), 2))).T.copy()
    mer_gcn = resnet_18() + 513 * 12 * 64 + 2 * 64 * 64 + 65 * 3
    assert parameters(MerGcn(sizes(UNITS, 16, 112, edges=twelve))) == mer_gcn == 33_562_371
    au_gacn = p3d_63() + 2049 * 12 * 64 + 12 * 65 + 2 * (64 * 64 + 3 * 64) + 129 + (2 * 64 + 2048 + 1) * 3
    assert parameters(AuGacn(sizes(UNITS, 16, 160, edges=twelve))) == au_gacn == 26_509_008
    au_flow = p3d_63() + 2049 * 9 + 6 * encoder(9, 40) + 40 + 40 * 80 + 80 * 160
    au_flow += 30 * (2 * 9 + 1) + norm(30) + 30 * (9 * 9 + 1) + norm(30) + 12 * encoder(49, 128)
    au_flow += 491 * 320 + 321 * 160 + 981 * 320 + 321 * 160 + norm(9) + 10 * 3
    model = AuFlow(sizes(LANDMARKS, 16, 144, 98, 9))
    assert parameters(model) == au_flow == 26_019_337
    assert parameters(model.backbone) == 24_919_360


def test_residual_network_is_torchvisions_with_the_papers_stem():
    def stem():
        layers = nn.Conv3d(1, 64, 7, (1, 2, 2), 3, bias=False), nn.BatchNorm3d(64), nn.ReLU(), nn.MaxPool3d(3, 2, 1)
        return nn.Sequential(*layers)

    ours = Residual3d("invented", blocks=1).eval()
    theirs = VideoResNet(BasicBlock, [Conv3DSimple] * 4, [1] * 4, stem).eval()
    theirs.fc = nn.Identity()
    theirs.load_state_dict({name.removeprefix("stages."): value for name, value in ours.state_dict().items()})
    video = noise(2, 1, 4, 16, 16).float()
    with torch.no_grad():
        torch.testing.assert_close(ours(video), theirs(video), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("variant", ["A", "B", "C", "2D"])
def test_variants_of_the_pseudo_3d_block(variant):
    block = Bottleneck(6, 3, 2, variant).double().eval()
    x = noise(2, 6, 5, 8) if variant == "2D" else noise(2, 6, 4, 5, 8)
    inner = block.reduce(x).relu()
    space = block.space(inner).relu()
    seen = {
        "A": lambda: block.time(space).relu(),
        "B": lambda: space + block.time(inner).relu(),
        "C": lambda: space + block.time(space).relu(),
        "2D": lambda: space,
    }[variant]()
    expected = (block.expand(seen) + block.skip(x)).relu()
    torch.testing.assert_close(block(x), expected, rtol=0, atol=0)
    assert expected.shape == ((2, 12, 3, 4) if variant == "2D" else (2, 12, 4, 3, 4))


def test_p3d_cycles_its_variants_and_ends_without_time():
    model = P3d("invented", 2)
    variants = [block.variant for stage in model.stages for block in stage]
    assert variants == [*"ABCABCABCABCA", *["2D"] * 3]
    shapes = []
    for stage in model.stages:
        stage.register_forward_hook(lambda _, given, found: shapes.append(tuple(found.shape[2:])))
    model.eval()(torch.zeros(1, 1, 16, 160, 160))
    assert shapes == [(8, 40, 40), (4, 20, 20), (2, 10, 10), (5, 5)]
    assert P3d("invented", 2, (1, 1)).eval()(torch.zeros(1, 1, 2, 8, 8)).shape == (1, 16)


def test_attention_is_torch_geometrics_on_edges_of_weight_one():
    ours = DenseGat(5, 3, 2).double()
    theirs = GATConv(5, 3, 2).double()
    nn.init.normal_(ours.bias)
    values = {"lin.weight": ours.map.weight, "att_src": ours.source[None], "att_dst": ours.target[None]}
    theirs.load_state_dict({name: value.data for name, value in values.items()} | {"bias": ours.bias.data})
    edges = torch.tensor([[0, 1, 2, 3, 0], [1, 2, 0, 0, 2]])
    x, adjacency = noise(3, NODES, 5), adjacency_matrix(edges, torch.ones(5).double(), NODES)
    expected = torch.stack([theirs(clip, edges) for clip in x])
    torch.testing.assert_close(ours(x, adjacency), expected, rtol=0, atol=1e-12)


def test_weight_of_an_edge_multiplies_its_share():
    layer, x = DenseGat(5, 3, 1).double(), noise(2, NODES, 5)
    shares = []
    layer.attention.register_forward_hook(lambda _, given, found: shares.append(found))
    one = torch.ones(NODES, NODES, dtype=torch.float64)
    double = one.clone()
    double[1, 3] = 2
    layer(x, one), layer(x, double)
    expected = shares[0] * double
    torch.testing.assert_close(shares[1], expected / expected.sum(2, keepdim=True), rtol=0, atol=1e-12)


def test_pooling_is_torch_geometrics():
    ours = DenseSagPool(5, 6, 0.5).double()
    theirs = SAGPooling(5, 0.5, GNN=GraphConv).double()
    theirs.gnn.load_state_dict(ours.score.state_dict())
    nn.init.ones_(theirs.select.weight)  # only its sign counts, and here it is not learned
    edges = torch.tensor([[0, 1, 2, 3, 0, 5], [1, 2, 0, 0, 2, 4]])
    x, adjacency = noise(4, 6, 5), adjacency_matrix(edges, torch.ones(6).double(), 6)
    found = ours(x, adjacency)
    for clip, kept in zip(x, found, strict=True):
        torch.testing.assert_close(theirs(clip, edges)[0], kept, rtol=0, atol=1e-12)


def test_adjacency_of_mer_gcn_is_that_of_ml_gcn():
    model = MerGcn(sizes(), **SMALL, stages=1, blocks=1, hidden=5, unit_width=6).double().eval()
    given = adjacency_matrix(torch.from_numpy(EDGES), weights(), NODES).T + torch.eye(NODES)  # row: source
    scale = torch.diag(given.sum(1).rsqrt())
    adjacency = (given @ scale).T @ scale
    seen = {}
    model.units.register_forward_hook(lambda _, given, found: seen.update(nodes=found))
    logits = model(clips(sizes()), weights())
    x = seen["nodes"]
    for layer in model.convolutions:
        x = F.leaky_relu(adjacency @ layer.lin(x), 0.2)
    torch.testing.assert_close(logits, model.classifier(x.mean(1)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", [MerGcn, AuGacn])
def test_renaming_units_with_all_that_belongs_to_them_changes_nothing(kind):
    own = {"stages": 1, "blocks": 1} if kind is MerGcn else {"stages": (1, 1)}
    own |= {"unit_width": 6, "unit_weight": 1.0, "node_features": True}
    order = [2, 0, 3, 1]  # new node i is old node order[i]
    place = np.argsort(order)
    names = tuple(UNITS[old] for old in order)
    model = kind(sizes(), **SMALL, **own).double().eval()
    renamed = kind(sizes(names, edges=place[EDGES]), **SMALL, **own).double().eval()
    state = model.state_dict()
    for part in ("units.layers.weight", "units.layers.bias"):
        state[part] = state[part].unflatten(0, (NODES, 6))[order].flatten(0, 1)
    for part in ("unit_head.weight", "unit_head.bias"):
        state[part] = state[part][order]
    renamed.load_state_dict(state)
    batch = clips(sizes())
    other = batch | {"graph": batch["graph"][:, :, order]}
    torch.testing.assert_close(renamed(other, weights()), model(batch, weights()), rtol=0, atol=1e-12)
    assert renamed.unit_names == names
    assert not torch.allclose(model(other, weights()), model(batch, weights()))
    assert not torch.allclose(model(batch, 0 * weights()), model(batch, weights()))


def flow_model(moments=3, **values):
    of = sizes((*LANDMARKS[:3], *LANDMARKS[-4:]), features=2 * 9, moments=moments, edges=np.zeros((2, 0), np.int64))
    small = {"stages": (1, 1), "patch": 3, "layers": 1, "unit_layers": 1, "hidden": 8, "features": 6}
    return AuFlow(of, **SMALL, **small, **values).double().eval(), clips(of)


def test_adjacency_of_au_flow_is_the_clips_own_and_units_are_in_the_parts_of_the_face():
    model, batch = flow_model(action_units=("AU12", "AU04", "AU25"), eyebrow_units=("AU04",))
    assert model.unit_names == ("AU04", "AU12", "AU25")
    seen = []
    model.adjacency.seen.register_forward_hook(lambda _, given, found: seen.append(found))
    model.answers.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    model(batch, torch.zeros(0))
    moved = batch | {"graph": batch["graph"].clone()}
    moved["graph"][:, :, 3:] += 1  # the mouth
    model(moved, torch.zeros(0))
    adjacency, answers, same, others = seen
    assert not torch.allclose(adjacency[0], adjacency[1])
    assert torch.equal(adjacency, same)
    change = (answers - others).abs().amax(0)
    assert change[0] == 0
    assert (change[1:] > 0).all()


def test_maps_of_all_moments_share_a_convolution_or_not():
    assert len(flow_model()[0].maps) == 1
    model, batch = flow_model(shared_maps=False)
    assert len(model.maps) == 3
    assert model(batch, torch.zeros(0)).shape == (3, 3)


@pytest.mark.parametrize("kind", [MerGcn, AuGacn])
def test_without_the_onset_a_face_is_not_seen(kind):
    own = {"stages": 1, "blocks": 1} if kind is MerGcn else {"stages": (1, 1)}
    model = kind(sizes(), **SMALL, **own, onset_off=True).double().eval()
    batch = clips(sizes())
    other = batch | {"video": batch["video"] + noise(3, 1, 1, 16, 16, seed=9)}
    torch.testing.assert_close(model(other, weights()), model(batch, weights()), rtol=0, atol=1e-12)
    nothing = {name: torch.zeros_like(values) for name, values in batch.items()}
    assert torch.isfinite(model.train()(nothing, weights())).all()


def test_loss_of_units_is_the_mean_over_annotated_pairs():
    units = torch.full((4, len(FACS)), torch.nan)
    units[0, [3, 11]] = torch.tensor([1.0, 0.0])
    units[1, 3] = 0.0
    units[3, [3, 11]] = 1.0
    logits = noise(4, 3).requires_grad_()
    columns = unit_columns(("AU04", "AU12", "AU98x"), FACS)
    assert columns == (3, 11, -1)
    loss = unit_loss(logits, units, columns, torch.tensor([1.0, 1.0, 1.0, 0.0]))
    expected = -(F.logsigmoid(logits[0, 0]) + F.logsigmoid(-logits[0, 1]) + F.logsigmoid(-logits[1, 0])) / 3
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert torch.equal(logits.grad != 0, torch.tensor([[1, 1, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0]]).bool())


@pytest.mark.parametrize("columns", [(3, 11), (-1, -1)])
def test_loss_of_units_is_nothing_where_nothing_is_annotated(columns):
    logits = noise(4, 2).requires_grad_()
    loss = unit_loss(logits, torch.full((4, len(FACS)), torch.nan), columns, torch.ones(4))
    loss.backward()
    assert loss == 0
    assert torch.equal(logits.grad, torch.zeros_like(logits))


BAD_NODES = sizes(("AU01", "lm17", "AU04", "AU05"))


@pytest.mark.parametrize(
    ("kind", "of", "values", "word"),
    [
        (MerGcn, BAD_NODES, {}, "lm17"),
        (AuGacn, BAD_NODES, {}, "nodes: action_units"),
        (MerGcn, sizes(frames=5), {}, "frames"),
        (MerGcn, sizes(), {"frames": 1}, "frames"),
        (MerGcn, sizes(), {"stages": 0}, "stages"),
        (MerGcn, sizes(), {"self_loop": 0}, "self_loop"),
        (MerGcn, sizes(), {"readout": "max"}, "Valid: flatten, mean"),
        (MerGcn, sizes(), {"unit_weight": -1.0}, "unit_weight"),
        (AuGacn, sizes(), {"stages": (3,)}, "stages"),
        (AuGacn, sizes(), {"kept": 1.5}, "kept"),
        (AuGacn, sizes(), {"onset_off": 1}, "onset_off"),
        (AuFlow, sizes(), {"patch": 1}, "nodes: eyebrow_mouth"),
        (AuFlow, sizes(LANDMARKS[:4]), {"patch": 1}, "lm48-67"),
        (AuFlow, sizes(LANDMARKS), {}, "3 features"),
        (AuFlow, sizes(LANDMARKS), {"action_units": ("AU01", "AU02")}, "eyebrow_units"),
        (AuFlow, sizes(LANDMARKS), {"action_units": ("AU1",)}, "AU1"),
    ],
)
def test_nonsense_is_refused(kind, of, values, word):
    with pytest.raises(InputError, match=word):
        kind(of, **(SMALL | values))
