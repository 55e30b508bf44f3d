"""Fusions against their formulas, and against layers of other libraries."""

from functools import partial

import numpy as np
import pytest
import torch
from fused_inputs import CLASSES, FUSIONS, NODES, SIZES, Encoder, clips, edge_weights, fused, fusion_node, seeded
from torch import nn
from torch_geometric.nn import DenseGATConv

from mmer.models.dense_attention import DenseGat
from mmer.models.dropout import seed_dropout, set_step
from mmer.models.fused import Fused
from mmer.models.fusion.branch import Branch
from mmer.models.fusion.concatenation import Concatenation
from mmer.models.fusion.cross_attention import CrossLayer
from mmer.models.fusion.gated import Gated
from mmer.models.fusion.graph_fusion import GraphFusion
from mmer.models.fusion.late import Late
from mmer.models.fusion.low_rank import LowRank
from mmer.models.gcn import Gcn
from mmer.models.mer_gcn import MerGcn
from mmer.models.rcn_a import RcnA
from mmer.models.ststnet import Ststnet
from mmer.models.svm_linear import SvmLinear
from mmer.stages.build import build
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

WIDTHS = {"face": 6, "eeg": 4}


def inputs(n=5, widths=WIDTHS):
    generator = torch.Generator().manual_seed(3)
    features = {name: torch.randn(n, width, generator=generator, dtype=torch.float64) for name, width in widths.items()}
    return features, {name: torch.ones(n, dtype=torch.float64) for name in widths}


def made(kind, widths=WIDTHS, **keys):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return kind(SIZES, widths, **keys).double().eval()


def test_a_gate_of_two_streams_is_the_published_one():
    model, (features, there) = made(Gated, width=3), inputs()
    h, e = (torch.tanh(model.maps[name](x)) for name, x in features.items())
    g = torch.sigmoid(model.gate(torch.cat([h, e], 1)))
    expected = model.classifier(g * h + (1 - g) * e)
    torch.testing.assert_close(model(features, there, {}, None), expected)


def test_low_rank_is_a_map_of_the_outer_product():
    widths = {"face": 3, "eeg": 2, "ecg": 4}
    model, (features, there) = made(LowRank, widths, rank=2, width=5), inputs(widths=widths)
    a, b, c = (torch.cat([x, torch.ones(len(x), 1)], 1) for x in features.values())
    whole = torch.einsum("bi,bj,bk->bijk", a, b, c)  # tensor fusion
    factors = [model.factors[name] for name in widths]
    weight = torch.einsum("r,riw,rjw,rkw->ijkw", model.combine, *factors)
    expected = model.classifier(torch.einsum("bijk,ijkw->bw", whole, weight) + model.bias)
    torch.testing.assert_close(model(features, there, {}, None), expected)


def test_cross_attention_is_that_of_torch():
    layer = CrossLayer(8, 2, 16, 0.0).double()
    other = nn.MultiheadAttention(8, 2, batch_first=True).double()
    with torch.no_grad():
        other.in_proj_weight.copy_(torch.cat([layer.queries.weight, layer.keys.weight, layer.values.weight]))
        other.in_proj_bias.copy_(torch.cat([layer.queries.bias, torch.zeros(8), layer.values.bias]))
        other.out_proj.weight.copy_(layer.merge.weight)
        other.out_proj.bias.copy_(layer.merge.bias)
    x, others = torch.randn(3, 4, 8).double(), torch.randn(3, 6, 8).double()
    torch.testing.assert_close(layer.attend(x, others), other(x, others, others)[0])


def test_graph_attention_with_missing_nodes_is_that_of_torch_geometric():
    """Where all weights are 1; torch_geometric gives every node a loop too."""
    ours, theirs = DenseGat(5, 3, 2).double(), DenseGATConv(5, 3, heads=2).double()
    with torch.no_grad():
        theirs.lin.weight.copy_(ours.map.weight)
        theirs.att_src[0, 0], theirs.att_dst[0, 0] = ours.source, ours.target
        ours.bias.normal_(), theirs.bias.copy_(ours.bias)
    x = torch.randn(4, 6, 5).double()
    present = (torch.rand(4, 6) > 0.4).double()
    adjacency = (torch.rand(6, 6) > 0.5).double() * present[:, :, None] * present[:, None]
    torch.testing.assert_close(ours(x, adjacency) * present[..., None], theirs(x, adjacency, mask=present > 0))


def test_every_stream_is_joined_to_every_node_and_the_face_keeps_its_edges():
    model = GraphFusion(SIZES, WIDTHS)
    weight = torch.arange(1.0, 1 + SIZES.edge_index.shape[1])
    found = model._adjacency(weight, NODES + 2)
    source, target = torch.from_numpy(SIZES.edge_index)
    assert torch.equal(found[target, source], weight)
    assert (found[:NODES, :NODES] > 0).sum() == len(weight)
    assert (found[NODES:] == 1).all()
    assert (found[:, NODES:] == 1).all()


@pytest.mark.parametrize("over", ["logits", "probabilities"])
def test_late_fusion_is_the_mean_of_those_that_are_there(over):
    model, (features, there) = made(Late, over=over), inputs()
    there["eeg"][2:] = 0
    there["face"][4:] = 0
    face, eeg = (model.classifier.heads[name](x) for name, x in features.items())
    logits = model(features, there, {}, None)
    if over == "probabilities":
        face, eeg, logits = face.softmax(1), eeg.softmax(1), logits.exp()
    torch.testing.assert_close(logits[:2], (face + eeg)[:2] / 2)
    torch.testing.assert_close(logits[2:4], face[2:4])
    assert torch.equal(model(features, there, {}, None)[4], model.classifier.nothing)


