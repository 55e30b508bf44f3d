"""Gcn."""

import copy

import numpy as np
import pytest
import torch
from torch.func import functional_call, stack_module_state, vmap
from torch_geometric.nn import GCNConv

from mmer.models.dropout import seed_dropout, set_step
from mmer.models.folded import dense_adjacency
from mmer.models.gcn import Gcn
from mmer.types.errors import InputError
from mmer.types.samples import Sizes

N = 7


def sizes(edge_index, frames=1, features=2):
    return Sizes(3, {"graph": (frames, N, features)}, tuple(f"n{i}" for i in range(N)), edge_index)


@pytest.fixture
def graph():
    """Directed edges with weights, so that a swap of source and target would be seen."""
    rng = np.random.default_rng(0)
    pairs = np.array([(a, b) for a in range(N) for b in range(N) if a != b])
    edge_index = pairs[rng.random(len(pairs)) < 0.4].T.copy()
    return edge_index, torch.from_numpy(rng.random(edge_index.shape[1]))


@pytest.fixture
def x():
    return torch.randn(4, 1, N, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_equals_sparse_gcn_layers(graph, x):
    edge_index, weight = graph
    model = Gcn(sizes(edge_index), hidden=5, layers=2, dropout=0.0).double().eval()
    h = x[:, 0]
    for dense in model.convolutions:
        sparse = GCNConv(dense.in_channels, dense.out_channels).double()
        sparse.lin.weight, sparse.bias = dense.lin.weight, dense.bias
        h = torch.relu(sparse(h, torch.from_numpy(edge_index), weight))
    torch.testing.assert_close(model({"graph": x}, weight), model.classifier(h.flatten(1)), rtol=0, atol=1e-12)


def test_mean_readout_is_the_mean_of_the_nodes(graph, x):
    edge_index, weight = graph
    mean, flat = (Gcn(sizes(edge_index), hidden=5, readout=readout).double().eval() for readout in ("mean", "flatten"))
    mean.convolutions.load_state_dict(flat.convolutions.state_dict())
    mean.classifier = flat.classifier = torch.nn.Identity()
    nodes = flat({"graph": x}, weight).view(4, N, 5)
    torch.testing.assert_close(mean({"graph": x}, weight), nodes.mean(1), rtol=0, atol=1e-12)


def test_renaming_nodes_changes_nothing_with_mean_readout(graph, x):
    edge_index, weight = graph
    order = np.random.default_rng(1).permutation(N)  # new node i is old node order[i]
    place = np.argsort(order)
    shuffle = np.random.default_rng(2).permutation(edge_index.shape[1])
    model = Gcn(sizes(edge_index), hidden=5, readout="mean").double().eval()
    renamed = Gcn(sizes(place[edge_index][:, shuffle]), hidden=5, readout="mean").double().eval()
    renamed.load_state_dict(model.state_dict())
    torch.testing.assert_close(
        renamed({"graph": x[:, :, order]}, weight[shuffle]), model({"graph": x}, weight), rtol=0, atol=1e-12
    )


def test_edges_matter(graph, x):
    edge_index, weight = graph
    model = Gcn(sizes(edge_index), hidden=5).double().eval()
    assert not torch.allclose(model({"graph": x}, weight), model({"graph": x}, 0 * weight))


def test_a_node_reaches_as_far_as_there_are_layers(x):
    """On a chain of nodes, two layers carry a change two nodes down the arrows and no further."""
    chain = np.array([range(N - 1), range(1, N)])
    model = Gcn(sizes(chain), hidden=16, layers=2).double().eval()
    model.classifier = torch.nn.Identity()
    other = x.clone()
    other[:, :, 2] += 5
    weight = torch.ones(N - 1)
    change = (model({"graph": other}, weight) - model({"graph": x}, weight)).view(4, N, 16).abs().sum((0, 2))
    assert [i for i in range(N) if change[i] > 0] == [2, 3, 4]


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"hidden": 0}, "hidden"),
        ({"layers": 1.5}, "layers"),
        ({"readout": "max"}, "Valid: flatten, mean"),
        ({"adjacency": "learnt"}, "did you mean 'learned'"),
        ({"dropout": 1.0}, "dropout"),
    ],
)
def test_nonsense_is_refused(graph, values, word):
    with pytest.raises(InputError, match=word):
        Gcn(sizes(graph[0]), **values)


# adjacency ------------------------------------------------------------------------------------------------------------


def test_what_is_learned_starts_as_what_is_given(graph, x):
    """The same draws make the same weights, and the change of the adjacency starts at zero."""
    edge_index, weight = graph
    models = []
    for adjacency in ("given", "learned"):
        torch.manual_seed(0)
        models.append(Gcn(sizes(edge_index), hidden=5, adjacency=adjacency).double().eval())
    given, learned = models
    torch.testing.assert_close(learned({"graph": x}, weight), given({"graph": x}, weight), rtol=0, atol=1e-12)
    learned({"graph": x}, weight).square().sum().backward()
    assert (learned.learned.change.grad != 0).all()


def test_adaptive_collects_by_each_clip_and_by_the_edges(graph, x):
    edge_index, weight = graph
    model = Gcn(sizes(edge_index), hidden=5, dropout=0.0, readout="mean", adjacency="adaptive").double().eval()
    h = x[:, 0]
    mixed = (dense_adjacency(model.place, weight, N) + model.adaptive(h)) / 2
    for layer in model.convolutions:
        h = torch.relu(mixed @ layer.lin(h) + layer.bias)
    torch.testing.assert_close(model({"graph": x}, weight), model.classifier(h.mean(1)), rtol=0, atol=1e-12)
    order = [3, 0, 6, 1, 5, 2, 4]
    place = torch.tensor(order).argsort().numpy()
    turned = Gcn(sizes(place[edge_index]), hidden=5, dropout=0.0, readout="mean", adjacency="adaptive").double().eval()
    turned.load_state_dict(model.state_dict())
    torch.testing.assert_close(
        turned({"graph": x[:, :, order]}, weight), model({"graph": x}, weight), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("adjacency", ["given", "learned", "adaptive"])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_folds_in_a_stack_are_folds_alone(graph, adjacency, training, dtype):
    """As the model takes them by itself, and lifted by vmap."""
    edge_index, _ = graph
    models, clips, weights = [], [], []
    for seed in range(3):
        generator = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)
        model = Gcn(sizes(edge_index, frames=2), hidden=5, adjacency=adjacency).to(dtype).train(training)
        for parameter in model.parameters():
            parameter.data += 0.1 * torch.randn_like(parameter)
        seed_dropout(model, seed)
        set_step(model, 4)
        models.append(model)
        clips.append(torch.randn(4, 2, N, 2, generator=generator).to(dtype))
        weights.append(torch.rand(edge_index.shape[1], generator=generator).to(dtype))
    state = stack_module_state(models)
    base = copy.deepcopy(models[0])

    def call(parameters, buffers, x, weight):
        return functional_call(base, (parameters, buffers), ({"graph": x}, weight))

    inputs = (*state, torch.stack(clips), torch.stack(weights))
    alone = torch.stack([model({"graph": x}, w) for model, x, w in zip(models, clips, weights, strict=True)])
    close = {"rtol": 0, "atol": 1e-12 if dtype == torch.float64 else 1e-5}
    torch.testing.assert_close(call(*inputs), alone, **close)
    torch.testing.assert_close(vmap(call)(*inputs), alone, **close)
