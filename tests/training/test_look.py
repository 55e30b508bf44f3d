"""What a fold's model saw of its test clips: known answers, and nothing changes because somebody looks."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from model_inputs import sizes, small_node
from torch import nn
from torch_geometric.nn import GATConv

from mmer.models.dense_attention import DenseGat, adjacency_matrix
from mmer.models.probe import Probe
from mmer.stages.build import build
from mmer.stages.fold_cache import FoldCache
from mmer.training import folds
from mmer.training.fit import Fitted, predict
from mmer.training.folds import fit_fold, run_folds, train_fold
from mmer.training.look import look
from mmer.training.scaler import Scaler
from mmer.types.samples import Samples
from mmer.types.saw import Saw

RUN = (0, 0, "fold")
CLIPS = 5


def of_kind(saw, kind, over="nodes"):
    return [view for view in saw.views if view.kind == kind and view.over == over]


def invented(shape, streams, clips=CLIPS, seed=0):
    """Return clips of the sizes of a model."""
    rng = np.random.default_rng(seed)
    return Samples(
        clip_ids=tuple(f"fake/s0/{row}" for row in range(clips)),
        streams={name: rng.normal(size=(clips, *shape.streams[name])).astype(np.float32) for name in streams},
        present={name: np.ones(clips, bool) for name in streams},
        node_names=shape.node_names,
        feature_names=tuple(f"f{i}" for i in range(shape.streams["graph"][2])),
        edge_index=shape.edge_index,
    )


def fitted_network(name):
    """Return a network with its first weights as if it were fitted, and clips for it."""
    shape = sizes(name, frames=2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = build(small_node(name), shape).eval()
        for parameter in model.parameters():  # what starts at zero would show nothing
            parameter.data += 0.05 * torch.randn_like(parameter)
    samples = invented(shape, model.streams)
    weight = np.random.default_rng(2).uniform(0.2, 1, shape.edge_index.shape[1]).astype(np.float32)
    return Fitted(model, Scaler.fit(samples, model.streams, "none"), weight, None, torch.device("cpu")), samples


def test_the_gradient_of_a_linear_model_are_its_weights(corpus, task):
    samples, targets, _, splits = corpus(frames=2)
    made = task(samples, targets, "logreg")
    fitted, test = fit_fold(made, splits[0]), samples.subset(splits[0].test)
    saw = look(fitted, test, RUN, 3)
    (matrix,) = (value.numpy() for value in fitted.model.state_dict().values() if value.ndim == 2)
    x = fitted.scaler.transform(test)["graph"]
    predicted = train_fold(made, splits[0]).probabilities.argmax(1)
    weights = matrix[predicted].reshape(x.shape)
    (gradient,), (product,) = of_kind(saw, "gradient"), of_kind(saw, "input x gradient")
    np.testing.assert_allclose(gradient.values, np.abs(weights).sum((1, 3)), rtol=1e-5)
    np.testing.assert_allclose(product.values, (x * weights).sum((1, 3)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(gradient.runs[0], gradient.values.mean(0), rtol=1e-6)
    assert (gradient.names, saw.clip_ids, saw.runs) == (samples.node_names, splits[0].test, (RUN,))


def test_every_network_shows_what_its_answer_hangs_on(model_name):
    """Input times gradient is the slope of the logit when the values of one node grow: found by growing them."""
    fitted, samples = fitted_network(model_name)
    saw = look(fitted, samples, RUN, 2)
    shapes = {view.over: view.values.shape for view in saw.views}
    assert all(np.isfinite(view.values).all() for view in saw.views), "an input or a layer shows no number"
    # Of a signal nothing is shown but what a probe sees: it has no place on the face.
    assert set(shapes) & {"nodes", "face"} or not set(fitted.model.streams) & {"graph", "flow", "video"}
    for view in of_kind(saw, "input x gradient"):
        model, edges = copy.deepcopy(fitted.model).double(), torch.from_numpy(fitted.edge_weight).double()
        clips = {name: torch.from_numpy(values).double() for name, values in samples.streams.items()}
        with torch.no_grad():
            chosen = model(clips, edges).argmax(1)
            for node in range(0, len(view.names), 3):
                step, moved = torch.zeros_like(clips["graph"]), []
                step[:, :, node] = 1e-5 * clips["graph"][:, :, node]
                for sign in (1, -1):
                    logits = model(clips | {"graph": clips["graph"] + sign * step}, edges)
                    moved.append(logits.gather(1, chosen[:, None])[:, 0])
                slope = ((moved[0] - moved[1]) / 2e-5).numpy()
                np.testing.assert_allclose(view.values[:, node], slope, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("stack", [1, 3])
def test_nothing_changes_because_somebody_looks(corpus, task, stack):
    samples, targets, _, splits = corpus()
    made = task(samples, targets, "gcn")
    blind, looking = (list(run_folds(replace(made, saw=saw), splits, 1, stack=stack)) for saw in (False, True))
    for one, other in zip(blind, looking, strict=True):
        assert one.saw is None
        assert one.probabilities.tobytes() == other.probabilities.tobytes()
        assert one.seen == other.seen
    fitted = fit_fold(made, splits[0])
    before, state = predict(fitted, samples), copy.deepcopy(fitted.model.state_dict())
    look(fitted, samples.subset(splits[0].test), RUN, 2)
    assert before.tobytes() == predict(fitted, samples).tobytes()
    assert all(torch.equal(value, state[name]) for name, value in fitted.model.state_dict().items())
    assert all(parameter.requires_grad for parameter in fitted.model.parameters())
    assert not any(part._forward_hooks for part in fitted.model.modules())


class Attending(nn.Module):
    """Two heads of graph attention, then the mean; the same layer twice."""

    streams = ("graph",)

    def __init__(self, edge_index, nodes):
        super().__init__()
        self.layer = DenseGat(2, 1, 2)
        self.shared = Probe("adjacency", "edges")
        self.edge_index, self.nodes = torch.from_numpy(edge_index), nodes

    def forward(self, batch, edge_weight):
        self.shared(edge_weight[None])  # one row for all clips
        adjacency = adjacency_matrix(self.edge_index, edge_weight, self.nodes)
        return self.layer(self.layer(batch["graph"][:, 0], adjacency), adjacency).mean(1)


def test_attention_is_that_of_torch_geometric_and_its_rows_sum_to_one():
    shape = sizes("gcn")
    torch.manual_seed(0)
    model, samples = Attending(shape.edge_index, len(shape.node_names)), invented(shape, ("graph",))
    ones = np.ones(shape.edge_index.shape[1], np.float32)
    fitted = Fitted(model, Scaler.fit(samples, ("graph",), "none"), ones, None, torch.device("cpu"))
    saw = look(fitted, samples, RUN, 2)
    first, again = of_kind(saw, "attention", "pairs")
    assert (first.layer, again.layer) == ("layer.attention", "layer.attention#2")
    for view in (first, again):
        np.testing.assert_allclose(view.values.sum(2), 1, rtol=1e-5)
    layer = GATConv(2, 1, 2)
    layer.load_state_dict(
        {
            "lin.weight": model.layer.map.weight,
            "att_src": model.layer.source[None],
            "att_dst": model.layer.target[None],
            "bias": model.layer.bias,
        }
    )
    for row in range(CLIPS):
        x = torch.from_numpy(samples.streams["graph"][row, 0])
        _, (edges, share) = layer(x, torch.from_numpy(shape.edge_index), return_attention_weights=True)
        expected = np.zeros(first.values.shape[1:])
        expected[edges[1], edges[0]] = share.detach().mean(1)
        np.testing.assert_allclose(first.values[row], expected, atol=1e-6)
    (weights,) = of_kind(saw, "adjacency", "edges")
    assert weights.values.shape == (CLIPS, len(ones))
    table = saw.table(first).set_index(["clip_id", "target", "source"]).value
    assert table["fake/s0/3", "node1", "node2"] == first.values[3, 1, 2]


def test_a_clip_shows_the_same_in_any_order_and_company():
    fitted, samples = fitted_network("edge_gat")
    saw = look(fitted, samples, RUN, 2)
    turned = samples.subset(samples.clip_ids[:0:-1])
    other = look(fitted, turned, RUN, 3)
    for view, again in zip(saw.views, other.views, strict=True):
        np.testing.assert_allclose(view.values[:0:-1], again.values, rtol=1e-4, atol=1e-6)


def test_a_clip_without_a_graph_shows_nothing():
    fitted, samples = fitted_network("edge_gat")
    absent = np.array([False, True, True, True, True])
    values = np.where(absent[:, None, None, None], samples.streams["graph"], 0).astype(np.float32)
    saw = look(fitted, replace(samples, streams={"graph": values}, present={"graph": absent}), RUN, 8)
    for view in saw.views:
        assert np.isnan(view.values[0]).all()
        assert np.isfinite(view.values[1:]).all()
        assert np.isfinite(view.runs).all()


def same(first, second):
    assert first.parts()[1] == second.parts()[1]
    for name, values in first.parts()[0].items():
        np.testing.assert_array_equal(values, second.parts()[0][name])


def test_what_was_seen_outlives_a_kill(corpus, task, tmp_path, monkeypatch):
    samples, targets, _, splits = corpus()
    made, cache = replace(task(samples, targets, "gcn"), saw=True), FoldCache(tmp_path)
    first = list(run_folds(made, splits, 1, stack=3, cache=cache))
    monkeypatch.setattr(folds, "train_stack", pytest.fail)
    for one, kept in zip(first, run_folds(made, splits, 1, stack=3, cache=cache), strict=True):
        same(one.saw, kept.saw)
    whole = Saw.merge([result.saw for result in first])
    assert whole.clip_ids == samples.clip_ids
    assert [fold for _, _, fold in whole.runs] == [split.fold for split in splits]


def test_classical_models_show_nothing(corpus, task):
    samples, targets, _, splits = corpus()
    flow = np.random.default_rng(0).normal(size=(len(samples.clip_ids), 3, 24, 24)).astype(np.float32)
    samples = replace(samples, streams={"flow": flow}, present={"flow": np.ones(len(flow), bool)})
    made = replace(task(samples, targets, "svm_linear", lr=1.0), saw=True, classical=True)
    assert train_fold(made, splits[0]).saw is None