def test_late_fusion_weighs_by_entropy_or_as_learned():
    model, (features, there) = made(Late, weights="entropy", over="probabilities"), inputs()
    face, eeg = (model.classifier.heads[name](x).softmax(1) for name, x in features.items())
    sure = [1 - torch.special.entr(p).sum(1, keepdim=True) / np.log(CLASSES) for p in (face, eeg)]
    expected = (sure[0] * face + sure[1] * eeg) / (sure[0] + sure[1])
    torch.testing.assert_close(model(features, there, {}, None).exp(), expected)
    learned = made(Late, weights="learned")
    learned.classifier.score.data = torch.tensor([2.0, 0.0]).double()
    face, eeg = (learned.classifier.heads[name](x) for name, x in features.items())
    share = 1 / (1 + np.exp(-2))
    torch.testing.assert_close(learned(features, there, {}, None), share * face + (1 - share) * eeg)


def test_concatenation_without_a_layer_is_one_classifier():
    model, (features, there) = made(Concatenation, hidden=0), inputs()
    expected = model.classifier(torch.cat([*features.values()], 1))
    torch.testing.assert_close(model(features, there, {}, None), expected)


def test_modality_dropout_takes_its_share_and_never_everything():
    model = fused("late", modality_dropout=0.4)
    seed_dropout(model, 0)
    batch = clips(3000, absent=False)
    there = torch.stack([*model.train()._there(batch).values()], 1)
    assert there.amax(1).min() == 1
    dropped = 1 - there.mean(0)
    # 0.4, less what a clip gets back that would have lost all three
    torch.testing.assert_close(dropped, torch.full((3,), 0.4 - 0.4**3).double(), rtol=0, atol=0.03)
    set_step(model, 1)
    assert not torch.equal(torch.stack([*model._there(batch).values()], 1), there)
    assert torch.stack([*model.eval()._there(batch).values()]).min() == 1


def test_the_table_of_parameters_is_right():
    edges = np.array([[a, b] for a in range(12) for b in range(12) if a != b]).T.copy()
    big = Sizes(3, {"graph": (1, 12, 3)}, tuple(f"n{place}" for place in range(12)), edges)
    widths = {"face": 384, "eeg": 32, "heart": 32}
    rows = [line.split() for line in Fused.__doc__.splitlines()]
    said = {row[0]: int(row[-1]) for row in rows if row and row[0] in FUSIONS}
    assert sorted(said) == FUSIONS
    for name, parameters in said.items():
        model = build(fusion_node(name), big, widths)
        assert sum(value.numel() for value in model.parameters()) == parameters, name


def face_of(kind, streams, **keys):
    names = ("AU01", "AU02", "AU04", "AU10", "AU12")
    edges = SIZES.edge_index
    return Branch("face", kind(Sizes(CLASSES, streams, names, edges), **keys), Sizes(CLASSES, streams, names, edges))


@pytest.mark.parametrize(
    ("kind", "streams", "keys", "width"),
    [
        (Gcn, {"graph": (2, 5, 2)}, {"hidden": 4}, 20),
        (Ststnet, {"flow": (3, 28, 28)}, {}, 400),
        (RcnA, {"flow": (3, 28, 28)}, {"size": 28, "width": 8, "pool": 3}, 72),  # its attention reads the classifier
    ],
)
def test_a_branch_is_a_model_without_its_classifier(kind, streams, keys, width):
    branch = face_of(kind, streams, **keys).eval()
    assert branch.width == width
    batch = {name: torch.randn(3, *shape) for name, shape in streams.items()}
    features = branch(batch, torch.ones(SIZES.edge_index.shape[1]), torch.ones(3))
    assert features.shape == (3, width)
    assert not [name for name, _ in branch.named_parameters() if "classifier.bias" in name]


def test_units_of_absent_faces_teach_nothing():
    """A network that detects action units beside the class still does as a branch."""
    streams = {"graph": (1, 5, 2), "video": (1, 4, 18, 18), "eeg": (4, 5)}
    names = ("AU01", "AU02", "AU04", "AU10", "AU12")
    sizes = Sizes(CLASSES, streams, names, SIZES.edge_index, SIZES.signals)
    face = partial(MerGcn, frames=4, size=18, hidden=8, unit_weight=0.5)
    model = Fused(sizes, {"face": face, "eeg": partial(Encoder, "eeg")}, Late).train()
    assert (model.unit_weight, model.unit_names) == (0.5, names)
    batch = {name: torch.randn(4, *shape) for name, shape in streams.items()}
    batch |= {f"present.{name}": torch.tensor([1.0, 1, 0, 0]) for name in ("graph", "video") if name in model.streams}
    units = []
    model.unit_head.register_forward_hook(lambda _, given, found: units.append(found))
    model(batch | {"present.eeg": torch.ones(4)}, torch.ones(SIZES.edge_index.shape[1]))
    assert not units[0][2:].any()
    assert units[0][:2].all()


def test_models_that_cannot_be_branches_are_refused():
    with pytest.raises(InputError, match="no last layer"):
        Fused(SIZES, {"face": lambda sizes: SvmLinear.__new__(SvmLinear)}, Late)
    with pytest.raises(InputError, match=r"graph.*two models"):
        Fused(SIZES, {"face": Gcn, "pose": Gcn}, Late)
    with pytest.raises(InputError, match="at least 2 streams"):
        seeded("gated", streams=("eeg",))


def test_the_face_lends_its_graph_to_the_fusion():
    model = seeded("graph_fusion", streams=("face", "eeg")).eval()
    batch = clips(4, absent=False)
    first = model(batch, edge_weights())
    batch["graph"] = batch["graph"] + 1
    assert not torch.equal(first, model(batch, edge_weights()))
    assert seeded("graph_fusion", streams=("eeg", "ecg")).streams == ("eeg", "ecg")
